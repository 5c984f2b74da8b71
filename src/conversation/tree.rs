//! Where branches leave one another. A conversation is a tree of messages; its lanes are runs of branches: a parent's
//! first child stays in its lane, every other child opens one. So a branch is a handful of runs, whatever its length.

use std::collections::HashSet;

use crate::ids::Seq;

/// A run of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Higher than `from_lane`.
    pub lane: i64,
    /// The lane that it leaves after the message `from_seq`; 0: it begins the conversation.
    pub from_lane: i64,
    pub from_seq: Seq,
    /// Its newest message; 0: all are deleted.
    pub newest_seq: Seq,
}

impl Lane {
    fn parse(text: &str) -> Option<Lane> {
        let mut numbers = text.split(' ').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Lane { lane: next()?, from_lane: next()?, from_seq: next()?, newest_seq: next()? })
    }
}

/// The messages of a lane up to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub lane: i64,
    /// All of the lane are newer. Without this whoever wants more of a lane than it has looks through all that is older.
    pub after: Seq,
    pub up_to: Seq,
}

/// All lanes of a conversation, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Lanes(pub Vec<Lane>);

impl Lanes {
    /// From a text with a lane after another, in any order: `lane from_lane from_seq newest_seq`, separated by commas. One text
    /// is read several times as fast as a row for each. What is no lane is left out.
    pub fn parse(text: &str) -> Lanes {
        let mut lanes: Vec<Lane> = text.split(',').filter_map(Lane::parse).collect();
        lanes.sort_unstable_by_key(|lane| lane.lane);
        Lanes(lanes)
    }

    /// The lanes with messages at or below this one, those that branch off before those that they leave; each with the first
    /// seq that it has there.
    pub fn below(&self, lane: i64, seq: Seq) -> Vec<(Lane, Seq)> {
        let mut below = HashSet::from([lane]);
        let mut found = vec![];
        for candidate in &self.0 {
            let from = if candidate.lane == lane { seq } else { 0 };
            let leaves_it = candidate.from_lane != lane || candidate.from_seq >= seq;
            if candidate.lane == lane || leaves_it && below.contains(&candidate.from_lane) {
                below.insert(candidate.lane);
                found.push((*candidate, from));
            }
        }
        found.reverse();
        found
    }

    /// Takes out a message and all below it: the message before it in its lane, `before`, is then the newest there.
    pub fn hide(&mut self, lane: i64, seq: Seq, before: Seq) {
        for (hidden, _) in self.below(lane, seq) {
            if let Ok(at) = self.0.binary_search_by_key(&hidden.lane, |lane| lane.lane) {
                let newest = &mut self.0[at].newest_seq;
                *newest = if hidden.lane == lane { before.min(*newest) } else { 0 };
            }
        }
    }

    /// Whether the message is there: those of a lane up to its newest are, as who deletes one deletes all below it.
    pub fn has(&self, lane: i64, seq: Seq) -> bool {
        self.lane(lane).is_some_and(|lane| seq <= lane.newest_seq)
    }

    /// Whether one message is the other or stands below it, by (lane, seq).
    pub fn is_below(&self, place: (i64, Seq), above: (i64, Seq)) -> bool {
        self.branch(place.0, place.1).iter().any(|run| run.lane == above.0 && run.up_to >= above.1)
    }

    /// The branch that ends with this message, from there to the root.
    pub fn branch(&self, lane: i64, seq: Seq) -> Vec<Run> {
        let after = |lane| self.lane(lane).map_or(0, |lane| lane.from_seq);
        let mut runs = vec![Run { lane, after: after(lane), up_to: seq }];
        let mut here = lane;
        // Each is lower than the one before, so this ends also where a database is damaged.
        while let Some(Lane { from_lane, from_seq, .. }) =
            self.lane(here).filter(|lane| (1..here).contains(&lane.from_lane))
        {
            runs.push(Run { lane: from_lane, after: after(from_lane), up_to: from_seq });
            here = from_lane;
        }
        runs
    }

    /// The newest message that is this one or stands below it. It is a leaf, as a child is newer than its parent.
    pub fn newest_below(&self, lane: i64, seq: Seq) -> Seq {
        self.below(lane, seq).iter().map(|(lane, _)| lane.newest_seq).fold(seq, Seq::max)
    }

    /// The newest message of all.
    pub fn newest(&self) -> Option<Seq> {
        self.0.iter().map(|lane| lane.newest_seq).max().filter(|seq| *seq > 0)
    }

    fn lane(&self, lane: i64) -> Option<Lane> {
        self.0.binary_search_by_key(&lane, |found| found.lane).ok().and_then(|at| self.0.get(at).copied())
    }
}
