//! A process: the reply, the committer's queue and batch, the hub, and the tabs' sockets, by the rules of `reply/job.rs`,
//! `reply/journal.rs` and `live/hub.rs`. A crash removes all of it.

use rivulet::message::{Birth, Change, Epoch, Event, Kind, Message, Outcome, Position, Text};

use super::{database::Batch, socket::Socket};

/// The most bytes of text in a frame: less than what may be committed at once, so that a slow reader is served in turns.
const LIMIT: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// How many texts the running reply has written; `None` once its end is queued.
    pub written: Option<usize>,
    pub queue: Vec<Event>,
    pub batch: Option<Batch>,
    pub running: Option<Running>,
    /// The row as it was read, for each Continue that was pressed.
    pub pressed: Vec<Message>,
    pub sockets: Vec<Option<Socket>>,
}

/// A reply as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Running {
    pub message: Message,
    /// While its row is not changed yet: the epoch that the person who pressed Continue saw.
    pub continues_from: Option<Epoch>,
    /// The last commit's events, shared by all readers at the position where one of them starts.
    latest: Vec<(Position, Position, Event)>,
}

impl Server {
    /// Without a reply or a connection.
    pub fn new(tabs: usize) -> Server {
        Server { written: None, queue: vec![], batch: None, running: None, pressed: vec![], sockets: vec![None; tabs] }
    }

    /// Makes one batch of the queue, with adjacent texts joined.
    pub fn gather(&mut self) {
        let mut events: Vec<Event> = vec![];
        for event in self.queue.drain(..) {
            match (events.last_mut(), &event.change) {
                (Some(Event { change: Change::Text(before), .. }), Change::Text(text)) if before.part == text.part => {
                    before.text.push_str(&text.text);
                }
                _ => events.push(event),
            }
        }
        let ends = matches!(events.last(), Some(Event { change: Change::Ended(_), .. }));
        let last = self.running.as_ref().filter(|_| ends).map(|running| {
            let mut message = running.message.clone();
            for event in &events {
                let _ = message.apply(event.clone());
            }
            message
        });
        self.batch = Some(Batch { events, last, written: false, committed: false, published: false });
    }

    /// The reply leaves the hub; its followers keep its last state.
    pub fn leave(&mut self) {
        if let Some(running) = self.running.take() {
            for socket in self.sockets.iter_mut().flatten() {
                socket.keeps(&running);
            }
        }
    }
}

impl Running {
    pub fn new(message: Message, continues_from: Option<Epoch>) -> Running {
        Running { message, continues_from, latest: vec![] }
    }

    pub fn publish(&mut self, events: &[Event]) {
        let mut at = self.message.position();
        let step = |event: &Event| {
            let from = at;
            at.advance(event);
            (from, at, event.clone())
        };
        self.latest = events.iter().map(step).collect();
        for event in events {
            // The hub ignores failures, too: it only logs them.
            let _ = self.message.apply(event.clone());
        }
    }

    /// The next event for a reader who was sent so much, which is advanced by it.
    pub fn next(&self, sent: &mut Option<Position>) -> Option<Event> {
        if self.continues_from.is_some() {
            return None;
        }
        let shared = self.latest.iter().find(|(from, ..)| sent.as_ref() == Some(from));
        if let Some((_, to, event)) = shared {
            *sent = Some(*to);
            return Some(event.clone());
        }
        next(&self.message, sent)
    }
}

/// The next event of a message for a reader who was sent so much, which is advanced by it.
pub fn next(message: &Message, sent: &mut Option<Position>) -> Option<Event> {
    let event = message.next(sent.as_ref(), LIMIT)?;
    sent.get_or_insert_with(|| message.position()).advance(&event);
    Some(event)
}

/// Appends text to the last part, or to a new one if that is of another kind.
pub fn grow(message: &Message, kind: Kind, text: &str) -> Vec<Event> {
    let (epoch, parts) = (message.epoch, message.parts.len());
    let at = message.parts.last().map_or(0, |part| part.text.len());
    let text = |part, at| Event { epoch, change: Change::Text(Text { part, at, text: text.into() }) };
    match message.parts.last() {
        Some(last) if last.kind == kind => vec![text(parts - 1, at)],
        _ => {
            let birth = Birth { part: parts, at, kind, started_at: 0 };
            vec![Event { epoch, change: Change::Part(birth) }, text(parts, 0)]
        }
    }
}

/// Applies events, all of which must fit.
pub fn follow(message: &mut Message, events: &[Event]) {
    for event in events {
        assert_eq!(message.apply(event.clone()), Outcome::Applied, "a reply's own events apply to it");
    }
}
