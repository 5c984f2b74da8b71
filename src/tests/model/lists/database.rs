//! A list in the database, written by the rules of `conversation/changes/store.rs` and `database/lineage.rs`.

use std::collections::BTreeMap;

use rivulet::{
    conversation::{
        Conversation, ListPosition,
        list::{Changed, Held, ListState},
    },
    ids::{ConversationId, Lineage, Rev},
};
use uuid::Uuid;

use super::{Design, Guard};

/// How many rows a page opens with.
const WINDOW: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    /// In the order in which they were begun.
    lineages: Vec<Lineage>,
    /// Where the list stood when it was first changed in a lineage, by the number of that.
    starts: BTreeMap<usize, Rev>,
    rev: Rev,
    floor: Rev,
    /// In the order of the list. A row without a title is a tombstone.
    rows: BTreeMap<u128, (Rev, Option<u8>)>,
}

impl Database {
    /// With three rows, one more than a page opens with.
    pub fn new() -> Database {
        let rows = (1..=3).map(|row: u8| (row.into(), (row.into(), Some(row)))).collect();
        Database { lineages: vec![Lineage(0)], starts: BTreeMap::new(), rev: 3, floor: 0, rows }
    }

    pub fn begins(&mut self, lineage: Lineage) {
        self.lineages.push(lineage);
    }

    pub fn position(&self) -> ListPosition {
        let lineage = *self.lineages.last().expect("a lineage was begun");
        ListPosition { lineage, rev: self.rev }
    }

    pub fn state(&self, held: Option<Held>, design: &Design) -> ListState {
        let end = |number: usize| self.starts.range(number + 1..).next().map_or(self.rev, |(_, rev)| *rev);
        let number = held.and_then(|held| self.lineages.iter().position(|one| *one == held.position.lineage));
        let reached = number.map(|number| if design.has(Guard::EndOfLineage) { end(number) } else { self.rev });
        let floor = if design.has(Guard::Floor) { self.floor } else { 0 };
        ListState { now: self.position(), floor, reached }
    }

    pub fn since(&self, from: Rev) -> Vec<Changed<Conversation>> {
        let mut changed: Vec<_> = (self.rows.iter())
            .filter(|(_, (rev, _))| *rev > from)
            .map(|(id, (rev, title))| match title {
                Some(title) => Changed::Row(row(*id, *rev, *title)),
                None => Changed::Gone(id_of(*id), *rev),
            })
            .collect();
        changed.sort_by_key(Changed::rev);
        changed
    }

    /// The rows that are there.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Conversation> {
        self.rows.iter().filter_map(|(id, (rev, title))| Some(row(*id, *rev, (*title)?)))
    }

    /// What a page opens with: the last rows, and from which on they are all.
    pub fn page(&self) -> (Vec<Conversation>, ConversationId) {
        let page: Vec<_> = self.rows().rev().take(WINDOW).collect();
        let more = self.rows().count() > WINDOW;
        let from = page.last().filter(|_| more).map_or(id_of(0), |first| first.id);
        (page, from)
    }

    /// Changes the first row that is there, which is not in the window, or the last.
    pub fn changes(&mut self, first: bool, title: u8) {
        let rev = self.count();
        let mut there = self.rows.values_mut().filter(|(_, title)| title.is_some());
        let row = if first { there.next() } else { there.last() };
        row.into_iter().for_each(|row| *row = (rev, Some(title)));
    }

    pub fn adds(&mut self, title: u8) -> Conversation {
        let rev = self.count();
        let id = self.rows.keys().last().map_or(1, |last| last + 1);
        self.rows.insert(id, (rev, Some(title)));
        row(id, rev, title)
    }

    pub fn deletes_all(&mut self, design: &Design) {
        let there: Vec<u128> = self.rows.iter().filter(|(_, row)| row.1.is_some()).map(|(id, _)| *id).collect();
        let mut rev = self.rev;
        for (at, id) in there.into_iter().enumerate() {
            if at == 0 || design.has(Guard::OwnRev) {
                rev = self.count();
            }
            self.rows.insert(id, (rev, None));
        }
    }

    /// Removes the tombstones and raises the floor, in one transaction.
    pub fn purges(&mut self) {
        let gone = self.rows.values().filter(|(_, title)| title.is_none()).map(|(rev, _)| *rev);
        self.floor = gone.fold(self.floor, Rev::max);
        self.rows.retain(|_, (_, title)| title.is_some());
    }

    fn count(&mut self) -> Rev {
        self.starts.entry(self.lineages.len() - 1).or_insert(self.rev);
        self.rev += 1;
        self.rev
    }
}

pub fn id_of(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

fn row(id: u128, rev: Rev, title: u8) -> Conversation {
    Conversation {
        id: id_of(id),
        rev,
        title: title.to_string(),
        updated_at: 0,
        replied: 0,
        is_running: false,
        mark: None,
        expires_at: None,
    }
}
