//! What waits in a conversation to be sent, as this page has it.

pub mod rows;

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::api;
use crate::{
    conversation::{
        ListPosition,
        queue::{QueuePage, Queued},
    },
    ids::{ConversationId, MessageId},
    ui::drafts,
};
use rows::QueueRows;

/// How long until the queue is asked for again that could not be loaded.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// The key of what is typed in place of a row begins like this. As for messages, since a row becomes one under its id.
const DRAFTS: &str = "edit:";

/// Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Queue {
    conversation: ConversationId,
    rows: RwSignal<QueueRows>,
    /// The row that is being edited.
    editing: RwSignal<Option<MessageId>>,
    /// Why what was done with a row last did not work.
    pub failure: RwSignal<Option<String>>,
    /// Words that were typed in place of a row that there is no more, for the composer.
    pub returned: RwSignal<Option<String>>,
}

impl Queue {
    pub fn new(conversation: ConversationId) -> Queue {
        let (rows, editing) = (RwSignal::new(QueueRows::default()), RwSignal::new(None));
        Queue { conversation, rows, editing, failure: RwSignal::new(None), returned: RwSignal::new(None) }
    }

    /// Takes in what the page was rendered with.
    pub fn open(self, page: QueuePage) {
        self.rows.update(|rows| rows.open(page));
    }

    /// Loads the queue if the conversation's list has moved on to here since. Called in effects.
    pub fn list_is_at(self, list: ListPosition) {
        self.rows.update(|rows| rows.list_is_at(list));
        self.load();
    }

    fn load(self) {
        if !self.asks() {
            return;
        }
        spawn_local(async move {
            loop {
                match api::queue(self.conversation).await {
                    Ok(page) => drop(self.rows.try_update(|rows| rows.answer(page))),
                    Err(failure) => {
                        let _ = self.rows.try_maybe_update(|rows| (false, rows.fail()));
                        if !failure.may_pass() {
                            return;
                        }
                        sleep(RETRY_INTERVAL).await;
                    }
                }
                // The list may have moved on meanwhile.
                if !self.asks() {
                    return;
                }
            }
        });
    }

    fn asks(self) -> bool {
        self.rows.try_maybe_update(|rows| (false, rows.asks())) == Some(true)
    }

    /// Takes in a row that an answer brought.
    pub fn take(self, row: Queued) {
        let _ = self.rows.try_update(|rows| rows.take(row));
    }

    /// Whether it has come at all.
    pub fn is_loaded(self) -> bool {
        self.rows.read().is_loaded()
    }

    /// In the order in which they are sent.
    pub fn rows(self) -> Vec<Queued> {
        self.rows.read().rows().to_vec()
    }

    pub fn has(self, id: MessageId) -> bool {
        self.rows.read().get(id).is_some()
    }

    pub fn get(self, id: MessageId) -> Option<Queued> {
        self.rows.read().get(id).cloned()
    }

    pub fn is_editing(self, id: MessageId) -> bool {
        self.editing.get() == Some(id)
    }

    pub fn edit(self, id: MessageId) {
        self.editing.set(Some(id));
    }

    /// What was typed in place of a row, as long as that is open.
    pub fn draft(self, id: MessageId) -> Option<String> {
        drafts::read(&format!("{DRAFTS}{id}"))
    }

    pub fn keep_draft(self, id: MessageId, text: &str) {
        drafts::keep(&format!("{DRAFTS}{id}"), text);
    }

    /// Ends editing, and forgets what was typed.
    pub fn leave_edit(self, id: MessageId) {
        self.keep_draft(id, "");
        self.editing.try_set(None);
    }

    /// Opens the row that was being edited when the page was left. Called in effects.
    pub fn bring_back_edit(self) {
        let left_open = || {
            drafts::keys(DRAFTS)
                .iter()
                .filter_map(|key| key.strip_prefix(DRAFTS)?.parse().ok())
                .find(|id| self.has(*id))
        };
        if self.editing.get_untracked().is_none()
            && let Some(id) = untrack(left_open)
        {
            self.editing.set(Some(id));
        }
    }

    /// The row that is being edited and is not there any more: it is a message by now, or was removed.
    pub fn lost_edit(self) -> Option<MessageId> {
        let is_loaded = self.is_loaded();
        self.editing.get().filter(|id| is_loaded && !self.has(*id))
    }

    /// Closes the field in place of a row, and keeps what was typed.
    pub fn close_edit(self) {
        self.editing.set(None);
    }
}

/// The words of a row.
pub fn text(row: &Queued) -> String {
    row.parts.iter().map(|part| part.text.as_str()).collect()
}
