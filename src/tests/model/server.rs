//! A process: the reply, the committer's queue and batch, the hub, and the tabs' sockets, by the rules of `reply/job.rs`,
//! `reply/journal.rs` and `reply/hub.rs`. All of it is gone with a crash.

use rivulet::message::{Birth, Change, Epoch, Event, Kind, Message, Outcome, Position, Text};

use super::{database::Batch, socket::Socket};

/// The most bytes of text in a frame: less than what may be committed at once, so that a slow reader is served in turns.
const LIMIT: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// What the running reply has said so often; none runs once its end is queued.
    pub said: Option<usize>,
    pub queue: Vec<Event>,
    pub batch: Option<Batch>,
    pub running: Option<Running>,
    /// Continue was pressed, and the row looked at: this is what it was.
    pub pressed: Vec<Message>,
    pub sockets: Vec<Option<Socket>>,
}

/// A reply as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Running {
    pub message: Message,
    /// While its row is not committed: which epoch the presser of Continue saw.
    pub opening: Option<Epoch>,
    /// The last commit's events, for all who stand where one of them starts.
    latest: Vec<(Position, Position, Event)>,
}

impl Server {
    /// Without a reply, and nobody connected.
    pub fn new(tabs: usize) -> Server {
        Server { said: None, queue: vec![], batch: None, running: None, pressed: vec![], sockets: vec![None; tabs] }
    }

    /// One batch of all that waits, with texts that follow each other joined.
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

    /// A reply whose end is shown leaves; whoever follows it keeps what it was.
    pub fn leave(&mut self) {
        if let Some(running) = self.running.take() {
            for socket in self.sockets.iter_mut().flatten() {
                socket.keeps(&running);
            }
        }
    }
}

impl Running {
    pub fn new(message: Message, opening: Option<Epoch>) -> Running {
        Running { message, opening, latest: vec![] }
    }

    pub fn publish(&mut self, events: &[Event]) {
        let mut at = self.message.position();
        let step = |event: &Event| {
            let from = at.clone();
            at.advance(event);
            (from, at.clone(), event.clone())
        };
        self.latest = events.iter().map(step).collect();
        for event in events {
            // The hub only logs it too.
            let _ = self.message.apply(event.clone());
        }
    }

    /// What leads on from what a reader was sent, which is moved on by it.
    pub fn next(&self, sent: &mut Option<Position>) -> Option<Event> {
        if self.opening.is_some() {
            return None;
        }
        let shared = self.latest.iter().find(|(from, ..)| sent.as_ref() == Some(from));
        if let Some((_, to, event)) = shared {
            *sent = Some(to.clone());
            return Some(event.clone());
        }
        next(&self.message, sent)
    }
}

/// What of a message leads on from what a reader was sent, which is moved on by it.
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

/// Takes events in that have to apply.
pub fn follow(message: &mut Message, events: &[Event]) {
    for event in events {
        assert_eq!(message.apply(event.clone()), Outcome::Applied, "a reply's own events lead on from it");
    }
}
