//! The group committer: one queue, one transaction for all running replies, and nothing is visible before it.
//!
//! It commits at once when idle and at most every 8 ms under load. Until a commit's outcome is known the same batch is
//! tried again, and nothing newer is built or shown.

pub mod store;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::hub::{Hub, Running};
use crate::{
    ids::{MessageId, OwnerId, now},
    live::List,
    message::{Change, End, Ended, Event, Status},
    server::database::{Database, is_data_error},
};
use store::{CommitError, Open, Write};

/// The shortest time between the beginnings of two commits.
const PACE: Duration = Duration::from_millis(8);
/// The longest wait before a failed commit is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A piece of a reply on its way to the database.
pub struct Item {
    pub running: Arc<Running>,
    pub event: Event,
    /// Its bytes' share of what may wait; given back when it is committed.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// The way into the journal.
#[derive(Clone)]
pub struct Journal {
    queue: mpsc::UnboundedSender<Item>,
}

impl Journal {
    /// Starts the committer, which cancels `closing` when another process has taken over. It ends, with all that was queued committed, when the last `Journal` is dropped.
    pub fn start(
        database: Arc<Database>,
        hub: Arc<Hub>,
        owner: OwnerId,
        closing: CancellationToken,
    ) -> (Journal, JoinHandle<()>) {
        let (queue, items) = mpsc::unbounded_channel();
        let committer = Committer { database, hub, owner, closing, items, next_seq: 1, open: Open::new() };
        (Journal { queue }, tokio::spawn(committer.run()))
    }

    pub fn append(&self, item: Item) {
        // The committer outlives every sender; it only ends when they are gone.
        let _ = self.queue.send(item);
    }
}

/// What one commit holds of one reply.
struct Batch {
    running: Arc<Running>,
    write: Write,
    permits: Vec<OwnedSemaphorePermit>,
}

struct Committer {
    database: Arc<Database>,
    hub: Arc<Hub>,
    owner: OwnerId,
    closing: CancellationToken,
    items: mpsc::UnboundedReceiver<Item>,
    next_seq: i64,
    open: Open,
}

impl Committer {
    async fn run(mut self) {
        let mut items = Vec::new();
        let mut earliest = Instant::now();
        while self.items.recv_many(&mut items, 10_000).await > 0 {
            if Instant::now() < earliest {
                sleep_until(earliest).await;
                while let Ok(item) = self.items.try_recv() {
                    items.push(item);
                }
            }
            earliest = Instant::now() + PACE;
            let batch = self.number(gather(items.drain(..)));
            self.commit(batch).await;
        }
    }

    /// Gives every event its row.
    fn number(&mut self, mut batches: Vec<Batch>) -> Vec<Batch> {
        for Batch { write, .. } in &mut batches {
            write.seq = self.next_seq;
            self.next_seq += write.events.len() as i64;
            self.open.entry(write.id).or_insert(write.seq);
        }
        batches
    }

    async fn commit(&mut self, batch: Vec<Batch>) {
        let (batches, writes): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|batch| ((batch.running, batch.permits), batch.write)).unzip();
        let fates = self.write(&writes).await;
        for (((running, _permits), write), fate) in batches.into_iter().zip(writes).zip(fates) {
            if write.last.is_some() || !matches!(fate, Fate::Written) {
                self.open.remove(&write.id);
            }
            match fate {
                Fate::Written => self.show(&running, write),
                Fate::Lost => self.let_go(&running),
                Fate::Refused => self.end_early(&running).await,
            }
        }
    }

    /// Writes until the outcome is known, and says what became of each.
    async fn write(&self, writes: &[Write]) -> Vec<Fate> {
        let mut pause = Duration::from_millis(20);
        loop {
            let error = match self.database.commit(self.owner, writes, &self.open).await {
                Ok(lost) => {
                    let fate = |write: &Write| if lost.contains(&write.id) { Fate::Lost } else { Fate::Written };
                    return writes.iter().map(fate).collect();
                }
                Err(CommitError::Fenced) => {
                    tracing::error!("another process has taken over this database; this one stops");
                    self.closing.cancel();
                    return vec![Fate::Lost; writes.len()];
                }
                Err(CommitError::Database(error)) => error,
            };
            match writes {
                [write] if is_data_error(&error) => {
                    tracing::error!(message = %write.id, %error, "the database refused a reply");
                    return vec![Fate::Refused];
                }
                _ if is_data_error(&error) => {
                    tracing::error!(%error, replies = writes.len(), "the database refused a batch; trying reply by reply");
                    let mut fates = Vec::new();
                    for write in writes {
                        fates.extend(Box::pin(self.write(std::slice::from_ref(write))).await);
                    }
                    return fates;
                }
                _ => {
                    tracing::error!(%error, replies = writes.len(), "a commit's outcome is unknown; trying the same again");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn show(&self, running: &Running, write: Write) {
        let ended = write.last.is_some();
        running.publish(write.events);
        if ended {
            self.hub.leave(running);
            self.hub.changed(List::Messages(running.conversation));
        }
    }

    fn let_go(&self, running: &Running) {
        tracing::warn!(message = %running.id, "a reply's message is gone or another's; the reply is cancelled");
        running.gone();
        self.hub.leave(running);
    }

    /// Ends a reply of which the database takes no more, with what it has of it.
    async fn end_early(&self, running: &Running) {
        let message = running.message();
        let end = End {
            status: Status::Failed,
            ended_at: now(),
            error: Some(
                "The database refused to keep more of this reply. What had come is kept; press Retry to ask again."
                    .into(),
            ),
            usage: None,
        };
        let at = message.parts.last().map_or(0, |part| part.text.len());
        let ended =
            Event { epoch: message.epoch, change: Change::Ended(Ended { parts: message.parts.len(), at, end }) };
        let write = Write {
            id: running.id,
            account: running.account,
            epoch: message.epoch,
            // It writes no row of the journal.
            seq: 0,
            last: Some(running.message_with(std::slice::from_ref(&ended))),
            events: vec![ended],
        };
        running.stop(Status::Failed);
        match self.write(std::slice::from_ref(&write)).await[..] {
            [Fate::Written] => self.show(running, write),
            _ => self.let_go(running),
        }
    }
}

/// What became of a write.
#[derive(Clone, Copy)]
enum Fate {
    Written,
    /// The reply's message is gone, ended or another's.
    Lost,
    /// The database will not have it.
    Refused,
}

/// Sorts what has come by reply, and joins texts that follow each other.
fn gather(items: impl Iterator<Item = Item>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut index: HashMap<MessageId, usize> = HashMap::new();
    // What a reply says after it was ended from outside is said to nobody.
    for item in items.filter(|item| !item.running.is_over()) {
        let at = *index.entry(item.running.id).or_insert_with(|| {
            batches.push(Batch {
                write: Write {
                    id: item.running.id,
                    account: item.running.account,
                    epoch: item.event.epoch,
                    seq: 0,
                    events: vec![],
                    last: None,
                },
                running: item.running.clone(),
                permits: vec![],
            });
            batches.len() - 1
        });
        let batch = &mut batches[at];
        batch.permits.extend(item.permit);
        join(&mut batch.write.events, item.event);
    }
    for batch in &mut batches {
        if matches!(batch.write.events.last(), Some(Event { change: Change::Ended(_), .. })) {
            batch.write.last = Some(batch.running.message_with(&batch.write.events));
        }
    }
    batches
}

fn join(events: &mut Vec<Event>, event: Event) {
    if let (Some(Event { change: Change::Text(before), .. }), Change::Text(text)) = (events.last_mut(), &event.change)
        && before.part == text.part
    {
        before.text.push_str(&text.text);
        return;
    }
    events.push(event);
}
