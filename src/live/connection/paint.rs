//! When what has come is shown: at once where little comes, else once a frame of the browser, at most every 33 ms. The
//! signals have it all the while, so nothing can be lost, doubled or put out of order here.

use std::{collections::HashMap, time::Duration};

use leptos::prelude::*;

use super::{Live, now};
use crate::{ids::MessageId, message::Part};

/// The least between two paintings while much comes.
const INTERVAL: Duration = Duration::from_millis(33);
/// A frame of the browser is asked for so long before it is due, as it comes a little earlier or later.
const EARLY: Duration = Duration::from_millis(5);
/// What comes no more often than this is shown at once.
const SELDOM: Duration = Duration::from_millis(100);

/// Copied freely: it is a handle.
#[derive(Clone, Copy)]
pub(super) struct Painter(StoredValue<Unpainted>);

/// What is not shown yet.
#[derive(Default)]
struct Unpainted {
    changed: HashMap<MessageId, Changed>,
    last: Duration,
    scheduled: bool,
}

struct Changed {
    live: Live,
    replaced: bool,
}

impl Default for Painter {
    fn default() -> Painter {
        Painter(StoredValue::new(Unpainted::default()))
    }
}

impl Painter {
    /// A message has changed; `replaced`: nothing that is shown of it can stay.
    pub fn changed(self, id: MessageId, live: &Live, replaced: bool) {
        self.0.try_update_value(|unpainted| {
            let changed = unpainted.changed.entry(id);
            changed.or_insert_with(|| Changed { live: live.clone(), replaced: false }).replaced |= replaced;
            let elapsed = now().saturating_sub(unpainted.last);
            if document().hidden() || elapsed >= SELDOM && !unpainted.scheduled {
                // Not while the client is at work.
                queue_microtask(move || self.flush());
            } else if !unpainted.scheduled {
                unpainted.scheduled = true;
                let paint = move || request_animation_frame(move || self.flush());
                set_timeout(paint, INTERVAL.saturating_sub(elapsed + EARLY));
            }
        });
    }

    /// Shows what has come and is not shown yet.
    pub fn flush(self) {
        let changed = self.0.try_update_value(|unpainted| {
            unpainted.scheduled = false;
            if !unpainted.changed.is_empty() {
                unpainted.last = now();
            }
            std::mem::take(&mut unpainted.changed)
        });
        for Changed { live, replaced } in changed.unwrap_or_default().into_values() {
            live.message.notify();
            if replaced {
                live.replaced.update(|times| *times += 1);
            }
        }
    }
}

/// Whether what is shown of `old` can stay when it becomes `new`.
pub(super) fn begins_with(new: &[Part], old: &[Part]) -> bool {
    old.len() <= new.len()
        && new.iter().zip(old).all(|(new, old)| new.kind == old.kind && new.text.starts_with(&old.text))
}
