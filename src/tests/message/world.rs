//! A page and the server, with a connection between them that loses, repeats and reorders events, and breaks.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use proptest::prelude::*;
use rivulet::{
    conversation::list::Held,
    ids::{MessageId, mint},
    live::{
        ClientFrame, List, ServerFrame,
        client::{Client, Page},
    },
    message::{Event, Message, Outcome, Position, Role, Status},
};

pub const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Messages(pub HashMap<MessageId, Message>);

impl Page for Messages {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.0.get(&id).map(read)
    }

    fn apply(&mut self, id: MessageId, event: Event) -> Outcome {
        self.0.get_mut(&id).expect("a message that is followed").apply(event)
    }

    fn release(&mut self, _: MessageId) {}

    fn held(&self, _: List) -> Option<Held> {
        None
    }
}

/// A page, the server, and the connection between them.
pub struct World {
    pub client: Client<Messages>,
    pub now: Duration,
    /// The messages as the server has them.
    pub truth: BTreeMap<MessageId, Message>,
    pub subscriptions: BTreeMap<MessageId, (u32, Option<Position>)>,
    pub numbers: u32,
    pub line: VecDeque<ServerFrame>,
    pub last_heartbeat: Duration,
    /// Whether the server can read its database.
    pub is_readable: bool,
    pub connections: usize,
    /// How many frames the page has sent, and the most messages that it had requested at once.
    pub sent: usize,
    pub most_at_once: usize,
}

#[derive(Clone, Debug)]
pub enum Step {
    /// The message grows to its next state.
    Grow,
    /// The server sends the next event, with at most so many bytes of text.
    Send(usize),
    Beat,
    Deliver,
    Lose,
    Repeat,
    Swap,
    Break,
    Readable(bool),
    Wait(u64),
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Grow),
        8 => (1_usize..6).prop_map(Step::Send),
        1 => Just(Step::Beat),
        10 => Just(Step::Deliver),
        1 => Just(Step::Lose),
        1 => Just(Step::Repeat),
        1 => Just(Step::Swap),
        1 => Just(Step::Break),
        1 => any::<bool>().prop_map(Step::Readable),
        1 => (0_u64..9_000).prop_map(Step::Wait),
    ]
}

impl World {
    pub fn new() -> World {
        let mut world = World {
            client: Client::new(Messages::default()),
            now: Duration::ZERO,
            truth: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            numbers: 0,
            line: VecDeque::new(),
            last_heartbeat: Duration::ZERO,
            is_readable: true,
            connections: 0,
            sent: 0,
            most_at_once: 0,
        };
        world.connects();
        world
    }

    /// The page follows a message of which it has nothing.
    pub fn follows(&mut self, truth: Message) {
        let (id, epoch, over) = (truth.id, truth.epoch, truth.status.is_final());
        self.client.page.0.entry(id).or_insert_with(|| Message::unseen(id, truth.role));
        self.truth.insert(id, truth);
        self.client.follow(id, epoch, over);
    }

    pub fn connects(&mut self) {
        self.connections += 1;
        self.client.opened(self.now);
        self.subscriptions.clear();
        self.line.clear();
        self.beats();
    }

    pub fn breaks(&mut self, code: Option<u16>) {
        self.client.closed(code, self.now);
        self.now += self.client.pause(true, 0.5);
        self.connects();
    }

    pub fn beats(&mut self) {
        self.last_heartbeat = self.now;
        let positions = self.subscriptions.values().filter_map(|(number, sent)| Some((*number, (*sent)?)));
        self.line.push_back(ServerFrame::Beat(positions.collect()));
    }

    /// The server reads the page's frames.
    pub fn reads_requests(&mut self) {
        for frame in self.client.frames() {
            self.sent += 1;
            let asked = match frame {
                ClientFrame::Message { id, position } => vec![(id, position)],
                ClientFrame::Messages(asked) => asked,
                ClientFrame::Leave(id) => {
                    self.subscriptions.remove(&id);
                    vec![]
                }
                ClientFrame::Ping => {
                    self.beats();
                    vec![]
                }
                ClientFrame::Beat(_) | ClientFrame::List { .. } | ClientFrame::LeaveList(_) => vec![],
            };
            for (id, position) in asked {
                self.subscriptions.remove(&id);
                if !self.is_readable {
                    self.line.push_back(ServerFrame::Later(id));
                    continue;
                }
                self.numbers += 1;
                self.line.push_back(ServerFrame::Number(self.numbers, id));
                self.subscriptions.insert(id, (self.numbers, position));
            }
            self.most_at_once = self.most_at_once.max(self.subscriptions.len());
        }
    }

    /// The server sends one event of each message that has more than was sent. Returns whether there was one.
    pub fn sends(&mut self, limit: usize) -> bool {
        let mut sent_any = false;
        self.subscriptions.retain(|id, (number, sent)| {
            let truth = &self.truth[id];
            if let Some(event) = truth.next(sent.as_ref(), limit) {
                sent.get_or_insert_with(|| truth.position()).advance(&event);
                self.line.push_back(ServerFrame::Event(*number, event.epoch, event.change));
                sent_any = true;
            }
            !sent.as_ref().is_some_and(|sent| sent.ended)
        });
        sent_any
    }

    pub fn delivers(&mut self) -> bool {
        let Some(frame) = self.line.pop_front() else { return false };
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        let frame = self.client.read(&text, self.now).expect("and read");
        self.client.take(frame, self.now, 0.5);
        self.reads_requests();
        true
    }

    /// Loses, repeats or reorders the next event. Other frames are lost only with their connection.
    pub fn disturbs(&mut self, step: &Step) {
        let is_event = |frame: Option<&ServerFrame>| matches!(frame, Some(ServerFrame::Event(..)));
        match step {
            Step::Lose if is_event(self.line.front()) => drop(self.line.pop_front()),
            Step::Repeat if is_event(self.line.front()) => self.line.push_front(self.line[0].clone()),
            Step::Swap if is_event(self.line.front()) && is_event(self.line.get(1)) => self.line.swap(0, 1),
            _ => {}
        }
    }

    /// Time passes: what is due is done, and a dead connection is noticed.
    pub fn waits(&mut self, time: Duration) {
        self.now += time;
        let is_running = |id: &MessageId| !self.truth[id].status.is_final();
        let interval = if self.subscriptions.keys().any(is_running) { SECOND } else { 25 * SECOND };
        if self.now - self.last_heartbeat >= interval {
            self.beats();
        }
        self.client.tick(self.now);
        self.reads_requests();
        if self.client.is_silent(self.now) {
            self.breaks(None);
        }
    }

    /// From here on nothing is lost. Returns after how many seconds the page has everything, if it gets there.
    pub fn heals(&mut self) -> Option<usize> {
        self.is_readable = true;
        for seconds in 0..60 {
            while self.delivers() || self.sends(usize::MAX) {}
            if self.truth.values().all(|truth| self.client.page.0[&truth.id] == *truth) {
                return Some(seconds);
            }
            self.waits(SECOND);
        }
        None
    }
}

/// A message with so many bytes of text.
pub fn completed(length: usize) -> Message {
    let epoch = rivulet::message::Epoch { counter: 1, nonce: 7 };
    let text = "x".repeat(length);
    let part = rivulet::message::Part { kind: rivulet::message::Kind::Text, started_at: 1, text };
    let message = Message::unseen(mint(), Role::Assistant);
    Message { epoch, status: Status::Completed, parts: vec![part], ended_at: Some(2), ..message }
}
