//! What the program does besides serving and backups, for who runs the server.

pub mod list_people;
pub mod new_password;
pub mod reset_password;
