//! The rows of a conversation's queue as a page has them, and when it asks for them anew. Pure.
//!
//! Every change of a row counts in the conversation's list, so the page asks whenever that has moved on. What it is
//! answered is shown once its list is as far: else a message that was sent would be gone from the queue before it stands in
//! the conversation.

use crate::{
    conversation::{
        ListPosition,
        queue::{QueuePage, Queued},
    },
    ids::MessageId,
};

#[derive(Clone, Debug, Default)]
pub struct QueueRows {
    rows: Vec<Queued>,
    /// Up to which change the rows are; none: nothing has come yet.
    position: Option<ListPosition>,
    /// An answer for which the list is not as far yet.
    ahead: Option<QueuePage>,
    /// Where the list is.
    list: Option<ListPosition>,
    /// Where the list was when the page asked last.
    asked_at: Option<ListPosition>,
    is_asking: bool,
}

impl QueueRows {
    /// What the page opens with.
    pub fn open(&mut self, page: QueuePage) {
        self.show(page);
    }

    /// Where the list is now.
    pub fn list_is_at(&mut self, list: ListPosition) {
        self.list = Some(list);
        if let Some(page) = self.ahead.take() {
            self.take_page(page);
        }
    }

    /// Whether the page has to ask now. It is taken to do so then: it asks once at a time, and once for each position.
    pub fn asks(&mut self) -> bool {
        let newest = self.ahead.as_ref().map(|page| page.position).or(self.position);
        let is_behind = |list: ListPosition| !newest.is_some_and(|newest| reaches(newest, list));
        let asks = !self.is_asking && self.asked_at != self.list && self.list.is_some_and(is_behind);
        if asks {
            self.is_asking = true;
            self.asked_at = self.list;
        }
        asks
    }

    /// What it was answered.
    pub fn answer(&mut self, page: QueuePage) {
        self.is_asking = false;
        self.take_page(page);
    }

    /// It was not answered, and asks again.
    pub fn fail(&mut self) {
        self.is_asking = false;
        self.asked_at = None;
    }

    /// Takes in a row that an answer brought before the queue is loaded with it.
    pub fn take(&mut self, row: Queued) {
        match self.rows.iter_mut().find(|here| here.id == row.id) {
            Some(here) if here.rev < row.rev => *here = row,
            Some(_) => {}
            None if self.position.is_none_or(|position| position.rev < row.rev) => self.rows.push(row),
            None => {}
        }
    }

    /// Whether it has come at all.
    pub fn is_loaded(&self) -> bool {
        self.position.is_some()
    }

    /// In the order in which they are sent.
    pub fn rows(&self) -> &[Queued] {
        &self.rows
    }

    pub fn get(&self, id: MessageId) -> Option<&Queued> {
        self.rows.iter().find(|row| row.id == id)
    }

    fn take_page(&mut self, page: QueuePage) {
        match self.list {
            Some(list) if !reaches(list, page.position) => self.ahead = Some(page),
            _ => self.show(page),
        }
    }

    fn show(&mut self, page: QueuePage) {
        let is_same_past = self.position.is_some_and(|position| position.lineage == page.position.lineage);
        let before = std::mem::replace(&mut self.rows, page.rows);
        self.position = Some(page.position);
        // What an answer has brought since it was read.
        for row in before.into_iter().filter(|row| is_same_past && row.rev > page.position.rev) {
            match self.rows.iter_mut().find(|here| here.id == row.id) {
                Some(here) => *here = row,
                None => self.rows.push(row),
            }
        }
    }
}

/// Whether whoever is here has all up to there.
fn reaches(here: ListPosition, there: ListPosition) -> bool {
    here.lineage == there.lineage && here.rev >= there.rev
}
