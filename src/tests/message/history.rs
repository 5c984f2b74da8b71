//! Random histories of a message.

use proptest::prelude::*;
use rivulet::{
    ids::MessageId,
    message::{Birth, Change, End, Ended, Epoch, Event, Kind, Message, Outcome, Role, Status, StopReason, Text},
};

/// What a reply does to its message.
#[derive(Clone, Debug)]
pub enum Step {
    Birth(Kind),
    Grow(String),
    End(Status),
    Continue(u32),
}

/// Every state that a message was in, and the events between them.
#[derive(Debug)]
pub struct History {
    pub states: Vec<Message>,
    pub events: Vec<Event>,
}

impl History {
    pub fn of(steps: Vec<Step>) -> History {
        let mut truth = Message {
            id: MessageId::new(),
            role: Role::Assistant,
            model: Some("demo/demo".into()),
            epoch: Epoch { counter: 1, nonce: 7 },
            resumed_from: None,
            status: Status::Pending,
            stop_reason: None,
            parts: vec![],
            ended_at: None,
            error: None,
            usage: None,
        };
        let mut history = History { states: vec![truth.clone()], events: vec![] };
        for step in steps {
            let Some(event) = event(&truth, step) else {
                continue;
            };
            let outcome = truth.apply(event.clone());
            assert_eq!(outcome, Outcome::Applied, "the message itself takes {event:?}");
            history.states.push(truth.clone());
            history.events.push(event);
        }
        history
    }

    pub fn last(&self) -> &Message {
        self.states.last().expect("a history has a beginning")
    }

    /// Whether the reader is in a state that the message was in, or between two of them.
    pub fn has_prefix(&self, reader: &Message) -> bool {
        self.states.iter().any(|state| {
            let mut reader_now = reader.clone();
            reader_now.epoch == state.epoch
                && state
                    .next(Some(&reader_now.position()), usize::MAX)
                    .is_none_or(|event| !matches!(event.change, Change::Snapshot { .. }))
                && state.since(&reader.position()).into_iter().all(|event| reader_now.apply(event) == Outcome::Applied)
                && reader_now == *state
        })
    }
}

fn event(truth: &Message, step: Step) -> Option<Event> {
    let count = truth.parts.len();
    let at = truth.parts.last().map_or(0, |part| part.text.len());
    let change = match step {
        Step::Continue(nonce) if truth.status.is_final() => {
            let epoch = Epoch { counter: truth.epoch.counter + 1, nonce };
            return Some(Event { epoch, change: Change::Opened { from: truth.position() } });
        }
        _ if truth.status.is_final() => return None,
        Step::Continue(_) => return None,
        Step::Birth(kind) => Change::Part(Birth { part: count, at, kind, started_at: 1_000 + count as i64 }),
        Step::Grow(text) if count > 0 && !text.is_empty() => Change::Text(Text { part: count - 1, at, text }),
        Step::Grow(_) => return None,
        Step::End(status) => Change::Ended(Ended {
            parts: count,
            at,
            end: End {
                status,
                stop_reason: (status == Status::Completed).then_some(StopReason::Length),
                ended_at: 9_000,
                error: (status == Status::Failed).then(|| "It failed.".into()),
                usage: None,
            },
        }),
    };
    Some(Event { epoch: truth.epoch, change })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{1,6}", "[🦀🌊👩‍👩‍👧é水流\u{1F1E9}\u{0301}]{1,4}", "\\PC{1,5}",]
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(Kind::Thinking),
        Just(Kind::Text),
        Just(Kind::ToolCall { name: "search".into(), call_id: "c1".into() }),
        Just(Kind::ToolResult { call_id: "c1".into(), failed: false }),
    ];
    let status =
        prop_oneof![Just(Status::Completed), Just(Status::Stopped), Just(Status::Failed), Just(Status::Interrupted)];
    prop_oneof![
        3 => kind.prop_map(Step::Birth),
        10 => text().prop_map(Step::Grow),
        1 => status.prop_map(Step::End),
        1 => any::<u32>().prop_map(Step::Continue),
    ]
}

pub fn history() -> impl Strategy<Value = History> {
    prop::collection::vec(step(), 0..40).prop_map(History::of)
}

/// The events as a network may deliver them: some cut up, some twice, some never, some out of order.
pub fn disturb(events: &[Event], faults: &[(u8, usize)]) -> Vec<Event> {
    let mut sent: Vec<Event> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let (fault, place) = faults.get(index % faults.len().max(1)).copied().unwrap_or((0, 0));
        match (fault % 8, &event.change) {
            (1, _) => {}
            (2, _) => sent.extend([event.clone(), event.clone()]),
            (3, _) => sent.insert(place % (sent.len() + 1), event.clone()),
            (4, Change::Text(text)) => {
                let middle = text.text.floor_char_boundary(place % (text.text.len() + 1));
                let (front, back) = text.text.split_at(middle);
                for (at, piece) in [(text.at, front), (text.at + middle, back)] {
                    sent.push(Event {
                        epoch: event.epoch,
                        change: Change::Text(Text { part: text.part, at, text: piece.into() }),
                    });
                }
            }
            (5, Change::Snapshot { message, .. }) => sent.extend(slices(message, place % 400)),
            _ => sent.push(event.clone()),
        }
    }
    sent
}

/// A snapshot as its beginning and what follows it.
fn slices(message: &Message, limit: usize) -> Vec<Event> {
    let (mut slices, mut at) = (vec![], None);
    while let Some(event) = message.next(at.as_ref(), limit) {
        at.get_or_insert_with(|| message.position()).advance(&event);
        slices.push(event);
    }
    slices
}
