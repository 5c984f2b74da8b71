//! What is on the disk, written by the rules of `reply/store.rs` and `reply/journal/store.rs`.

use rivulet::{
    ids::MessageId,
    message::{Change, End, Ended, Epoch, Event, Message, Outcome, Role, Status},
};

/// What one commit holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    pub events: Vec<Event>,
    /// The whole message, if this is its end.
    pub last: Option<Message>,
    /// Whether its rows are written. They have fixed numbers, so that a repetition finds them.
    pub written: bool,
    /// Whether the committer has learned it.
    pub committed: bool,
    pub published: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    pub row: Message,
    /// How often the list of messages has changed.
    pub rev: u8,
    journal: Vec<Event>,
}

impl Database {
    /// With the row of a new reply.
    pub fn new() -> Database {
        let id = MessageId::from_uuid(uuid::Uuid::nil());
        let row = Message { epoch: Epoch { counter: 1, nonce: 1 }, ..Message::unseen(id, Role::Assistant) };
        Database { row, rev: 1, journal: vec![] }
    }

    /// One transaction, safe to repeat: what is written already is not written again.
    pub fn commit(&mut self, batch: &mut Batch) {
        let mine = batch.events.iter().all(|event| event.epoch == self.row.epoch);
        if self.row.status.is_final() {
            let again = batch.last.as_ref().is_some_and(|last| last.ended_at == self.row.ended_at);
            assert!(mine && again, "a reply writes to a message that has ended");
        } else if let Some(last) = &batch.last {
            assert!(mine, "a reply ends another epoch's message");
            self.finish(last.clone());
        } else if !std::mem::replace(&mut batch.written, true) {
            self.journal.extend_from_slice(&batch.events);
        }
    }

    /// Opens a new epoch: a compare-and-set, unless that guard is taken away.
    pub fn resume(&mut self, seen: Option<Epoch>, next: Epoch) -> bool {
        if seen.is_some_and(|seen| seen != self.row.epoch || !self.row.can_resume()) {
            return false;
        }
        self.row = self.row.clone().resumed(next);
        self.rev += 1;
        true
    }

    /// Ends a reply that a dead process left open, as a process does when it starts.
    pub fn recover(&mut self) {
        if !self.row.status.is_final() {
            let mut message = self.folded();
            let end = ended(&message, Status::Interrupted);
            assert_eq!(message.apply(end), Outcome::Applied);
            self.finish(message);
        }
    }

    /// The row with the journal folded in, as recovery does: all that a crash leaves.
    pub fn folded(&self) -> Message {
        let mut message = self.row.clone();
        for event in &self.journal {
            if message.apply(event.clone()) == Outcome::Gap {
                break;
            }
        }
        message
    }

    fn finish(&mut self, last: Message) {
        self.row = last;
        self.rev += 1;
        self.journal.clear();
    }
}

/// The event that ends a message where it is.
pub fn ended(message: &Message, status: Status) -> Event {
    let change = Change::Ended(Ended {
        parts: message.parts.len(),
        at: message.parts.last().map_or(0, |part| part.text.len()),
        end: End { status, stop_reason: None, ended_at: i64::from(message.epoch.nonce), error: None, usage: None },
    });
    Event { epoch: message.epoch, change }
}
