//! Who follows a list, and what changed in it, read and encoded once for all who stand at the same place.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use tokio::{sync::Mutex, time::Instant};

use super::Tab;
use crate::{
    conversation::{ListPosition, list::Held},
    ids::UserId,
};

/// What whoever follows a list is sent.
#[derive(Clone)]
pub enum ListFrame {
    /// What changed up to a position, encoded, and whether there is more after that.
    Changes { position: ListPosition, more: bool, frame: Utf8Bytes },
    /// They have to load it anew.
    Reset,
    /// It is not, or no longer, for them.
    Gone,
}

/// From where on somebody is sent what changed in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListAsk {
    /// How much of it they have.
    pub held: Option<Held>,
    /// The longest frame, in bytes.
    pub limit: usize,
}

/// Who follows a list.
#[derive(Default)]
pub(super) struct Followers {
    tabs: Vec<Weak<Tab>>,
    /// How often it has changed since somebody followed it, or somebody may have lost it.
    changes: u64,
    /// By who asks: each is sent only what they may see.
    latest: HashMap<UserId, Arc<Mutex<Option<Latest>>>>,
}

/// What was read last, and from where on.
pub(super) struct Latest {
    changes: u64,
    ask: ListAsk,
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
        self.outdate();
        self.tabs.clone()
    }

    /// What was read before this does for nobody any more.
    pub fn outdate(&mut self) {
        self.changes += 1;
    }

    /// How often it has changed, and the place of what was read last for this person.
    pub fn latest(&mut self, person: UserId) -> (u64, Arc<Mutex<Option<Latest>>>) {
        (self.changes, self.latest.entry(person).or_default().clone())
    }
}

impl Latest {
    pub fn new(changes: u64, ask: ListAsk, frame: ListFrame) -> Latest {
        Latest { changes, ask, at: Instant::now(), frame }
    }

    /// The frame, if nothing has changed since and it leads on from there.
    pub fn does(&self, changes: u64, ask: ListAsk) -> Option<ListFrame> {
        let fits = match &self.frame {
            // All of it, which may be shorter than others' frames may be.
            ListFrame::Changes { more: false, frame, .. } => frame.len() <= ask.limit,
            ListFrame::Changes { more: true, .. } => self.ask.limit == ask.limit,
            ListFrame::Reset | ListFrame::Gone => true,
        };
        let fresh = self.changes == changes && self.ask.held == ask.held && self.at.elapsed() < MAX_AGE;
        (fits && fresh).then(|| self.frame.clone())
    }
}
