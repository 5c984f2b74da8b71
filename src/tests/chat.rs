//! What the chat's pages hold, without a browser.

#[path = "chat/branch.rs"]
mod branch;
#[path = "chat/fields.rs"]
mod fields;
#[path = "chat/pending_sends.rs"]
mod pending_sends;
#[path = "chat/prompt_text.rs"]
mod prompt_text;
#[path = "chat/queue_rows.rs"]
mod queue_rows;
