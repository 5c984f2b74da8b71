//! The whole server, on port 0, with a real database file and a provider that writes what a test has it write.

mod access;
mod accounts;
mod bad_input;
mod commands;
mod context;
mod continuations;
mod costs;
mod data_flow;
mod deletions;
mod files;
mod following;
#[path = "forks.rs"]
mod forks;
mod journal;
mod lifecycle;
mod lists;
mod marks;
mod models;
mod program;
mod protocols;
mod queue;
mod ratings;
mod reconnecting;
mod replies;
mod scheduler;
mod slow_line;
mod socket;
mod steering;
mod stop_reasons;
mod subscriptions;
mod temporary;
mod titles;
mod together;
mod trees;
