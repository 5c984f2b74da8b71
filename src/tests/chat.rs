//! What the chat's pages hold, without a browser.

#[path = "chat/pending_sends.rs"]
mod pending_sends;
