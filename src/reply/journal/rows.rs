//! Which rows of the journal belong to which open reply, and which of them may go. Pure: no clock, no I/O.
//!
//! Rows stand in the order in which they were written, those of all replies mixed. So they go from the front: all below
//! the first that any open reply still needs. A reply needs its rows until its message's own row has their text (the
//! reply ended, or was folded) or the message is gone.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use crate::ids::MessageId;

/// A reply that has had rows for so long is folded, so that one that is slow does not keep everybody's.
pub const FOLD_AFTER: Duration = Duration::from_secs(60);
/// How many rows are looked at in one sweep.
const MAX_SWEPT: i64 = 2_000;

/// The rows of one process. `T` is an instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rows<T> {
    next: i64,
    /// What is before this is gone, but for the rows of replies that were set aside.
    swept: i64,
    open: BTreeMap<MessageId, OpenReply<T>>,
    /// Rows before `swept` of replies that need them no more.
    left_behind: Vec<Sweep>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OpenReply<T> {
    /// The first that it needs.
    first: i64,
    /// Before this it has none, needed or not.
    oldest: i64,
    since: T,
    /// It stands still; its rows stay, and are in nobody's way.
    set_aside: bool,
}

/// Rows that may go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sweep {
    pub rows: Range<i64>,
    /// Of this message alone.
    pub only: Option<MessageId>,
    /// Not those of these.
    pub except: Vec<MessageId>,
}

impl<T: Copy> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows { next: 1, swept: 1, open: BTreeMap::new(), left_behind: Vec::new() }
    }
}

impl<T: Copy> Rows<T> {
    /// Whether no reply has any, and none waits to be removed.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.left_behind.is_empty() && self.swept == self.next
    }

    /// Gives the number of the first of `count` new rows of a reply.
    pub fn number(&mut self, id: MessageId, count: usize, now: T) -> i64 {
        let first = self.next;
        self.next += count as i64;
        self.open.entry(id).or_insert(OpenReply { first, oldest: first, since: now, set_aside: false });
        first
    }

    /// A reply that needs no rows any more: its message's row has their text, or the message is gone.
    pub fn close(&mut self, id: MessageId) {
        if let Some(open) = self.open.remove(&id) {
            self.leave_behind(id, open.oldest);
        }
    }

    /// A reply whose message's row has all that was written so far.
    pub fn fold(&mut self, id: MessageId, now: T) {
        if let Some(open) = self.open.get_mut(&id) {
            let oldest = open.oldest;
            (open.first, open.oldest, open.since) = (self.next, oldest.max(self.swept), now);
            self.leave_behind(id, oldest);
        }
    }

    /// The database may be an earlier one, which has rows from `first` on: folds, ends and sweeps may be undone. From now
    /// on these replies may need any of its rows, and all of them go again that none does.
    pub fn go_back(&mut self, first: Option<i64>, replies: impl Iterator<Item = MessageId>, now: T) {
        let first = first.unwrap_or(self.next);
        self.swept = self.swept.min(first);
        self.left_behind.clear();
        for id in replies {
            let open = OpenReply { first, oldest: first, since: now, set_aside: false };
            let open = self.open.entry(id).or_insert(open);
            (open.first, open.oldest) = (open.first.min(first), open.oldest.min(first));
        }
    }

    /// A reply of which nothing can be written for now. Its rows stay.
    pub fn set_aside(&mut self, id: MessageId, aside: bool) {
        if let Some(open) = self.open.get_mut(&id) {
            open.set_aside = aside;
        }
    }

    /// The replies that are to be folded, by how long they have had rows.
    pub fn to_fold(&self, age: impl Fn(T) -> Duration) -> Vec<MessageId> {
        let old = |open: &OpenReply<T>| !open.set_aside && open.first < self.next && age(open.since) >= FOLD_AFTER;
        self.open.iter().filter(|(_, open)| old(open)).map(|(id, _)| *id).collect()
    }

    /// What may go in the transaction in which these replies end, if it is at least so many rows.
    pub fn sweep(&self, ending: &[MessageId], least: i64) -> Option<Sweep> {
        if let Some(sweep) = self.left_behind.first() {
            return Some(sweep.clone());
        }
        let needed = (self.open.iter()).filter(|(id, open)| !open.set_aside && !ending.contains(id));
        let end = needed.map(|(_, open)| open.first).min().unwrap_or(self.next);
        let aside = (self.open.iter()).filter(|(id, open)| open.set_aside && !ending.contains(id));
        let rows = self.swept..end.min(self.swept + MAX_SWEPT);
        (end - self.swept >= least).then(|| Sweep { rows, only: None, except: aside.map(|(id, _)| *id).collect() })
    }

    /// They are gone.
    pub fn swept(&mut self, sweep: &Sweep) {
        match sweep.only {
            Some(_) => self.left_behind.retain(|left| left != sweep),
            None => {
                self.swept = self.swept.max(sweep.rows.end);
                let gone = |id, open: &OpenReply<T>| !sweep.except.contains(id) && open.oldest >= sweep.rows.start;
                for (_, open) in self.open.iter_mut().filter(|(id, open)| gone(*id, open)) {
                    open.oldest = open.oldest.max(self.swept);
                }
            }
        }
    }

    fn leave_behind(&mut self, id: MessageId, oldest: i64) {
        if oldest < self.swept {
            self.left_behind.push(Sweep { rows: oldest..self.swept, only: Some(id), except: vec![] });
        }
    }
}
