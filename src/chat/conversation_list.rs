//! The conversations that the sidebar has loaded, kept up to date.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::{api, list_rows::ListRows};
use crate::{
    conversation::{Conversation, ConversationPage, ListPosition, Sidebar},
    ids::{ConversationId, Millis},
    live::{
        List,
        connection::{Connection, Follower, ListUpdate},
    },
};

/// How long until a list is loaded again that could not be.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// The conversations that are loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct ConversationList {
    list: Sidebar,
    rows: RwSignal<ListRows<Conversation>>,
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
            rows: RwSignal::new(loaded(page)),
            last: RwSignal::new(last(page)),
            loading: StoredValue::new(false),
        }
    }

    /// Newest first.
    pub fn sorted(self) -> Vec<Conversation> {
        let last = self.last.get();
        let shown = |row: &&Conversation| last.is_none_or(|last| (row.updated_at, row.id) >= last);
        let mut rows: Vec<_> = self.rows.read().rows().filter(shown).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.updated_at, row.id)));
        rows
    }

    /// All that is here, shown or not.
    pub fn all(self) -> Vec<Conversation> {
        self.rows.read().rows().cloned().collect()
    }

    /// Takes in rows that were read aside of the list.
    pub fn take_aside(self, read: ListPosition, rows: Vec<Conversation>) {
        self.rows.update(|all| drop(all.take_aside(read, rows)));
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
            let last = last(&earlier);
            let taken = self.rows.try_update(|rows| rows.take_aside(earlier.position, earlier.rows));
            // Where the list counts in another past by now, it is asked for again as one scrolls.
            if taken.flatten().is_some() {
                self.last.set(last);
            }
        });
    }

    pub fn go_live(self, connection: Connection) {
        connection.follow_list(
            List::Conversations(self.list),
            Follower {
                held: Box::new(move || self.rows.with_untracked(ListRows::held)),
                take: Box::new(move |update| match update {
                    ListUpdate::Conversations(_, changes) => self.rows.update(|rows| drop(rows.take(changes))),
                    ListUpdate::Reset(_) => self.load_anew(connection),
                    ListUpdate::Gone(_) => self.rows.set(ListRows::default()),
                    ListUpdate::Messages(..) | ListUpdate::Marks(_) => {}
                }),
            },
        );
    }

    /// What is here leads nowhere: it is replaced by what there is now.
    pub fn load_anew(self, connection: Connection) {
        spawn_local(async move {
            let page = loop {
                match api::conversations(self.list, None).await {
                    Ok(page) => break page,
                    Err(failure) if self.rows.is_disposed() || !failure.may_pass() => return,
                    Err(_) => sleep(RETRY_INTERVAL).await,
                }
            };
            if self.rows.is_disposed() {
                return;
            }
            self.last.set(last(&page));
            self.rows.set(loaded(&page));
            self.go_live(connection);
        });
    }

    pub fn leave(self, connection: Connection) {
        connection.leave_list(List::Conversations(self.list));
    }

    /// A conversation as it is now.
    pub fn row(self, id: ConversationId) -> Option<Conversation> {
        self.rows.read().get(id).cloned()
    }
}

/// The rows that a list opens with: those of its first page, and all that are pinned.
fn loaded(page: &ConversationPage) -> ListRows<Conversation> {
    ListRows::loaded(page.position, page.rows.iter().chain(&page.pinned).cloned())
}

/// The last row of a page, if there is more after it.
fn last(page: &ConversationPage) -> Option<(Millis, ConversationId)> {
    page.rows.last().filter(|_| page.more).map(|row| (row.updated_at, row.id))
}
