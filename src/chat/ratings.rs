//! What the reader thinks of the replies of a conversation: what the server has, and before that what was just pressed.

pub mod api;

use std::{collections::BTreeMap, time::Duration};

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::{list_rows::ListRows, sidebar_lists::SidebarContext};
use crate::{
    conversation::{
        Conversation, ListPosition,
        list::Held,
        ratings::{Rated, RatedRows, Rating},
    },
    error::Failure,
    ids::{ConversationId, MessageId},
};

/// How long until ratings are loaded again that could not be.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Ratings {
    conversation: ConversationId,
    rows: RwSignal<ListRows<Rated>>,
    /// What was pressed last for a reply, until the server has it. While there is something, a call is under way.
    pressed: RwSignal<BTreeMap<MessageId, (Option<Rating>, String)>>,
}

impl Ratings {
    pub fn new(conversation: ConversationId) -> Ratings {
        let (rows, pressed) = (RwSignal::new(ListRows::default()), RwSignal::new(BTreeMap::new()));
        Ratings { conversation, rows, pressed }
    }

    /// The rating of a reply, and the word with it, as the page shows it.
    pub fn of(self, id: MessageId) -> Option<(Rating, String)> {
        if let Some((rating, word)) = self.pressed.read().get(&id) {
            return rating.map(|rating| (rating, word.clone()));
        }
        let rows = self.rows.read();
        let row = rows.get(id)?;
        row.rating.map(|rating| (rating, row.word.clone()))
    }

    /// Shows a rating at once, and has the server keep it; if that fails, what was before is shown again. One call at a time
    /// for a reply, so that what was pressed last is what stays.
    pub async fn rate(self, id: MessageId, rating: Option<Rating>, word: String) -> Result<(), Failure> {
        let mut wanted = (rating, word);
        let mut under_way = None;
        self.pressed.update(|pressed| under_way = pressed.insert(id, wanted.clone()));
        if under_way.is_some() {
            return Ok(());
        }
        loop {
            let rated = api::rate(id, wanted.0, wanted.1.clone()).await;
            if self.rows.is_disposed() {
                return rated.map(drop);
            }
            let kept = rated.map(|rated| self.take_set(rated));
            let newer = self.pressed.with_untracked(|pressed| pressed.get(&id).cloned());
            match newer.filter(|newer| *newer != wanted) {
                Some(newer) => wanted = newer,
                None => {
                    self.pressed.update(|pressed| drop(pressed.remove(&id)));
                    return kept;
                }
            }
        }
    }

    /// Takes in what was just set.
    fn take_set(self, RatedRows { position, rows }: RatedRows) {
        let mut taken = None;
        self.rows.update(|all| taken = all.take_aside(position, rows));
        // It counts in another past than what is here, or is in that already.
        if taken.is_none() {
            self.load();
        }
    }

    /// Takes in all that the server has. Of another past of the database, it replaces what is here.
    pub fn take(self, RatedRows { position, rows }: RatedRows) {
        self.rows.update(|all| match all.position() {
            Some(before) if before.lineage == position.lineage => drop(all.take_aside(position, rows)),
            _ => *all = ListRows::loaded(position, rows),
        });
    }

    /// Reads the ratings again whenever the reader's mark of the conversation tells of newer ones. `row`: the conversation as
    /// the sidebar has it, or else as it was loaded.
    pub fn keep_reading(self, row: Memo<Option<Conversation>>) {
        let sidebar = use_context::<SidebarContext>();
        let newest = Memo::new(move |_| {
            let lists = sidebar.and_then(SidebarContext::get)?;
            let rated = row.read().as_ref().and_then(|row| lists.mark(row))?.rated;
            lists.marked_up_to().map(|position| ListPosition { rev: rated, ..position })
        });
        Effect::new(move |_| {
            let Some(newest) = newest.get() else { return };
            let is_here = self.rows.with_untracked(|rows| {
                let has_all = |held: Held| held.position.lineage == newest.lineage && newest.rev <= held.seen;
                newest.rev == 0 && rows.rows().next().is_none() || rows.held().is_some_and(has_all)
            });
            if !is_here {
                self.load();
            }
        });
    }

    fn load(self) {
        spawn_local(async move {
            loop {
                let read = api::ratings(self.conversation).await;
                if self.rows.is_disposed() {
                    return;
                }
                match read {
                    Ok(read) => return self.take(read),
                    Err(failure) if failure.may_pass() => sleep(RETRY_INTERVAL).await,
                    Err(_) => return,
                }
            }
        });
    }
}
