//! A list as a page has it: what it takes in of what comes. Pure.

use std::collections::BTreeMap;

use crate::{
    conversation::list::{Held, ListChanges, ListPosition, Row},
    ids::Rev,
};

/// The rows of a list that a page has, and up to which change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListRows<R: Row> {
    /// `None`: nothing has come yet.
    position: Option<ListPosition>,
    /// Before this nothing is known of rows that are gone: it was loaded then.
    loaded: Rev,
    rows: BTreeMap<R::Id, R>,
    /// Those that are gone, and since which change, so that what was read before that does not bring them back.
    gone: BTreeMap<R::Id, Rev>,
}

impl<R: Row> Default for ListRows<R> {
    fn default() -> ListRows<R> {
        ListRows { position: None, loaded: 0, rows: BTreeMap::new(), gone: BTreeMap::new() }
    }
}

impl<R: Row> ListRows<R> {
    /// What a page opens with, or has loaded anew. It replaces all that was there.
    pub fn loaded(position: ListPosition, rows: impl IntoIterator<Item = R>) -> ListRows<R> {
        let rows = rows.into_iter().map(|row| (row.id(), row)).collect();
        ListRows { position: Some(position), loaded: position.rev, rows, gone: BTreeMap::new() }
    }

    /// Up to which change it has the list.
    pub fn position(&self) -> Option<ListPosition> {
        self.position
    }

    /// How much of the list it has, for the server.
    pub fn held(&self) -> Option<Held> {
        let position = self.position?;
        let revs = self.rows.values().map(R::rev).chain(self.gone.values().copied());
        Some(Held { position, seen: revs.fold(position.rev, Rev::max) })
    }

    /// In the order of their ids.
    pub fn rows(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    pub fn get(&self, id: R::Id) -> Option<&R> {
        self.rows.get(&id)
    }

    /// Whether it was here, or was named as gone, and is not here any more.
    pub fn is_gone(&self, id: R::Id) -> bool {
        self.gone.contains_key(&id)
    }

    /// Takes in what changed, which the server has sent to whoever has so much. Gives the rows that are new or newer.
    pub fn take(&mut self, changes: ListChanges<R>) -> Vec<R> {
        self.position = Some(changes.position);
        for (id, rev) in changes.gone {
            if self.rev(id) < rev {
                self.rows.remove(&id);
                self.gone.insert(id, rev);
            }
        }
        self.take_newer(changes.rows)
    }

    /// Takes in rows that were read aside of the list, up to a change of their own: earlier ones, or the answer to what was sent.
    /// Gives those that are new or newer; `None`, and it takes none, if the list counts in another past than they do, or was
    /// loaded after they were read.
    pub fn take_aside(&mut self, read: ListPosition, rows: Vec<R>) -> Option<Vec<R>> {
        let position = self.position.get_or_insert(ListPosition { rev: 0, ..read });
        if position.lineage != read.lineage || read.rev < self.loaded {
            return None;
        }
        Some(self.take_newer(rows))
    }

    /// Each applies only if it is newer.
    fn take_newer(&mut self, rows: Vec<R>) -> Vec<R> {
        let newer: Vec<R> = rows.into_iter().filter(|row| self.rev(row.id()) < row.rev()).collect();
        for row in &newer {
            self.gone.remove(&row.id());
            self.rows.insert(row.id(), row.clone());
        }
        newer
    }

    /// The last change of a row that it has. Those of what it does not have are higher than this.
    fn rev(&self, id: R::Id) -> Rev {
        let row = self.rows.get(&id).map(R::rev);
        row.or_else(|| self.gone.get(&id).copied()).unwrap_or(Rev::MIN)
    }
}
