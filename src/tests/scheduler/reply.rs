//! A reply as its job drives it: what it writes goes to the journal, and its end comes once.

use std::sync::Arc;

use futures::FutureExt;
use rivulet::{
    ids::now,
    live::hub::Running,
    message::{Birth, Change, End, Ended, Event, Kind, Message, Outcome, Status, Text},
    reply::journal::{Item, Journal},
};

pub struct Reply {
    pub running: Arc<Running>,
    /// All that it has written, committed or not.
    pub draft: Message,
    pub deleted: bool,
}

impl Reply {
    pub fn new(running: Arc<Running>) -> Reply {
        Reply { draft: running.message(), running, deleted: false }
    }

    /// Whether there is something that the hub does not show yet, and still can.
    pub fn waits(&self) -> bool {
        !self.running.is_over() && self.running.message().position() != self.draft.position()
    }

    pub fn writes(&mut self, journal: &Journal, kind: Kind, text: &str) {
        if self.running.stopped().now_or_never().is_some() {
            return self.ends(journal);
        }
        if self.draft.status.is_final() {
            return;
        }
        let at = self.at();
        let parts = self.draft.parts.len();
        if self.draft.parts.last().is_none_or(|last| last.kind != kind) {
            self.appends(journal, Change::Part(Birth { part: parts, at, kind, started_at: now() }));
        }
        let part = self.draft.parts.len() - 1;
        self.appends(journal, Change::Text(Text { part, at: self.at(), text: text.into() }));
    }

    /// Ends, as it was stopped or is complete.
    pub fn ends(&mut self, journal: &Journal) {
        if self.draft.status.is_final() {
            return;
        }
        let status = self.running.stopped().now_or_never().unwrap_or(Status::Completed);
        let end = End { status, stop_reason: None, ended_at: now(), error: None, usage: None };
        self.appends(journal, Change::Ended(Ended { parts: self.draft.parts.len(), at: self.at(), end }));
    }

    fn appends(&mut self, journal: &Journal, change: Change) {
        let event = Event { epoch: self.draft.epoch, change };
        assert_eq!(self.draft.apply(event.clone()), Outcome::Applied);
        journal.append(Item { running: self.running.clone(), event, permit: None });
    }

    fn at(&self) -> usize {
        self.draft.parts.last().map_or(0, |part| part.text.len())
    }
}
