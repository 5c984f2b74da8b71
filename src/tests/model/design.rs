//! What a run of the checker varies: how much may go wrong, and which guards of the design are taken away.

use std::{collections::HashSet, sync::Mutex};

use rivulet::message::Kind;

pub type Words = &'static [(Kind, &'static str)];

/// Two parts, and characters of one to three bytes. The second text is too long for one frame of the model.
const REPLY: Words = &[(Kind::Thinking, "é"), (Kind::Text, "水b")];
/// What is written after each Continue, each time something else.
const MORE: [Words; 2] = [&[(Kind::Text, "!")], &[(Kind::Text, "?")]];
/// The shortest reply with text.
pub const SHORT: Words = &[(Kind::Text, "é")];
pub const NONE: Words = &[];
/// Texts that differ at first and then are the same.
pub const ALIKE: [Words; 2] = [&[(Kind::Text, "!"), (Kind::Text, ".")], &[(Kind::Text, "?"), (Kind::Text, ".")]];

/// A rule that the promise depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Continue opens a new epoch.
    EpochBump,
    /// An epoch has a nonce beside its number.
    Nonce,
    /// Continue is a compare-and-set on the epoch that the person saw.
    CompareAndSet,
    /// A text has the byte at which it belongs.
    ByteOffset,
    /// Only what is committed is shown.
    CommitFirst,
    /// A commit whose outcome is unknown is repeated until it is known, and nothing newer is shown.
    Repetition,
    /// A subscription is registered before it reads, so that nothing is missed in between.
    RegisterFirst,
    /// A page reads the hub's copy before the row.
    HubBeforeRow,
    /// The heartbeat checks every subscription again.
    Beat,
    /// A page follows a message until its end in the newest epoch that the list has, not until any end.
    NewestEnd,
    /// What a tab shows stays until as much has come of a newer epoch.
    KeepShown,
    /// A subscription at the end of an epoch waits while the next one opens.
    AwaitNextEpoch,
}

/// How often each of these may still happen. All other steps may happen at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// `kill -9` of the server.
    pub crashes: u8,
    /// Connections that are lost with all frames on their way.
    pub cuts: u8,
    /// Wake-ups that a subscription misses.
    pub lost_wakes: u8,
    /// Commits whose outcome is unknown: they may have succeeded or failed.
    pub unknown: u8,
    pub stops: u8,
    pub continues: u8,
    /// Another person presses Continue, on a page that was just loaded.
    pub elsewhere: u8,
    pub reloads: u8,
    /// The server is killed, and an earlier copy of the database restored.
    pub restores: u8,
}

pub struct Design {
    pub tabs: usize,
    pub budget: Budget,
    /// How many frames may be on their way to a tab before it counts as slow.
    pub room: usize,
    /// How many requests of a tab may be on their way before it takes the next frame, which may cause one more.
    pub requests: usize,
    pub without: Vec<Guard>,
    pub reply: Words,
    /// What it writes after each Continue.
    pub more: [Words; 2],
    /// Fingerprints of states from which every order of steps converges.
    pub converging: Mutex<HashSet<u64>>,
}

impl Design {
    pub fn new(tabs: usize, budget: Budget) -> Design {
        Design {
            tabs,
            budget,
            room: 2,
            requests: 1,
            without: vec![],
            reply: REPLY,
            more: MORE,
            converging: Mutex::default(),
        }
    }

    pub fn converges_from(&self, fingerprint: u64) -> bool {
        self.converging.lock().expect("the checker has panicked").contains(&fingerprint)
    }

    pub fn add_converging(&self, fingerprints: impl IntoIterator<Item = u64>) {
        self.converging.lock().expect("the checker has panicked").extend(fingerprints);
    }

    /// What the provider writes next, if anything.
    pub fn words(&self, written: usize, resumed: u32) -> Option<(Kind, &'static str)> {
        let words = match resumed.checked_sub(1) {
            None => self.reply,
            Some(time) => self.more.get(time as usize)?,
        };
        words.get(written).cloned()
    }

    pub fn without(mut self, guard: Guard) -> Design {
        self.without.push(guard);
        self
    }

    pub fn has(&self, guard: Guard) -> bool {
        !self.without.contains(&guard)
    }
}
