//! Replies of which the database takes nothing though it takes others': each is tried by itself, less and less often,
//! and in the end only its end is, with what was shown of it. Its rows stay for as long as its message's row lacks
//! their text.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Batch, CommitError, Committer, Fenced, Item,
    store::{Store, Write},
};
use crate::{
    ids::now,
    language::t,
    live::hub::Running,
    message::{End, Status},
};

/// How often its next words are tried, while others' are written, before it is ended without them.
const MAX_TRIES: u32 = 7;
/// The pauses between tries double from the one to the other.
const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A reply that was set aside.
pub struct Aside {
    pub batch: Batch,
    /// What came of it since.
    pub waiting: Vec<Item>,
    /// Whether only its end is tried any more.
    ending: bool,
    /// How often it failed though words of others had been written since the time before. Where none are, it may well be
    /// the database: then nobody waits for it, and it is tried for as long as it takes.
    tries: u32,
    written: u64,
    next: Instant,
}

impl<S: Store> Committer<S> {
    pub(super) fn set_aside(&mut self, batch: Batch, error: &CommitError) {
        let id = batch.write.id;
        let refused = matches!(error, CommitError::Refused(_));
        tracing::error!(message = %id, %error, "the database does not take what comes of a reply; it is set aside");
        self.rows.set_aside(id, true);
        let next = Instant::now() + MIN_PAUSE;
        let mut aside = Aside { batch, waiting: vec![], ending: false, tries: 0, written: self.written, next };
        // Data that is refused once is refused again.
        if refused {
            aside.end_early();
            aside.next = Instant::now();
        }
        self.upkeep = self.upkeep.min(aside.next);
        self.aside.insert(id, aside);
    }

    /// Tries those whose time has come, and returns when the next one's does.
    pub(super) async fn try_again(&mut self) -> Result<Option<Instant>, Fenced> {
        let due = |aside: &Aside| aside.next <= Instant::now();
        let ids: Vec<_> = self.aside.iter().filter(|(_, aside)| due(aside)).map(|(id, _)| *id).collect();
        for id in ids {
            if !self.make_sure().await? {
                break;
            }
            let Some(mut aside) = self.aside.remove(&id) else { continue };
            match self.write(std::slice::from_ref(&aside.batch)).await {
                Ok(lost) => {
                    self.rows.set_aside(id, false);
                    self.settle(vec![aside.batch], &lost);
                    let mut waiting = aside.waiting;
                    let batches = self.take(&mut waiting);
                    Box::pin(self.commit(batches)).await?;
                }
                Err(CommitError::Fenced) => return Err(Fenced),
                Err(error) => {
                    aside.failed(&error, self.written);
                    self.aside.insert(id, aside);
                }
            }
        }
        Ok(self.aside.values().map(|aside| aside.next).min())
    }
}

impl Aside {
    fn failed(&mut self, error: &CommitError, written: u64) {
        self.tries += u32::from(written > self.written);
        self.written = written;
        let pause = (MIN_PAUSE * (1 << self.tries.min(8))).min(MAX_PAUSE);
        self.next = Instant::now() + pause;
        let id = self.batch.write.id;
        tracing::error!(message = %id, %error, tries = self.tries, ?pause, "the database still does not take what comes of a reply");
        if self.tries >= MAX_TRIES && !self.ending {
            self.end_early();
        }
    }

    /// It has come to the end, perhaps because a person pressed Stop, who waits for it: the next try is now.
    pub fn hurry(&mut self) {
        self.next = Instant::now();
    }

    /// From now on only its end is tried, with what was shown of it.
    fn end_early(&mut self) {
        self.ending = true;
        let running: &Arc<Running> = &self.batch.running;
        running.stop(Status::Failed);
        let message = running.message();
        let ended = message.position().end(End {
            status: Status::Failed,
            stop_reason: None,
            ended_at: now(),
            error: Some(t().server.replies.refused_by_database.into()),
            usage: None,
        });
        self.batch.new = None;
        self.batch.write = Write {
            id: running.id,
            epoch: message.epoch,
            // It writes no row of the journal.
            seq: 0,
            last: Some(running.message_with(std::slice::from_ref(&ended))),
            events: vec![ended],
        };
    }
}
