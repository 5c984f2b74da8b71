//! The conversations that the sidebar has loaded, kept up to date.

use std::collections::HashMap;

use leptos::{prelude::*, task::spawn_local};

use super::api;
use crate::{
    conversation::{Conversation, ConversationPage, Sidebar},
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
    list: Sidebar,
    /// The last row that is loaded; none if there is no other. Older rows that the list brings are kept too, for when one
    /// scrolls there.
    last: RwSignal<Option<(Millis, ConversationId)>>,
    /// Whether older ones are under way.
    loading: StoredValue<bool>,
}

impl ConversationList {
    pub fn new(list: Sidebar, page: &ConversationPage) -> ConversationList {
        ConversationList {
            list,
            rows: RwSignal::new(page.rows.iter().map(|row| (row.id, row.clone())).collect()),
            rev: StoredValue::new(page.rev),
            last: RwSignal::new(last(page)),
            loading: StoredValue::new(false),
        }
    }

    /// Newest first.
    pub fn sorted(self) -> Vec<Conversation> {
        let last = self.last.get();
        let shown = |row: &&Conversation| !row.deleted && last.is_none_or(|last| (row.updated_at, row.id) >= last);
        let mut rows: Vec<_> = self.rows.read().values().filter(shown).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.updated_at, row.id)));
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
        let Some(after) = self.last.get_untracked().filter(|_| !self.loading.get_value()) else { return };
        self.loading.set_value(true);
        spawn_local(async move {
            let earlier = api::conversations(self.list, Some(after)).await;
            if self.last.is_disposed() {
                return;
            }
            self.loading.set_value(false);
            let Ok(earlier) = earlier else { return };
            self.last.set(last(&earlier));
            self.take(earlier.rows);
        });
    }

    pub fn go_live(self, connection: Connection) {
        connection.follow_list(
            List::Conversations(self.list),
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
        connection.leave_list(List::Conversations(self.list));
    }

    /// A conversation's title as it is now.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.rows.read().get(&id).filter(|row| !row.deleted).map(|row| row.title.clone())
    }
}

/// The last row of a page, if there is more after it.
fn last(page: &ConversationPage) -> Option<(Millis, ConversationId)> {
    page.rows.last().filter(|_| page.more).map(|row| (row.updated_at, row.id))
}

/// The sidebar's lists, for those who show a title. Set once the sidebar is there.
#[derive(Clone, Copy, Default)]
pub struct SidebarList(RwSignal<Option<[ConversationList; 2]>>);

impl SidebarList {
    pub fn set(self, lists: [ConversationList; 2]) {
        self.0.set(Some(lists));
    }

    /// A conversation's title as the sidebar has it.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.0.get()?.into_iter().find_map(|list| list.title(id))
    }

    pub fn lists(self, id: ConversationId) -> bool {
        self.title(id).is_some()
    }
}
