//! Every state that any tab ever showed, compared with how the message ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kit::{Tab, is_beginning};
use rivulet::{
    ids::MessageId,
    message::{Message, Part},
};

/// The bytes of one fault's rounds. Cheap to clone: it is shared.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// The furthest states of each message in each epoch, none of them a beginning of another: one, if all is well.
    states: HashMap<MessageId, Vec<Message>>,
    bytes: Bytes,
    ends: Arrivals,
    lists: Arrivals,
    /// The longest that a tab's lists took to be right after it had seen its reply's end.
    converged: Duration,
}

/// The last thing that a tab waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The end of its reply.
    End,
    /// The last change of its lists.
    Lists,
}

/// How often something was waited for, and how often it came only with a heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Arrivals {
    all: u64,
    by_a_heartbeat: u64,
}

impl Arrivals {
    /// Fewer than that may have come so by chance.
    const ENOUGH: u64 = 6;

    fn are_all_by_a_heartbeat(&self) -> bool {
        self.all >= Arrivals::ENOUGH && self.by_a_heartbeat == self.all
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// In every tab, each byte once a tab.
    pub shown: u64,
    /// Shown, and not there in the end.
    pub lost: u64,
    /// Shown where the end has something else: doubled, or out of place.
    pub doubled: u64,
}

impl Tally {
    /// From now on all that the tab shows is recorded.
    pub fn watches(&self, tab: &mut Tab) {
        let (tally, before) = (self.clone(), Mutex::<HashMap<MessageId, usize>>::default());
        tab.observer = Some(Arc::new(move |message: &Message| {
            let length = length(&message.parts);
            let before = lock(&before).insert(message.id, length).unwrap_or(0);
            tally.saw(message, length.saturating_sub(before));
        }));
    }

    fn saw(&self, message: &Message, more: usize) {
        let mut seen = lock(&self.0);
        seen.bytes.shown += more as u64;
        let states = seen.states.entry(message.id).or_default();
        if !states.iter().any(|state| same_epoch(message, state) && begins(message, state)) {
            states.retain(|state| !(same_epoch(message, state) && begins(state, message)));
            states.push(message.clone());
        }
    }

    /// Compares all that was shown of a message with its end, and forgets it.
    pub fn settle(&self, last: &Message) {
        let mut seen = lock(&self.0);
        for state in seen.states.remove(&last.id).unwrap_or_default() {
            if same_epoch(&state, last) && state.status.is_final() {
                assert_eq!((state.status, state.ended_at), (last.status, last.ended_at), "it ended in two ways");
            }
            if !is_beginning(&state.parts, &last.parts) {
                seen.bytes.count(&text(&state.parts), &text(&last.parts));
            }
        }
    }

    /// Compares what a message ended as with what its provider wrote: it may end early, but not otherwise.
    pub fn compare(&self, last: &str, written: &str) {
        if !written.starts_with(last) {
            lock(&self.0).bytes.doubled += other(last, written) as u64;
        }
    }

    /// A tab had the last that it waited for, perhaps with a heartbeat.
    pub fn came(&self, what: Awaited, by_a_heartbeat: bool) {
        let mut seen = lock(&self.0);
        let arrivals = match what {
            Awaited::End => &mut seen.ends,
            Awaited::Lists => &mut seen.lists,
        };
        arrivals.all += 1;
        arrivals.by_a_heartbeat += u64::from(by_a_heartbeat);
    }

    /// A tab's lists were right so long after its reply's end.
    pub fn converged(&self, after: Duration) {
        let mut seen = lock(&self.0);
        seen.converged = seen.converged.max(after);
    }

    /// How readers got their ends and their lists, for the fault's line.
    pub fn arrivals(&self) -> String {
        let Seen { ends, lists, converged, .. } = &*lock(&self.0);
        match ends.all {
            0 => String::new(),
            _ => format!(
                "; {} of {} ends and {} of {} lists by a heartbeat, lists {} ms after the end at most",
                ends.by_a_heartbeat,
                ends.all,
                lists.by_a_heartbeat,
                lists.all,
                converged.as_millis()
            ),
        }
    }

    /// What came with heartbeats only: they are there for what was missed, not for everything.
    pub fn came_only_by_beats(&self) -> Option<&'static str> {
        let seen = lock(&self.0);
        if seen.ends.are_all_by_a_heartbeat() {
            return Some("no tab had the end of its reply before a heartbeat");
        }
        seen.lists.are_all_by_a_heartbeat().then_some("no tab had its lists right before a heartbeat")
    }

    pub fn bytes(&self) -> Bytes {
        lock(&self.0).bytes
    }
}

impl Bytes {
    fn count(&mut self, shown: &str, truth: &str) {
        match other(shown, truth) {
            // The same words in other parts.
            0 => self.doubled += 1,
            other if shown.len() - other == truth.len() => self.lost += other as u64,
            other => self.doubled += other as u64,
        }
    }
}

/// How many bytes of one text, from the first that differs on, are not those of the other.
fn other(text: &str, than: &str) -> usize {
    text.len() - text.bytes().zip(than.bytes()).take_while(|(one, other)| one == other).count()
}

fn same_epoch(one: &Message, other: &Message) -> bool {
    one.epoch == other.epoch
}

/// Whether one state can have come before another of the same epoch, or is the same.
fn begins(one: &Message, other: &Message) -> bool {
    is_beginning(&one.parts, &other.parts)
        && (!one.status.is_final() || (one.status, &one.parts) == (other.status, &other.parts))
}

fn length(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.text.len()).sum()
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
