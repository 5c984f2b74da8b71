//! What an attacker does to a running server, and what comes of it. One file an attack, named by what is done.

mod program;

#[path = "attacks/changed_password.rs"]
mod changed_password;
#[path = "attacks/common_passwords.rs"]
mod common_passwords;
#[path = "attacks/costly_replies.rs"]
mod costly_replies;
#[path = "attacks/deleted_words.rs"]
mod deleted_words;
#[path = "attacks/first_visitor.rs"]
mod first_visitor;
#[path = "attacks/foreign_hosts.rs"]
mod foreign_hosts;
#[path = "attacks/foreign_referers.rs"]
mod foreign_referers;
#[path = "attacks/forged_addresses.rs"]
mod forged_addresses;
#[path = "attacks/forged_log_lines.rs"]
mod forged_log_lines;
#[path = "attacks/greedy_pages.rs"]
mod greedy_pages;
#[path = "attacks/guesses.rs"]
mod guesses;
#[path = "attacks/half_bodies.rs"]
mod half_bodies;
#[path = "attacks/hashing_queue.rs"]
mod hashing_queue;
#[path = "attacks/hostile_provider.rs"]
mod hostile_provider;
#[path = "attacks/hostile_titles.rs"]
mod hostile_titles;
#[path = "attacks/long_conversation.rs"]
mod long_conversation;
#[path = "attacks/many_replies.rs"]
mod many_replies;
#[path = "attacks/missing_headers.rs"]
mod missing_headers;
#[path = "attacks/missing_session.rs"]
mod missing_session;
#[path = "attacks/others_on_the_machine.rs"]
mod others_on_the_machine;
#[path = "attacks/planted_cookies.rs"]
mod planted_cookies;
#[path = "attacks/silent_connections.rs"]
mod silent_connections;
#[path = "attacks/stolen_session.rs"]
mod stolen_session;
#[path = "attacks/unseen_guesses.rs"]
mod unseen_guesses;
#[path = "attacks/visitor.rs"]
mod visitor;
