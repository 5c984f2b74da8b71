//! The whole server, on port 0, with a real database file and a provider that says what a test lets it say.

mod accounts;
mod journal;
mod lists;
mod replies;
mod support;
mod way;
