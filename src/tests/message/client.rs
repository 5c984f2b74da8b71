//! A page's client on a line that loses, repeats and reorders events, and breaks; and what it asks for, and when.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use proptest::prelude::*;
use rivulet::{
    ids::{MessageId, mint},
    live::{
        ClientFrame, List, MAX_OUTSTANDING, ServerFrame,
        client::{Client, Page},
        close,
    },
    message::{Event, Message, Outcome, Position, Role, Status},
};

use super::history;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Held(HashMap<MessageId, Message>);

impl Page for Held {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.0.get(&id).map(read)
    }

    fn apply(&mut self, id: MessageId, event: Event) -> Outcome {
        self.0.get_mut(&id).expect("a message that is followed").apply(event)
    }

    fn release(&mut self, _: MessageId) {}

    fn rev(&self, _: List) -> i64 {
        7
    }
}

/// A page and the server, with a line between them.
struct World {
    client: Client<Held>,
    now: Duration,
    /// What is there, by the server.
    truth: BTreeMap<MessageId, Message>,
    subscriptions: BTreeMap<MessageId, (u32, Option<Position>)>,
    numbers: u32,
    line: VecDeque<ServerFrame>,
    beaten: Duration,
    /// Whether the server can read what it is asked for.
    readable: bool,
    connections: usize,
    /// Frames that the page sent, and the most that it had asked for at once.
    sent: usize,
    most: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// The message grows to its next state.
    Grow,
    /// The server sends the next event, with so much text at the most.
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

fn step() -> impl Strategy<Value = Step> {
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
    fn new() -> World {
        let mut world = World {
            client: Client::new(Held::default()),
            now: Duration::ZERO,
            truth: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            numbers: 0,
            line: VecDeque::new(),
            beaten: Duration::ZERO,
            readable: true,
            connections: 0,
            sent: 0,
            most: 0,
        };
        world.connects();
        world
    }

    /// The page follows a message of which it has nothing.
    fn follows(&mut self, truth: Message) {
        let (id, epoch, over) = (truth.id, truth.epoch, truth.status.is_final());
        self.client.page.0.entry(id).or_insert_with(|| Message::unseen(id, truth.role));
        self.truth.insert(id, truth);
        self.client.follow(id, epoch, over);
    }

    fn connects(&mut self) {
        self.connections += 1;
        self.client.opened(self.now);
        self.subscriptions.clear();
        self.line.clear();
        self.beats();
    }

    fn breaks(&mut self, code: Option<u16>) {
        self.client.closed(code, self.now);
        self.now += self.client.pause(true, 0.5);
        self.connects();
    }

    fn beats(&mut self) {
        self.beaten = self.now;
        let positions = self.subscriptions.values().filter_map(|(number, sent)| Some((*number, sent.clone()?)));
        self.line.push_back(ServerFrame::Beat(positions.collect()));
    }

    /// The server takes in what the page has to say.
    fn hear(&mut self) {
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
                ClientFrame::Beat | ClientFrame::List { .. } | ClientFrame::LeaveList(_) => vec![],
            };
            for (id, position) in asked {
                self.subscriptions.remove(&id);
                if !self.readable {
                    self.line.push_back(ServerFrame::Later(id));
                    continue;
                }
                self.numbers += 1;
                self.line.push_back(ServerFrame::Number(self.numbers, id));
                self.subscriptions.insert(id, (self.numbers, position));
            }
            self.most = self.most.max(self.subscriptions.len());
        }
    }

    /// The server sends an event of each message that is not sent as far as it is. Whether there was one.
    fn send(&mut self, limit: usize) -> bool {
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

    fn deliver(&mut self) -> bool {
        let Some(frame) = self.line.pop_front() else { return false };
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        let frame = self.client.read(&text, self.now).expect("and read").expect("a whole one");
        self.client.take(frame, self.now, 0.5);
        self.hear();
        true
    }

    /// Something is done to the next event on the line. Other frames are lost only with their connection.
    fn meddle(&mut self, step: &Step) {
        let is_event = |frame: Option<&ServerFrame>| matches!(frame, Some(ServerFrame::Event(..)));
        match step {
            Step::Lose if is_event(self.line.front()) => drop(self.line.pop_front()),
            Step::Repeat if is_event(self.line.front()) => self.line.push_front(self.line[0].clone()),
            Step::Swap if is_event(self.line.front()) && is_event(self.line.get(1)) => self.line.swap(0, 1),
            _ => {}
        }
    }

    /// A while passes: what is due is done, and a dead connection is noticed.
    fn wait(&mut self, time: Duration) {
        self.now += time;
        let runs = |id: &MessageId| !self.truth[id].status.is_final();
        let pace = if self.subscriptions.keys().any(runs) { SECOND } else { 25 * SECOND };
        if self.now - self.beaten >= pace {
            self.beats();
        }
        self.client.tick(self.now);
        self.hear();
        if self.client.is_silent(self.now) {
            self.breaks(None);
        }
    }

    /// From here on nothing is lost: does the page come to have all, and how many seconds later?
    fn heals(&mut self) -> Option<usize> {
        self.readable = true;
        for seconds in 0..60 {
            while self.deliver() || self.send(usize::MAX) {}
            if self.truth.values().all(|truth| self.client.page.0[&truth.id] == *truth) {
                return Some(seconds);
            }
            self.wait(SECOND);
        }
        None
    }
}

/// A message with so many bytes of text.
fn completed(length: usize) -> Message {
    let epoch = rivulet::message::Epoch { counter: 1, nonce: 7 };
    let text = "x".repeat(length);
    let part = rivulet::message::Part { kind: rivulet::message::Kind::Text, started_at: 1, text };
    let message = Message::unseen(mint(), Role::Assistant);
    Message { epoch, status: Status::Completed, parts: vec![part], ended_at: Some(2), ..message }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_the_line_does_a_page_shows_prefixes_and_in_the_end_all(history in history(), steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        let mut states = history.states.iter().cloned();
        world.follows(states.next().expect("a beginning"));
        let id = history.last().id;
        world.hear();
        for step in steps {
            match step {
                // The list tells of a new epoch, and of an end.
                Step::Grow => states.next().into_iter().for_each(|truth| world.follows(truth)),
                Step::Send(limit) => drop(world.send(limit)),
                Step::Beat => world.beats(),
                Step::Deliver => drop(world.deliver()),
                Step::Lose | Step::Repeat | Step::Swap => world.meddle(&step),
                Step::Break => world.breaks(None),
                Step::Readable(readable) => world.readable = readable,
                Step::Wait(millis) => world.wait(Duration::from_millis(millis)),
            }
            let shown = &world.client.page.0[&id];
            prop_assert!(shown.parts.is_empty() || history.has_prefix(shown), "{shown:?}");
        }
        world.follows(history.last().clone());
        let healed = world.heals();
        prop_assert!(healed.is_some_and(|seconds| seconds <= 20), "{healed:?}, {:?}", world.client.page.0[&id]);
    }
}

/// Rule: many messages are asked for in few frames, each once, and never more at a time than the server follows.
#[test]
fn many_messages_are_asked_for_in_few_frames() {
    let mut world = World::new();
    for _ in 0..1_200 {
        world.follows(completed(20));
    }
    world.hear();
    assert_eq!(world.heals(), Some(0));
    assert_eq!(world.numbers, 1_200, "each is asked for once");
    assert!(world.sent < 200, "{} frames", world.sent);
    assert!(world.most <= MAX_OUTSTANDING, "{} at once", world.most);
}

/// Rule: what is followed in an epoch already is not asked for again, unless its end is new.
#[test]
fn a_message_is_asked_for_again_only_for_something_new() {
    let mut world = World::new();
    let mut running = Message { status: Status::Streaming, ended_at: None, ..completed(3) };
    for asked in [1, 1, 1] {
        world.follows(running.clone());
        world.hear();
        assert_eq!(world.numbers, asked);
    }
    running.epoch.counter += 1;
    for asked in [2, 2] {
        world.follows(running.clone());
        world.hear();
        assert_eq!(world.numbers, asked);
    }
    world.follows(Message { status: Status::Stopped, ended_at: Some(4), ..running });
    world.hear();
    assert_eq!(world.numbers, 3);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: after a gap it asks once, however many events of before still come; twice in vain, it asks for the whole.
#[test]
fn a_gap_is_asked_about_once() {
    let mut world = World::new();
    let truth = Message { status: Status::Streaming, ended_at: None, ..completed(0) };
    let id = truth.id;
    world.follows(truth.clone());
    world.hear();
    assert_eq!(world.heals(), Some(0));
    world.truth.get_mut(&id).expect("the truth").parts[0].text.push_str(&"words ".repeat(10));
    for _ in 0..20 {
        world.send(3);
    }
    world.line.pop_front();
    let asked = world.numbers;
    for _ in 0..19 {
        let Some(frame) = world.line.pop_front() else { break };
        world.client.take(frame, world.now, 0.5);
    }
    world.hear();
    assert_eq!(world.numbers, asked + 1);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: the pauses between tries grow, to two seconds while somebody looks and eight else, and begin anew only when a
/// connection has proved good: a greeting is none.
#[test]
fn a_greeting_does_not_reset_the_backoff() {
    let mut client = Client::new(Held::default());
    client.page.0.insert(completed(1).id, completed(1));
    let greets = |client: &mut Client<Held>| {
        client.opened(SECOND);
        client.take(ServerFrame::Beat(vec![]), SECOND, 0.5);
        client.closed(Some(close::RESTARTING), SECOND);
    };
    let mut pauses = vec![];
    for _ in 0..7 {
        greets(&mut client);
        pauses.push(client.pause(false, 1.0).as_millis());
    }
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    greets(&mut client);
    assert_eq!(client.pause(true, 1.0).as_millis(), 2_000);
    assert!(client.pause(true, 0.0).is_zero(), "at random from nothing on");
}

/// Rule: an answered subscription resets the backoff, and so do ten seconds of being open.
#[test]
fn a_good_connection_resets_the_backoff() {
    let truth = completed(1);
    let mut client = Client::new(Held::default());
    client.page.0.insert(truth.id, Message::unseen(truth.id, truth.role));
    client.follow(truth.id, truth.epoch, true);
    let fails = |client: &mut Client<Held>| (0..5).map(|_| client.pause(false, 1.0)).last();
    let first = Some(Duration::from_millis(250));
    fails(&mut client);
    client.opened(SECOND);
    client.take(ServerFrame::Number(1, truth.id), SECOND, 0.5);
    client.closed(None, SECOND);
    assert_eq!(Some(client.pause(false, 1.0)), first);
    fails(&mut client);
    client.opened(SECOND);
    client.read(r#"{"beat":[]}"#, SECOND).expect("a heartbeat");
    client.tick(11 * SECOND);
    client.closed(None, 11 * SECOND);
    assert_eq!(Some(client.pause(false, 1.0)), first);
}

/// Rule: whom the server could not understand comes back slowly, however well it was answered.
#[test]
fn a_page_that_is_not_understood_comes_back_slowly() {
    let truth = completed(1);
    let mut client = Client::new(Held::default());
    client.page.0.insert(truth.id, truth.clone());
    client.follow(truth.id, truth.epoch, true);
    client.opened(SECOND);
    client.take(ServerFrame::Number(1, truth.id), SECOND, 0.5);
    client.closed(Some(close::NONSENSE), SECOND);
    assert_eq!(client.pause(true, 1.0), 8 * SECOND);
}

/// Rule: what the server cannot read now is asked for again, after pauses that grow, on the same connection.
#[test]
fn what_cannot_be_read_is_asked_for_later() {
    let mut world = World::new();
    world.readable = false;
    let truth = completed(5);
    let id = truth.id;
    world.follows(truth);
    world.client.follow_list(List::Conversations);
    world.hear();
    let mut asked = 0;
    for _ in 0..60 {
        while let Some(frame) = world.line.front() {
            asked += usize::from(matches!(frame, ServerFrame::Later(_)));
            world.deliver();
        }
        world.client.take(ServerFrame::LaterList(List::Conversations), world.now, 0.5);
        world.wait(Duration::from_millis(500));
        // The server is there all the same.
        world.client.read(r#"{"beat":[]}"#, world.now).expect("a heartbeat");
    }
    assert!((6..16).contains(&asked), "asked {asked} times in 30 s");
    assert_eq!(world.connections, 1);
    assert!(world.heals().is_some());
    assert!(!world.client.follows(id), "it has ended");
}

/// Rule: silence is borne for six seconds while something streams, for forty else; a page that is looked at again bears
/// two, and a connection that does not open ten.
#[test]
fn silence_is_borne_only_so_long() {
    let silent_after = |client: &Client<Held>, from: Duration| {
        (0..600)
            .find(|tenths| client.is_silent(from + Duration::from_millis(tenths * 100)))
            .map(|tenths| tenths as f64 / 10.0)
    };
    let mut world = World::new();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(10.1), "it opens");
    world.client.ping(SECOND);
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(10.1), "it still opens, whoever looks");
    world.deliver();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(40.1), "nothing streams");
    world.follows(Message { status: Status::Streaming, ended_at: None, ..completed(5) });
    world.hear();
    while world.deliver() || world.send(usize::MAX) {}
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(6.1), "something streams");
    world.client.ping(SECOND);
    assert_eq!(silent_after(&world.client, SECOND), Some(2.0), "somebody looks");
    assert!(world.client.frames().contains(&ClientFrame::Ping));
    world.client.read(r#"{"beat":[]}"#, 2 * SECOND).expect("a heartbeat");
    assert_eq!(silent_after(&world.client, 2 * SECOND), Some(6.1), "it answered");
}

/// Rule: who has the end of one epoch and waits for the next one waits as for something that streams: an event that got
/// lost after all is missed within seconds.
#[test]
fn a_next_epoch_that_does_not_come_is_missed() {
    let mut world = World::new();
    let ended = completed(5);
    world.follows(ended.clone());
    world.hear();
    assert_eq!(world.heals(), Some(0));
    world.follows(Message { epoch: rivulet::message::Epoch { counter: 2, nonce: 0 }, ..ended });
    world.hear();
    world.send(usize::MAX);
    world.line.pop_back();
    assert!(world.heals().is_some_and(|seconds| seconds <= 10));
}

/// Rule: of a message that was left nothing is kept, neither its number nor what had come of a long frame.
#[test]
fn nothing_is_kept_of_what_was_left() {
    let mut world = World::new();
    let whole = completed(5);
    let message = Message { parts: vec![], status: Status::Streaming, ..whole.clone() };
    world.client.page.0.insert(message.id, message.clone());
    let follow = |client: &mut Client<Held>, number| {
        client.follow(message.id, message.epoch, false);
        client.frames();
        client.take(ServerFrame::Number(number, message.id), SECOND, 0.5);
    };
    follow(&mut world.client, 1);
    assert!(world.client.read(r#"{"piece":[1,"{\"beat\":",false]}"#, SECOND).expect("a slice").is_none());
    world.client.leave(message.id);
    world.client.read(r#"{"piece":[1,"[]}",true]}"#, SECOND).expect_err("the end of what is not there");
    follow(&mut world.client, 2);
    let event = whole.since(&message.position()).into_iter().next().expect("something");
    let (epoch, change) = (event.epoch, event.change);
    world.client.take(ServerFrame::Event(1, epoch, change.clone()), SECOND, 0.5);
    assert_eq!(world.client.page.0[&message.id], message, "it has another number now");
    world.client.take(ServerFrame::Event(2, epoch, change), SECOND, 0.5);
    assert_ne!(world.client.page.0[&message.id], message);
}

/// Rule: a connection that is gone is said to be lost only after a moment, and until a frame has come.
#[test]
fn a_blip_is_not_said() {
    let mut world = World::new();
    world.deliver();
    world.client.closed(None, SECOND);
    assert!(!world.client.is_lost(2 * SECOND));
    assert!(world.client.is_lost(3 * SECOND));
    world.client.opened(3 * SECOND);
    assert!(world.client.is_lost(3 * SECOND), "opening is not open");
    world.client.read(r#"{"beat":[]}"#, 3 * SECOND).expect("a heartbeat");
    assert!(!world.client.is_lost(9 * SECOND));
}

/// Rule: however often a person asks, it tries once a second at the most.
#[test]
fn tries_are_a_second_apart() {
    let mut client = Client::new(Held::default());
    assert_eq!(client.earliest_try(), Duration::ZERO);
    client.opened(5 * SECOND);
    client.closed(None, 5 * SECOND);
    assert_eq!(client.earliest_try(), 6 * SECOND);
}

/// Rule: a reply in as many parts as there may be fits into a question, and more do not share a frame with it.
#[test]
fn no_question_is_longer_than_the_server_takes() {
    let part = completed(4_000).parts.remove(0);
    let parts = vec![part; 1_000];
    let mut world = World::new();
    for _ in 0..20 {
        let message = Message { parts: parts.clone(), status: Status::Streaming, ..completed(0) };
        world.client.page.0.insert(message.id, message.clone());
        world.client.follow(message.id, message.epoch, false);
    }
    let frames = world.client.frames();
    assert!(frames.len() > 1);
    for frame in frames {
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        assert!(text.len() <= 16 * 1024, "{} bytes", text.len());
    }
}
