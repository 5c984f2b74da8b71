//! The whole server, on port 0, with a real database file and a provider that says what a test lets it say.

mod support;

mod accounts;
mod bad_input;
mod following;
mod journal;
mod lifecycle;
mod lists;
mod models;
mod reconnecting;
mod replies;
mod scheduler;
mod socket;
mod way;
