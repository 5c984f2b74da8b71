//! Rivulet: a self-hosted AI chat whose replies stream into every open tab and survive whatever happens to the page,
//! the network or the server.
//!
//! # The promise
//! A word that anyone has seen is never lost, never doubled and never out of place.
//!
//! # The way that data takes
//! ```text
//! provider → reply → journal → hub → socket ⇒ connection → Message::apply → signal → DOM
//!  (bytes)   (events) (durable) (memory)   (WebSocket)      (browser)
//! ```
//! One direction, and from the reply on one kind of thing: a [`message::Event`]. Whoever has a
//! [`message::Message`] is brought on by [`message::Message::since`] at one end and [`message::Message::apply`] at
//! the other; joining, resuming, catching up and recovery are all that.
//!
//! # The layers
//! A module uses those on the lines below it, never one above or beside it; `docs/ARCHITECTURE.md` has walks through them.
//! - `server` the HTTP surface: routes, the socket, forms, connections; `commands` (server) what the program does besides
//! - [`app`] the HTML shell and the table of pages
//! - [`chat`], [`people`] pages, their state, and the server functions that they call
//! - `state` what one running server has
//! - `reply` (server) running a reply: job, journal, recovery
//! - [`live`] the socket's frames; `live::hub` (server) what runs and whom to wake; [`live::client`] a page's rules, which
//!   [`live::connection`] follows in a browser, and tests, faults and bench in theirs
//! - `provider` (server) where replies come from
//! - [`conversation`], [`account`] types, rules and rows
//! - [`steering`] how replies are asked for: options, presets, prompts, a person's settings
//! - [`access`] who may see and do what
//! - `database`, `config`, `security` (server)
//! - [`markdown`] text to HTML, block by block as it grows; [`ui`] pieces of page that use nothing of chat
//! - [`message`] the heart: `Message`, `Position`, `Event`; no I/O
//! - [`error`] the one error that crosses to the browser
//! - [`ids`] names of things; [`json`] how functions are encoded; [`protocol`] the number in the addresses; [`text`] what
//!   becomes of text that comes in; [`language`] every string of the interface; `private_files` (server) files for one
//!   user alone
//!
//! Folders name features and repeat the same few file names; `store.rs` is the only place with SQL, `api.rs` holds the
//! server functions. Whole modules are gated by the features `ssr` (server) and `hydrate` (browser), not lines.

#![recursion_limit = "256"] // leptos' views are types, nested as deeply as the page

pub mod access;
pub mod account;
pub mod app;
pub mod chat;
#[cfg(feature = "ssr")]
pub mod commands;
#[cfg(feature = "ssr")]
pub mod config;
pub mod conversation;
#[cfg(feature = "ssr")]
pub mod database;
pub mod error;
pub mod ids;
pub mod json;
pub mod language;
pub mod live;
pub mod markdown;
pub mod message;
pub mod people;
#[cfg(feature = "ssr")]
pub mod private_files;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod provider;
#[cfg(feature = "ssr")]
pub mod reply;
#[cfg(feature = "ssr")]
pub mod security;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod state;
pub mod steering;
pub mod text;
pub mod ui;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    markdown::trust();
    leptos::mount::hydrate_body(app::App);
}
