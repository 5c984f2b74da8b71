//! Which conversations are being chosen.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::ids::ConversationId;

/// The conversations that are chosen. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub(super) struct Selection {
    /// `None`: nothing is being chosen.
    chosen: RwSignal<Option<BTreeSet<ConversationId>>>,
    /// The row that was chosen last, from which a range goes.
    last: StoredValue<Option<ConversationId>>,
}

impl Selection {
    pub fn new() -> Selection {
        Selection { chosen: RwSignal::new(None), last: StoredValue::new(None) }
    }

    pub fn is_open(self) -> bool {
        self.chosen.read().is_some()
    }

    pub fn all(self) -> Vec<ConversationId> {
        self.chosen.read().iter().flatten().copied().collect()
    }

    pub fn has(self, id: ConversationId) -> bool {
        self.chosen.read().as_ref().is_some_and(|chosen| chosen.contains(&id))
    }

    pub fn begin(self, id: ConversationId) {
        self.chosen.set(Some(BTreeSet::from([id])));
        self.last.set_value(Some(id));
    }

    pub fn leave(self) {
        self.chosen.set(None);
    }

    /// Chooses a row, or does no more; with `range` all from the last one to it, as they are `shown`.
    pub fn turn(self, id: ConversationId, range: bool, shown: &[ConversationId]) {
        let place = |id| shown.iter().position(|one| *one == id);
        let ends = self.last.get_value().and_then(place).zip(place(id)).filter(|_| range);
        self.chosen.update(|chosen| {
            let Some(chosen) = chosen else { return };
            match ends {
                Some((from, to)) => chosen.extend(&shown[from.min(to)..=from.max(to)]),
                None if chosen.remove(&id) => {}
                None => drop(chosen.insert(id)),
            }
        });
        self.last.set_value(Some(id));
    }
}
