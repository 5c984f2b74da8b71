//! Who follows a list, and what changed in it, read and encoded once for all who stand at the same place.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use tokio::{sync::Mutex, time::Instant};

use super::Tab;
use crate::ids::UserId;

/// What changed in a list up to `rev`, as it is sent.
#[derive(Clone)]
pub struct ListFrame {
    pub rev: i64,
    /// Whether there is more after `rev`.
    pub more: bool,
    pub frame: Utf8Bytes,
}

/// Who follows a list.
#[derive(Default)]
pub(super) struct Followers {
    tabs: Vec<Weak<Tab>>,
    /// How often it has changed since somebody followed it.
    changes: u64,
    /// By who asks: each is sent only what they may see.
    latest: HashMap<UserId, Arc<Mutex<Option<Latest>>>>,
}

/// What was read last, and from where on.
pub(super) struct Latest {
    changes: u64,
    since: i64,
    at: Instant,
    frame: ListFrame,
}

/// For so long a frame does for others. A tab that looks without having been woken finds what nobody was woken for.
const MAX_AGE: Duration = Duration::from_secs(1);

impl Followers {
    pub fn add(&mut self, tab: &Arc<Tab>) {
        self.remove(tab);
        self.tabs.push(Arc::downgrade(tab));
    }

    pub fn remove(&mut self, tab: &Arc<Tab>) {
        self.tabs.retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tab)));
    }

    pub fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    pub fn tabs(&self) -> Vec<Weak<Tab>> {
        self.tabs.clone()
    }

    /// Counts a change, and gives whom to wake.
    pub fn change(&mut self) -> Vec<Weak<Tab>> {
        self.changes += 1;
        self.tabs.clone()
    }

    /// How often it has changed, and the place of what was read last for this person.
    pub fn latest(&mut self, person: UserId) -> (u64, Arc<Mutex<Option<Latest>>>) {
        (self.changes, self.latest.entry(person).or_default().clone())
    }
}

impl Latest {
    pub fn new(changes: u64, since: i64, frame: ListFrame) -> Latest {
        Latest { changes, since, at: Instant::now(), frame }
    }

    /// The frame, if nothing has changed since and it leads on from there.
    pub fn does(&self, changes: u64, since: i64) -> Option<ListFrame> {
        let fresh = self.changes == changes && self.since == since && self.at.elapsed() < MAX_AGE;
        fresh.then(|| self.frame.clone())
    }
}
