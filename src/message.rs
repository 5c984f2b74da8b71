//! The heart: one type, and the one function by which it moves.
//!
//! A [`Message`] only ever grows. Two places that hold it (the server's memory and a browser, a journal and a row, two
//! tabs) are brought together by asking the one that has more for [`Message::since`] the other's [`Position`], and
//! giving the other those [`Event`]s to [`Message::apply`]. Joining, resuming, live delivery, catching up and recovery
//! are all this. Pure: no clock, no I/O, compiled into both halves.
//!
//! Within an epoch a message is a line of states, each a prefix of the next: parts are born one after another, only the
//! last one grows, and the end comes once. That is why three numbers (part, byte, ended) tell an earlier state from a
//! state that never was, and why an event that carries its place can tell loss from repetition.

mod newer;
mod part;
mod prefix;
mod price;
mod status;
mod wire;

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::ids::{MessageId, Millis};
pub use newer::NewerEpoch;
pub use part::{End, Epoch, Kind, Part, Usage};
pub use price::Price;
pub use status::{Role, Status, StopReason, UnknownName};
pub use wire::cut;

/// A message, as the row, the server's memory, the page, the journal, the socket and the browser's signal all have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub role: Role,
    /// The key of the model that writes it; none for a person's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub epoch: Epoch,
    /// How much the epoch before had when Continue opened this one, which begins with all of that; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<Position>,
    pub status: Status,
    /// Why the provider ended it, if not because all was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    pub parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// How much of a message somebody has. `[epoch, parts, at, ended]` on the wire.
///
/// Only the last part grows, so its length tells where one is: whoever has it has all the parts before it, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct Position {
    pub epoch: Epoch,
    /// How many parts; 0 before the first.
    pub parts: usize,
    /// The length of the last part's text, in bytes; 0 without one.
    pub at: usize,
    /// Whether the end has come, too.
    pub ended: bool,
}

/// What a part counts towards limits beside its text, in bytes.
pub const PART_SIZE: usize = 256;

/// A step of a message, under the epoch in which it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Event {
    pub epoch: Epoch,
    pub change: Change,
}

/// What an [`Event`] does. Each has the place where it belongs, so that the same one twice, or one too early, is known as such.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Change {
    /// The message, or its beginning; the rest then follows as from that state. A `reset` replaces whatever the reader
    /// has, because that was never a state of this message.
    #[serde(rename = "snapshot")]
    Snapshot { message: Box<Message>, reset: bool },
    /// Continue: this epoch begins with all that there is at `from`, which is where the one before ended. Whoever has some
    /// of that one has some of this.
    #[serde(rename = "opened")]
    Opened { from: Position },
    #[serde(rename = "part")]
    Part(Birth),
    #[serde(rename = "t")]
    Text(Text),
    #[serde(rename = "end")]
    Ended(Ended),
}

/// Part number `part` is born; the one before it is complete at `at` bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Birth {
    pub part: usize,
    pub at: usize,
    pub kind: Kind,
    pub started_at: Millis,
}

/// Part number `part` grows by `text`, from byte `at` on. `[part, at, text]` on the wire: this is the frequent one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct Text {
    pub part: usize,
    pub at: usize,
    pub text: String,
}

/// The message ends with `parts` parts, the last of which has `at` bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ended {
    pub parts: usize,
    pub at: usize,
    pub end: End,
}

/// What became of an event that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The message grew.
    Applied,
    /// All of it was here already, or it is of a time that is over.
    Stale,
    /// Something before it is missing: ask again with one's own position.
    Gap,
}

/// What a position is to a message.
enum Standing {
    Earlier,
    /// In the epoch that Continue found, with some of what this one began with.
    Resumed {
        from: Position,
    },
    OlderEpoch,
    Foreign,
}

impl Message {
    /// A message of which only the list's row is here so far: what any subscription to it leads on from.
    pub fn unseen(id: MessageId, role: Role) -> Message {
        Message {
            id,
            role,
            model: None,
            epoch: Epoch { counter: 0, nonce: 0 },
            resumed_from: None,
            status: Status::Pending,
            stop_reason: None,
            parts: vec![],
            ended_at: None,
            error: None,
            usage: None,
        }
    }

    /// This message in the next epoch, which Continue opens: with all that it has, but its end.
    pub fn resumed(self, epoch: Epoch) -> Message {
        let (resumed_from, status) = (Some(self.position()), Status::growing(&self.parts));
        Message { epoch, resumed_from, status, stop_reason: None, ended_at: None, error: None, usage: None, ..self }
    }

    /// Whether Continue makes sense: it ended, but not because all was said.
    pub fn can_resume(&self) -> bool {
        match self.status {
            Status::Stopped | Status::Failed | Status::Interrupted => true,
            Status::Completed => self.stop_reason == Some(StopReason::Length),
            Status::Pending | Status::Streaming => false,
        }
    }

    /// Whether who is at `position` has, or may have, more than this: then this is a copy that lags, which sends nothing
    /// and reads again. Only where the message is written can it be said that such a state never was.
    pub fn is_behind(&self, position: &Position) -> bool {
        let Position { epoch, parts, at, ended } = self.position();
        position.epoch.counter > epoch.counter
            || position.epoch == epoch && (position.parts, position.at, position.ended) > (parts, at, ended)
    }

    /// Whether nothing of it has come from a server yet.
    pub fn is_unseen(&self) -> bool {
        self.epoch.counter == 0
    }

    /// How much of the message this is.
    pub fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            parts: self.parts.len(),
            at: self.parts.last().map_or(0, |part| part.text.len()),
            ended: self.status.is_final(),
        }
    }

    /// The events that lead from `position` to this message: what is missing, or a snapshot where that cannot be said.
    /// None at all when nothing is missing. Costs what is missing, not what is there.
    pub fn since(&self, position: &Position) -> Vec<Event> {
        let mut events = Vec::new();
        let mut at = *position;
        while let Some(event) = self.next(Some(&at), usize::MAX) {
            at.advance(&event);
            events.push(event);
        }
        events
    }

    /// The first event that leads on from `position` (`None`: from nothing), with text that takes at most `limit` bytes
    /// as JSON, but always at least one character; of a snapshot, all of it counts. `None` when `position` has it all. A reader that is to be sent little at a time takes one of these, [`Position::advance`]s,
    /// and comes back.
    pub fn next(&self, position: Option<&Position>, limit: usize) -> Option<Event> {
        let Some(position) = position else {
            return Some(self.snapshot(limit, false));
        };
        match self.standing(position) {
            Standing::Earlier => {}
            Standing::Resumed { from } => return Some(Event { epoch: self.epoch, change: Change::Opened { from } }),
            Standing::OlderEpoch => return Some(self.snapshot(limit, false)),
            Standing::Foreign => return Some(self.snapshot(limit, true)),
        }
        let Position { parts: count, at, .. } = *position;
        let rest = (count.checked_sub(1).and_then(|last| self.parts.get(last)))
            .and_then(|part| part.text.get(at..))
            .unwrap_or("");
        let change = if !rest.is_empty() {
            Change::Text(Text { part: count - 1, at, text: rest[..wire::cut_encoded(rest, limit)].to_owned() })
        } else if let Some(part) = self.parts.get(count) {
            Change::Part(Birth { part: count, at, kind: part.kind.clone(), started_at: part.started_at })
        } else if self.status.is_final() && !position.ended {
            Change::Ended(Ended { parts: count, at, end: self.end() })
        } else {
            return None;
        };
        Some(Event { epoch: self.epoch, change })
    }

    /// What it counts towards limits, in bytes: all its text, and [`PART_SIZE`] for each part.
    pub fn size(&self) -> usize {
        self.parts.iter().map(|part| PART_SIZE + part.text.len()).sum()
    }

    /// Takes an event in. Costs the event's own size (a snapshot: the message's).
    pub fn apply(&mut self, event: Event) -> Outcome {
        let Event { epoch, change } = event;
        if let Change::Snapshot { message, reset } = change {
            return self.apply_snapshot(*message, reset);
        }
        if let Change::Opened { from } = change {
            return self.apply_opened(epoch, from);
        }
        if epoch != self.epoch {
            return if epoch.counter < self.epoch.counter { Outcome::Stale } else { Outcome::Gap };
        }
        if self.status.is_final() {
            return Outcome::Stale;
        }
        let Position { parts: count, at, .. } = self.position();
        match change {
            Change::Part(birth) if birth.part < count => Outcome::Stale,
            Change::Part(birth) if (birth.part, birth.at) == (count, at) => {
                self.parts.push(Part { kind: birth.kind, started_at: birth.started_at, text: String::new() });
                self.status = Status::Streaming;
                Outcome::Applied
            }
            Change::Text(text) if count > 0 && text.part < count - 1 => Outcome::Stale,
            Change::Text(text) if count > 0 && text.part == count - 1 && text.at <= at => {
                let Some(part) = self.parts.last_mut() else {
                    return Outcome::Gap;
                };
                if text.at + text.text.len() <= at {
                    return Outcome::Stale;
                }
                let Some(rest) = text.text.get(at - text.at..) else {
                    return Outcome::Gap;
                };
                part.text.push_str(rest);
                self.status = Status::Streaming;
                Outcome::Applied
            }
            Change::Ended(ended) if (ended.parts, ended.at) == (count, at) && ended.end.status.is_final() => {
                self.status = ended.end.status;
                self.stop_reason = ended.end.stop_reason;
                self.ended_at = Some(ended.end.ended_at);
                self.error = ended.end.error;
                self.usage = ended.end.usage;
                Outcome::Applied
            }
            _ => Outcome::Gap,
        }
    }

    fn apply_opened(&mut self, epoch: Epoch, from: Position) -> Outcome {
        if epoch == self.epoch || epoch.counter < self.epoch.counter {
            return Outcome::Stale;
        }
        if epoch.counter == self.epoch.counter || !from.covers(self.position()) {
            return Outcome::Gap;
        }
        (self.epoch, self.resumed_from) = (epoch, Some(from));
        self.status = Status::growing(&self.parts);
        (self.stop_reason, self.ended_at, self.error, self.usage) = (None, None, None, None);
        Outcome::Applied
    }

    fn apply_snapshot(&mut self, message: Message, reset: bool) -> Outcome {
        let newer = message.epoch.counter > self.epoch.counter;
        if !reset && !newer {
            if message.epoch.counter < self.epoch.counter {
                return Outcome::Stale;
            }
            let mine = self.position();
            if let Standing::Foreign = message.standing(&mine) {
                // Either it is behind, or neither is an earlier state of the other.
                return match self.standing(&message.position()) {
                    Standing::Earlier => Outcome::Stale,
                    _ => Outcome::Gap,
                };
            }
            if mine == message.position() {
                return Outcome::Stale;
            }
        }
        *self = message;
        Outcome::Applied
    }

    /// Whether `position` is an earlier state of this message (or this very one). Never panics, whatever it contains.
    fn standing(&self, position: &Position) -> Standing {
        let Position { epoch, parts, at, ended } = *position;
        let is_here = match parts.checked_sub(1) {
            None => at == 0,
            Some(last) => self.parts.get(last).is_some_and(|part| part.text.is_char_boundary(at)),
        };
        if epoch.counter < self.epoch.counter {
            return match self.resumed_from {
                Some(from) if is_here && from.covers(*position) => Standing::Resumed { from },
                _ => Standing::OlderEpoch,
            };
        }
        let earlier = epoch == self.epoch && is_here && (!ended || *position == self.position());
        if earlier { Standing::Earlier } else { Standing::Foreign }
    }

    fn snapshot(&self, limit: usize, reset: bool) -> Event {
        let message = Box::new(wire::prefix(self, limit));
        Event { epoch: self.epoch, change: Change::Snapshot { message, reset } }
    }

    fn end(&self) -> End {
        End {
            status: self.status,
            stop_reason: self.stop_reason,
            ended_at: self.ended_at.unwrap_or(0),
            error: self.error.clone(),
            usage: self.usage,
        }
    }

    /// The length of [`Message::text`], in bytes.
    pub fn text_length(&self) -> usize {
        (self.parts.iter()).filter(|part| part.kind == Kind::Text).map(|part| part.text.len()).sum()
    }

    /// All text of the reply proper, without thinking and tools: what Copy copies and a provider is sent.
    pub fn text(&self) -> String {
        (self.parts.iter()).filter(|part| part.kind == Kind::Text).map(|part| part.text.as_str()).collect()
    }
}

impl Position {
    /// The event by which a part begins here. A writer makes its events with these three, each of which moves on.
    pub fn begin_part(&mut self, kind: Kind, started_at: Millis) -> Event {
        let birth = Birth { part: self.parts, at: self.at, kind, started_at };
        (self.parts, self.at) = (self.parts + 1, 0);
        Event { epoch: self.epoch, change: Change::Part(birth) }
    }

    /// The event by which the last part grows. There has to be one.
    pub fn grow(&mut self, text: String) -> Event {
        let grows = Text { part: self.parts.saturating_sub(1), at: self.at, text };
        self.at += grows.text.len();
        Event { epoch: self.epoch, change: Change::Text(grows) }
    }

    /// The event by which the message ends here.
    pub fn end(&mut self, end: End) -> Event {
        self.ended = true;
        Event { epoch: self.epoch, change: Change::Ended(Ended { parts: self.parts, at: self.at, end }) }
    }

    /// Whether who is here has all that somebody at `other`, of the same epoch, has.
    pub fn covers(&self, other: Position) -> bool {
        self.epoch == other.epoch && (self.parts, self.at, self.ended) >= (other.parts, other.at, other.ended)
    }

    /// Moves on by an event that was sent: what a reader of it will have.
    pub fn advance(&mut self, event: &Event) {
        match &event.change {
            Change::Snapshot { message, .. } => *self = message.position(),
            Change::Opened { .. } => (self.epoch, self.ended) = (event.epoch, false),
            Change::Part(birth) => (self.parts, self.at) = (birth.part.saturating_add(1), 0),
            Change::Text(text) => self.at = text.at.saturating_add(text.text.len()),
            Change::Ended(_) => self.ended = true,
        }
    }
}
