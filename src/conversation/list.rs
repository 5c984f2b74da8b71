//! Lists that pages keep in step: how much of one a page has, and what leads on from there. Pure.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::ids::{Lineage, Rev};

#[cfg(feature = "ssr")]
pub mod store;

/// What a list has of something.
pub trait Row: Clone {
    type Id: Copy + Ord;

    fn id(&self) -> Self::Id;
    /// The change of the list in which it became what it is.
    fn rev(&self) -> Rev;
}

/// Up to which change somebody has a list. `[lineage, rev]` on the wire. A `rev` means nothing without its lineage: after a
/// backup was restored the same number stands for another change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct ListPosition {
    pub lineage: Lineage,
    pub rev: Rev,
}

/// How much of a list a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub position: ListPosition,
    /// The highest rev of any of its rows, as answers bring some before the list does.
    pub seen: Rev,
}

impl Held {
    /// All up to a position, and nothing after it.
    pub fn up_to(position: ListPosition) -> Held {
        Held { position, seen: position.rev }
    }
}

/// What changed in a list after `from`, the rev of whoever asked: rows as they are now, and those that are gone. They lead
/// up to `position`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(
    serialize = "R: Serialize, R::Id: Serialize",
    deserialize = "R: Deserialize<'de>, R::Id: Deserialize<'de>"
))]
pub struct ListChanges<R: Row> {
    pub from: Rev,
    /// The first ones for whoever asked from an earlier lineage: up to which rev the server has found what they have, as
    /// they said then, in its own past. Else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seen: Rev,
    pub position: ListPosition,
    pub rows: Vec<R>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<(R::Id, Rev)>,
}

fn is_zero(rev: &Rev) -> bool {
    *rev == 0
}

/// A row that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed<R: Row> {
    Row(R),
    /// It is gone since the change `Rev`: its tombstone.
    Gone(R::Id, Rev),
}

impl<R: Row> Changed<R> {
    pub fn rev(&self) -> Rev {
        match self {
            Changed::Row(row) => row.rev(),
            Changed::Gone(_, rev) => *rev,
        }
    }
}

/// A list as the database has it at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListState {
    pub now: ListPosition,
    /// The oldest rev that can still be asked from: tombstones up to it are removed.
    pub floor: Rev,
    /// Where the list stood at the end of the lineage that the page names. `None`: the database has no such lineage.
    pub reached: Option<Rev>,
}

/// From which rev on whoever has so much of a list is sent what changed. `None`: what they have leads nowhere, and they have
/// to load it anew.
pub fn start(held: Option<Held>, state: &ListState) -> Option<Rev> {
    // Whoever has nothing lacks no tombstone.
    let Some(Held { position, seen }) = held else { return Some(0) };
    let reached = if position.lineage == state.now.lineage { Some(state.now.rev) } else { state.reached };
    let is_past = reached.is_some_and(|reached| position.rev.max(seen) <= reached);
    (is_past && position.rev >= state.floor).then_some(position.rev)
}

/// As much as fits into a frame of what `changed` up to `now` for whoever has so much, and whether there is more. `changed`
/// is in the order of its revs; `more`: it is not all. `room` is what there is for rows, in bytes, and `size` what one
/// takes on the wire; one goes in any case.
pub fn fitting<R: Row>(
    (held, now): (Option<Held>, ListPosition),
    changed: Vec<Changed<R>>,
    more: bool,
    room: usize,
    size: impl Fn(&Changed<R>) -> usize,
) -> (ListChanges<R>, bool) {
    let from = held.map_or(0, |held| held.position.rev);
    let seen = held.filter(|held| held.position.lineage != now.lineage).map_or(0, |held| held.seen);
    let mut bytes = 0;
    let fits = |changed: &&Changed<R>| {
        bytes += size(changed);
        bytes <= room
    };
    let count = changed.iter().take_while(fits).count().max(1).min(changed.len());
    let more = more || count < changed.len();
    // Each changed row has a rev of its own, so that whoever has the last one of them lacks none before it.
    let rev = changed.get(count.wrapping_sub(1)).filter(|_| more).map_or(now.rev, Changed::rev);
    let position = ListPosition { rev, ..now };
    let mut changes = ListChanges { from, seen, position, rows: Vec::with_capacity(count), gone: vec![] };
    for changed in changed.into_iter().take(count) {
        match changed {
            Changed::Row(row) => changes.rows.push(row),
            Changed::Gone(id, rev) => changes.gone.push((id, rev)),
        }
    }
    (changes, more)
}
