//! A conversation's address and the branch that its page shows, kept in step.

use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::thread::Thread;
use crate::ids::{ConversationId, MessageId};

/// The plain address of a conversation, which opens the newest messages.
pub fn plain(conversation: ConversationId) -> String {
    format!("/c/{conversation}")
}

/// The whole address that opens a conversation at this message, wherever it is.
pub fn link_to(conversation: ConversationId, message: MessageId) -> String {
    format!("{}{}?m={message}", window().location().origin().unwrap_or_default(), plain(conversation))
}

/// Has the address name the branch that is shown where the plain one would open another. From what was opened on: the
/// address that somebody came by stays.
pub fn keep_address(thread: Thread) {
    let shown = Memo::new(move |_| thread.branch.read().in_address());
    Effect::new(move |before: Option<Option<(Option<MessageId>, u32)>>| {
        let (shown, moves) = (shown.get(), thread.moves.get());
        if !thread.is_ready() {
            return None;
        }
        match before.flatten() {
            // The router leaves the address as it is where it finds the same one in its history.
            None => put(thread.id, thread.named),
            Some(before) if before != (shown, moves) => put(thread.id, shown),
            Some(_) => {}
        }
        Some((shown, moves))
    });
}

/// Has the address name this message, or none, while the page is at the conversation.
fn put(conversation: ConversationId, named: Option<MessageId>) {
    let query = named.map(|id| format!("?m={id}")).unwrap_or_default();
    let (plain, location) = (plain(conversation), window().location());
    if location.pathname().ok().as_ref() == Some(&plain) && location.search().ok().as_ref() != Some(&query) {
        let address = plain + &query;
        let _ = window()
            .history()
            .and_then(|history| history.replace_state_with_url(&history.state()?, "", Some(&address)));
    }
}

/// Opens what the plain address does when its link is followed, though another branch is shown by now: the router has
/// not noticed that, so to it this is the page that is shown.
pub fn follow_plain_link(thread: Thread) {
    let url = use_url();
    Effect::new(move |before: Option<()>| {
        let is_plain =
            url.with(|url| url.path() == plain(thread.id) && url.search().is_empty() && url.hash().is_empty());
        if before.is_some() && is_plain && thread.named.is_none() {
            untrack(|| thread.load_plain());
        }
    });
}
