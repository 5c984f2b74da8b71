//! The group committer: one queue, one transaction for all running replies, and nothing is visible before it.
//!
//! It commits at once when idle and at most every 8 ms under load. Until a commit's outcome is known the same batch is
//! tried again, and nothing newer is built or shown.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    hub::{Hub, Running},
    store::{CommitError, Write},
};
use crate::{
    ids::{MessageId, OwnerId},
    live::List,
    message::{Change, Event},
    server::database::{Database, is_data_error},
};

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
        let committer = Committer { database, hub, owner, closing, items };
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
            self.commit(gather(items.drain(..))).await;
        }
    }

    async fn commit(&self, batch: Vec<Batch>) {
        let (batches, writes): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|batch| ((batch.running, batch.permits), batch.write)).unzip();
        let lost = self.write(&writes).await;
        for ((running, permits), write) in batches.into_iter().zip(writes) {
            if lost.contains(&running.id) {
                tracing::warn!(message = %running.id, "a reply's message is gone or another's; the reply is cancelled");
                running.gone();
                self.hub.leave(&running);
                continue;
            }
            let ended = write.last.is_some();
            running.publish(write.events);
            drop(permits);
            if ended {
                self.hub.leave(&running);
                self.hub.changed(List::Messages(running.conversation));
            }
        }
    }

    /// Writes until the outcome is known, and says which replies are lost.
    async fn write(&self, writes: &[Write]) -> Vec<MessageId> {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.database.commit(self.owner, writes).await {
                Ok(lost) => return lost,
                Err(CommitError::Fenced) => {
                    tracing::error!("another process has taken over this database; this one stops");
                    self.closing.cancel();
                    return writes.iter().map(|write| write.id).collect();
                }
                Err(CommitError::Database(error)) if is_data_error(&error) => {
                    tracing::error!(%error, replies = writes.len(), "the database refused a batch; trying reply by reply");
                    return self.write_one_by_one(writes).await;
                }
                Err(CommitError::Database(error)) => {
                    tracing::error!(%error, replies = writes.len(), "a commit's outcome is unknown; trying the same again");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// So that one bad reply stalls no other.
    async fn write_one_by_one(&self, writes: &[Write]) -> Vec<MessageId> {
        let mut lost = Vec::new();
        for write in writes {
            let mut pause = Duration::from_millis(20);
            loop {
                match self.database.commit(self.owner, std::slice::from_ref(write)).await {
                    Ok(gone) => lost.extend(gone),
                    Err(CommitError::Database(error)) if !is_data_error(&error) => {
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        continue;
                    }
                    Err(error) => {
                        tracing::error!(message = %write.id, %error, "the database refused a reply");
                        lost.push(write.id);
                    }
                }
                break;
            }
        }
        lost
    }
}

/// Sorts what has come by reply, and joins texts that follow each other.
fn gather(items: impl Iterator<Item = Item>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut index: HashMap<MessageId, usize> = HashMap::new();
    for item in items {
        let at = *index.entry(item.running.id).or_insert_with(|| {
            batches.push(Batch {
                write: Write {
                    id: item.running.id,
                    account: item.running.account,
                    epoch: item.event.epoch,
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
