//! What a run of the checker looks at: how much may go wrong, and which rule of the design is taken away.

use std::{collections::HashSet, sync::Mutex};

use rivulet::message::Kind;

pub type Words = &'static [(Kind, &'static str)];

/// Two parts, and characters of one to three bytes. The second word is too long for one frame of the model's.
const REPLY: Words = &[(Kind::Thinking, "é"), (Kind::Text, "水b")];
/// What is said when it goes on, each time something else.
const MORE: [Words; 2] = [&[(Kind::Text, "!")], &[(Kind::Text, "?")]];
/// As little as there can be.
pub const SHORT: Words = &[(Kind::Text, "é")];
pub const NONE: Words = &[];
/// What goes on in the same way after a different beginning.
pub const ALIKE: [Words; 2] = [&[(Kind::Text, "!"), (Kind::Text, ".")], &[(Kind::Text, "?"), (Kind::Text, ".")]];

/// A rule that the promise rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Continue opens a new epoch.
    EpochBump,
    /// An epoch has a nonce beside its number.
    Nonce,
    /// Continue is a compare-and-set on the epoch that the presser saw.
    CompareAndSet,
    /// A text says at which byte it belongs.
    ByteOffset,
    /// What is shown was committed before.
    CommitFirst,
    /// A commit whose outcome is unknown is repeated until it is known, and nothing newer is shown.
    Repetition,
    /// Whoever joins is registered before it reads, so that nothing falls in between.
    JoinAsOne,
    /// A page takes the hub's copy before the row.
    HubBeforeRow,
    /// The heartbeat looks at everything again.
    Beat,
    /// A page follows a message until its end in the newest epoch that the list told of, not until any end.
    NewestEnd,
    /// A subscription waits for an epoch that opens, though it stands at the end of the one before.
    Patience,
}

/// How often something may still happen. What is not here may always happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Luck {
    /// `kill -9` of the server.
    pub crashes: u8,
    /// Connections that are lost with all that is on its way.
    pub cuts: u8,
    /// Wake-ups that a subscription does not hear.
    pub lost_wakes: u8,
    /// Commits whose outcome is not known, gone through or not.
    pub unknown: u8,
    pub stops: u8,
    pub continues: u8,
    /// Continue is pressed by somebody else, on a page that has just been opened.
    pub elsewhere: u8,
    pub reloads: u8,
    /// The server is killed, and the database put back to an earlier copy of it.
    pub restores: u8,
}

pub struct Design {
    pub tabs: usize,
    pub luck: Luck,
    /// How many frames may be on their way to a tab before it counts as slow.
    pub room: usize,
    /// How many questions of a tab may be on their way before it waits with the next frame, which may need one more.
    pub questions: usize,
    pub without: Vec<Guard>,
    pub reply: Words,
    /// What it says after each Continue.
    pub more: [Words; 2],
    /// Fingerprints of states that are known to lead to a good end.
    pub converging: Mutex<HashSet<u64>>,
}

impl Design {
    pub fn new(tabs: usize, luck: Luck) -> Design {
        Design {
            tabs,
            luck,
            room: 2,
            questions: 1,
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

    /// What the provider says next, and after all of it nothing.
    pub fn words(&self, said: usize, went_on: u32) -> Option<(Kind, &'static str)> {
        let words = match went_on.checked_sub(1) {
            None => self.reply,
            Some(time) => self.more.get(time as usize)?,
        };
        words.get(said).cloned()
    }

    pub fn without(mut self, guard: Guard) -> Design {
        self.without.push(guard);
        self
    }

    pub fn has(&self, guard: Guard) -> bool {
        !self.without.contains(&guard)
    }
}
