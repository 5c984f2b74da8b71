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
//! # The rooms
//! - [`message`] the heart: `Message`, `Position`, `Event`; no I/O
//! - `reply` (server) running a reply: job, journal, hub, recovery
//! - [`live`] the socket's frames; `live::socket` is the server's side; [`live::client`] the other side's rules, which
//!   [`live::connection`] follows in a browser, and tests, faults and bench in theirs
//! - [`conversation`] the pages of the chat, what they can ask for, and their rows
//! - [`account`] people, passwords, sessions
//! - `provider` (server) where replies come from
//! - [`markdown`] text to HTML, block by block as it grows
//! - [`ui`] pieces of page that know nothing of chat
//! - `server` settings, database, state, and one of the two tables of contents, `server::routes`; the other is [`app`]
//! - [`ids`] names of things; [`error`] the one error that crosses to the browser; [`json`] how functions speak;
//!   [`text`] what becomes of text at the door
//!
//! Folders name features and repeat the same few file names; `store.rs` is the only place with SQL, `api.rs` holds the
//! server functions. Whole modules are gated by the features `ssr` (server) and `hydrate` (browser), not lines.

#![recursion_limit = "256"] // leptos' views are types, nested as deeply as the page

pub mod account;
pub mod app;
pub mod conversation;
pub mod error;
pub mod ids;
pub mod json;
pub mod live;
pub mod markdown;
pub mod message;
#[cfg(feature = "ssr")]
pub mod provider;
#[cfg(feature = "ssr")]
pub mod reply;
#[cfg(feature = "ssr")]
pub mod server;
pub mod text;
pub mod ui;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
