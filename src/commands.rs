//! What the program does besides serving and backups, for who runs the server.

pub mod list_people;
