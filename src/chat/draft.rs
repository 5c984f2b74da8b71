//! What is being written, by conversation, and where.

use crate::{
    ids::ConversationId,
    ui::{browser, drafts},
};

/// The key of the draft for a new conversation.
pub const NEW: &str = "draft:new";

/// The keys of its options: those that are set, and what stands in their form.
pub const NEW_OPTIONS: &str = "chosen:new";
pub const NEW_OPTIONS_FORM: &str = "options:new";

/// Gives the cursor to the field; where that would bring up a keyboard over the words, to the conversation.
pub fn focus_composer() {
    browser::focus(if browser::is_touched() { "#main" } else { ".composer textarea" });
}

/// The key of the draft for this conversation.
pub fn draft_of(conversation: ConversationId) -> String {
    format!("draft:{conversation}")
}

/// The key of this conversation's options while they are typed.
pub fn options_draft_of(conversation: ConversationId) -> String {
    format!("options:{conversation}")
}

/// Forgets what was typed for a conversation that there is no more.
pub fn forget_draft(conversation: ConversationId) {
    drafts::keep(&options_draft_of(conversation), "");
    drafts::keep(&draft_of(conversation), "");
}
