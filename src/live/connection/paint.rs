//! When what has come is shown: at once where little comes, else once a frame of the browser, at most every 33 ms. The
//! signals have it all the while, so nothing can be lost, doubled or put out of order here.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use leptos::prelude::*;

use super::{Live, now};
use crate::ids::MessageId;

/// The least between two paintings while much comes.
const INTERVAL: Duration = Duration::from_millis(33);
/// A frame of the browser is asked for so long before it is due, as it comes a little earlier or later.
const EARLY: Duration = Duration::from_millis(5);
/// What comes no more often than this is shown at once.
const SELDOM: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Paint {
    changed: RefCell<HashMap<MessageId, Changed>>,
    last: Cell<Duration>,
    scheduled: Cell<bool>,
}

struct Changed {
    live: Live,
    replaced: bool,
}

thread_local! {
    static PAINT: Paint = Paint::default();
}

/// A message has changed; `replaced`: nothing that is shown of it can stay.
pub(super) fn changed(id: MessageId, live: &Live, replaced: bool) {
    PAINT.with(|paint| {
        let mut changed = paint.changed.borrow_mut();
        changed.entry(id).or_insert_with(|| Changed { live: live.clone(), replaced: false }).replaced |= replaced;
        drop(changed);
        let elapsed = now().saturating_sub(paint.last.get());
        if document().hidden() || elapsed >= SELDOM && !paint.scheduled.get() {
            // Not while the client is at work.
            queue_microtask(flush);
            return;
        }
        if !paint.scheduled.replace(true) {
            set_timeout(|| request_animation_frame(flush), INTERVAL.saturating_sub(elapsed + EARLY));
        }
    });
}

/// Shows what has come and is not shown yet.
pub(super) fn flush() {
    PAINT.with(|paint| {
        paint.scheduled.set(false);
        let changed = std::mem::take(&mut *paint.changed.borrow_mut());
        if changed.is_empty() {
            return;
        }
        paint.last.set(now());
        for Changed { live, replaced } in changed.into_values() {
            live.message.notify();
            if replaced {
                live.replaced.update(|times| *times += 1);
            }
        }
    });
}
