//! How syncs behave.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How syncs behave, as it stands in the file: `ignored`, or `every N fail` and `MICROSECONDS late`, both optional, each on
/// a line of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// It succeeds, and nothing becomes durable.
    pub ignored: bool,
    /// Every so many of them fail, and drop what they should have made durable.
    pub failing: Option<u64>,
    pub delay: Duration,
}

/// What is done at one sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    Done,
    Ignored,
    Failed,
}

/// The file that has it, and how many syncs there were.
pub struct Syncs {
    file: PathBuf,
    count: AtomicU64,
}

impl Behaviour {
    /// What the file's text means; nothing special where it cannot be understood.
    pub fn read(text: &str) -> Behaviour {
        text.lines().fold(Behaviour::default(), |behaviour, line| match line.split_whitespace().collect::<Vec<_>>()[..]
        {
            ["ignored"] => Behaviour { ignored: true, ..behaviour },
            ["every", every, "fail"] => Behaviour { failing: every.parse().ok(), ..behaviour },
            [micros, "late"] => Behaviour { delay: Duration::from_micros(micros.parse().unwrap_or(0)), ..behaviour },
            _ => behaviour,
        })
    }
}

impl Syncs {
    pub fn new(file: PathBuf) -> Syncs {
        Syncs { file, count: AtomicU64::new(0) }
    }

    /// What is done at the next sync, after its delay.
    pub fn next(&self) -> Sync {
        let Behaviour { ignored, failing, delay } =
            Behaviour::read(&std::fs::read_to_string(&self.file).unwrap_or_default());
        std::thread::sleep(delay);
        let count = self.count.fetch_add(1, Relaxed) + 1;
        match failing {
            _ if ignored => Sync::Ignored,
            Some(every) if count.is_multiple_of(every) => Sync::Failed,
            _ => Sync::Done,
        }
    }
}
