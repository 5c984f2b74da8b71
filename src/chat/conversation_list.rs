//! The conversations that the sidebar has loaded, kept up to date.

use std::collections::HashMap;

use leptos::{prelude::*, task::spawn_local};

use super::api::{self, PageData};
use crate::{
    conversation::{Conversation, ConversationPage},
    ids::{ConversationId, Millis},
    live::{
        List,
        connection::{Connection, Follower, ListUpdate},
    },
};

/// The conversations that are loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct ConversationList {
    rows: RwSignal<HashMap<ConversationId, Conversation>>,
    rev: StoredValue<i64>,
    /// The instant from which on it is loaded; `i64::MIN` if nothing is older. Older rows that the list brings are
    /// kept too, for when one scrolls there.
    from: RwSignal<Millis>,
    /// Whether older ones are under way.
    loading: StoredValue<bool>,
}

impl ConversationList {
    pub fn new(page_data: &PageData) -> ConversationList {
        let rows = &page_data.conversations.rows;
        ConversationList {
            rows: RwSignal::new(rows.iter().map(|row| (row.id, row.clone())).collect()),
            rev: StoredValue::new(page_data.conversations.rev),
            from: RwSignal::new(beginning(&page_data.conversations)),
            loading: StoredValue::new(false),
        }
    }

    /// Newest first.
    pub fn sorted(self) -> Vec<Conversation> {
        let from = self.from.get();
        let shown = |row: &&Conversation| !row.deleted && row.updated_at >= from;
        let mut rows: Vec<_> = self.rows.read().values().filter(shown).cloned().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));
        rows
    }

    /// Takes in rows. Each applies only if it is newer.
    fn take(self, rows: Vec<Conversation>) {
        self.rows.update(|known| {
            for row in rows {
                if known.get(&row.id).is_none_or(|known| known.rev < row.rev) {
                    known.insert(row.id, row);
                }
            }
        });
    }

    pub fn load_more(self) {
        let from = self.from.get_untracked();
        if from == i64::MIN || self.loading.get_value() {
            return;
        }
        self.loading.set_value(true);
        spawn_local(async move {
            let earlier = api::earlier_conversations(from).await;
            if self.from.is_disposed() {
                return;
            }
            self.loading.set_value(false);
            let Ok(earlier) = earlier else { return };
            self.from.set(beginning(&earlier));
            self.take(earlier.rows);
        });
    }

    pub fn go_live(self, connection: Connection) {
        connection.follow_list(
            List::Conversations,
            Follower {
                rev: Box::new(move || self.rev.get_value()),
                take: Box::new(move |rev, update| {
                    if let ListUpdate::Conversations(rows) = update {
                        self.rev.set_value(rev);
                        self.take(rows);
                    }
                }),
            },
        );
    }

    pub fn leave(self, connection: Connection) {
        connection.leave_list(List::Conversations);
    }

    /// A conversation's title as it is now.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.rows.read().get(&id).map(|row| row.title.clone())
    }
}

/// The instant from which on everything is known that a page leads up to.
fn beginning(page: &ConversationPage) -> Millis {
    let oldest = page.rows.iter().map(|row| row.updated_at).min();
    oldest.filter(|_| page.more).unwrap_or(i64::MIN)
}

/// The sidebar's list, for those who show a title. Set once the sidebar is there.
#[derive(Clone, Copy, Default)]
pub struct SidebarList(RwSignal<Option<ConversationList>>);

impl SidebarList {
    pub fn set(self, list: ConversationList) {
        self.0.set(Some(list));
    }

    /// A conversation's title as the sidebar has it.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.0.get()?.title(id)
    }

    pub fn lists(self, id: ConversationId) -> bool {
        self.title(id).is_some()
    }
}
