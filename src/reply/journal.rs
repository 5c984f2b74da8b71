//! The group committer: one queue, one transaction for all running replies, and nothing is visible before it.
//!
//! It has a thread of its own. It commits at once when idle and at most every 8 ms under load. Until a commit's outcome
//! is known the same batch is tried again, and nothing newer is built or shown. After an error that leaves the outcome
//! unknown the database is asked how far it is, and what it lacks is written with the batch (`repair`). A reply of which
//! the database takes nothing, though it takes others', is set aside (`aside`): it stands still, the others continue.

mod aside;
mod batch;
pub(super) mod ending {
    //! How a reply ends in the database.
    pub mod store;
}
mod repair;
mod replay;
pub mod rows;
pub mod sqlite {
    //! What SQLite does of what the committer asks.
    pub mod store;
}
pub mod store;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use tokio::{
    runtime,
    sync::{Mutex, OwnedSemaphorePermit, mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout_at},
};

use crate::{
    ids::MessageId,
    live::hub::{Hub, ListTopic, Running},
    message::{Change, Event, Message},
};
use aside::Aside;
use batch::{Batch, gather};
pub use replay::{missing, replay};
use rows::{Rows, Sweep};
use store::{CommitError, Store, Write};

/// The shortest time between the beginnings of two commits.
const PACE: Duration = Duration::from_millis(8);
/// The longest wait before a failed commit is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often in a row a batch fails before each reply is tried by itself.
const FAILURES_TOGETHER: u32 = 3;
/// How often to look for what no new item asks for: rows to fold and to sweep, replies that were set aside.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);
/// The same where there is nothing to look for.
const FAR: Duration = Duration::from_secs(60 * 60);
/// How many rows that nobody needs a commit leaves, if no reply ends in it.
const ROWS_LEFT: i64 = 1_000;
/// A commit that takes longer is worth a line in the log.
const SLOW_COMMIT: Duration = Duration::from_millis(50);

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
    /// Starts the committer's thread; `turn` is whose turn it is to write. The thread ends, with all that was queued
    /// committed, when the last `Journal` is dropped: then the receiver gets a value. If it gets an error, nothing is
    /// kept any more and this process has to end: the committer panicked, or another process has taken over.
    pub fn start(
        store: impl Store,
        turn: Arc<Mutex<()>>,
        hub: Arc<Hub>,
    ) -> anyhow::Result<(Journal, oneshot::Receiver<()>)> {
        let (queue, items) = mpsc::unbounded_channel();
        let (ended, end) = oneshot::channel();
        let committer = Committer {
            store,
            turn,
            hub,
            items,
            rows: Rows::default(),
            aside: HashMap::new(),
            ended: VecDeque::new(),
            is_unsure: false,
            written: 0,
            upkeep: Instant::now() + UPKEEP_INTERVAL,
        };
        let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
        // It logs where whoever starts it does.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let run = move || {
            let committed = tracing::dispatcher::with_default(&log, || runtime.block_on(committer.run()));
            // Nobody may be there to receive it.
            if committed.is_ok() {
                let _ = ended.send(());
            }
        };
        std::thread::Builder::new().name("journal".into()).spawn(run).context("The journal has no thread.")?;
        Ok((Journal { queue }, end))
    }

    pub fn append(&self, item: Item) {
        // Without a committer the process is about to end.
        let _ = self.queue.send(item);
    }
}

/// Another process has taken over.
struct Fenced;

struct Committer<S> {
    store: S,
    turn: Arc<Mutex<()>>,
    hub: Arc<Hub>,
    items: mpsc::UnboundedReceiver<Item>,
    rows: Rows<Instant>,
    /// The replies of which nothing can be written for now.
    aside: HashMap<MessageId, Aside>,
    /// The replies whose end the database may still lack after a connection was lost, and since when they are over.
    ended: VecDeque<(Instant, Arc<Running>)>,
    /// Whether the outcome of a commit is unknown, and with it how far the database is.
    is_unsure: bool,
    /// How often words of a reply were written.
    written: u64,
    /// When to look for what no new item asks for.
    upkeep: Instant,
}

impl<S: Store> Committer<S> {
    async fn run(mut self) -> Result<(), Fenced> {
        let ended = self.commit_all().await;
        if ended.is_err() {
            tracing::error!("another process has taken over this database; this one stops");
            for running in self.hub.all_running(None) {
                self.lose(&running);
            }
        }
        ended
    }

    async fn commit_all(&mut self) -> Result<(), Fenced> {
        let mut items = Vec::new();
        let mut earliest = Instant::now();
        loop {
            // With no reply open there is nothing to look after.
            let is_idle = self.rows.is_empty() && self.ended.is_empty();
            let upkeep = if is_idle { Instant::now() + FAR } else { self.upkeep };
            match timeout_at(upkeep, self.items.recv_many(&mut items, 10_000)).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(_) => {
                    self.keep_up().await?;
                    continue;
                }
            }
            if Instant::now() < earliest {
                sleep_until(earliest).await;
                while let Ok(item) = self.items.try_recv() {
                    items.push(item);
                }
            }
            earliest = Instant::now() + PACE;
            let batches = self.take(&mut items);
            self.commit(batches).await?;
            if self.upkeep <= earliest {
                self.keep_up().await?;
            }
        }
    }

    /// What may be committed now: what comes of a reply that was set aside waits there.
    fn take(&mut self, items: &mut Vec<Item>) -> Vec<Batch> {
        let (aside, upkeep) = (&mut self.aside, &mut self.upkeep);
        let free = items.drain(..).filter_map(|item| match aside.get_mut(&item.running.id) {
            Some(aside) => {
                if matches!(item.event.change, Change::Ended(_)) {
                    aside.hurry();
                    *upkeep = Instant::now();
                }
                aside.waiting.push(item);
                None
            }
            None => Some(item),
        });
        let mut batches = gather(free);
        for Batch { write, .. } in &mut batches {
            write.seq = self.rows.number(write.id, write.events.len(), Instant::now());
        }
        batches
    }

    /// Writes until the outcome of each is known, or it was set aside.
    async fn commit(&mut self, mut batches: Vec<Batch>) -> Result<(), Fenced> {
        let mut pause = Duration::from_millis(20);
        for failures in 1.. {
            let committed = match self.find_out(&mut batches).await {
                Ok(()) => self.write(&batches).await,
                Err(error) => Err(error),
            };
            match committed {
                Ok(lost) => {
                    self.settle(batches, &lost);
                    return Ok(());
                }
                Err(CommitError::Fenced) => return Err(Fenced),
                Err(CommitError::Refused(error)) if batches.len() > 1 => {
                    tracing::error!(%error, replies = batches.len(), "the database refused a batch; trying reply by reply");
                    break;
                }
                Err(CommitError::Refused(_)) => break,
                Err(CommitError::Unknown(error)) => {
                    tracing::error!(%error, replies = batches.len(), "a commit's outcome is unknown; trying again");
                }
            }
            // It may be one reply's data, if the database takes anything at all.
            if failures >= FAILURES_TOGETHER && self.find_out(&mut batches).await.is_ok() {
                break;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.commit_singly(batches).await
    }

    /// Tries each by itself, and sets aside those that fail.
    async fn commit_singly(&mut self, mut batches: Vec<Batch>) -> Result<(), Fenced> {
        loop {
            let found = self.find_out(&mut batches).await;
            let Some(batch) = batches.pop() else { return Ok(()) };
            let committed = match found {
                Ok(()) => self.write(std::slice::from_ref(&batch)).await,
                Err(error) => Err(error),
            };
            match committed {
                Ok(lost) => self.settle(vec![batch], &lost),
                Err(CommitError::Fenced) => return Err(Fenced),
                Err(error) => self.set_aside(batch, &error),
            }
        }
    }

    /// One transaction, and with it the removal of rows that nobody needs.
    async fn write(&mut self, batches: &[Batch]) -> Result<Vec<MessageId>, CommitError> {
        let writes: Vec<&Write> = batches.iter().map(|batch| &batch.write).collect();
        let ending: Vec<MessageId> = writes.iter().filter(|write| write.last.is_some()).map(|write| write.id).collect();
        let sweep = self.rows.sweep(&ending, if ending.is_empty() { ROWS_LEFT } else { 1 });
        self.write_and_sweep(&writes, sweep).await
    }

    async fn write_and_sweep(
        &mut self,
        writes: &[&Write],
        sweep: Option<Sweep>,
    ) -> Result<Vec<MessageId>, CommitError> {
        let _turn = self.turn.lock().await;
        let begun = Instant::now();
        let lost = self.store.commit(writes, sweep.as_ref()).await;
        self.is_unsure |= matches!(lost, Err(CommitError::Unknown(_)));
        let took = begun.elapsed();
        if took >= SLOW_COMMIT {
            tracing::debug!(ms = took.as_millis() as u64, replies = writes.len(), "a commit took long");
        }
        if let (Ok(_), Some(sweep)) = (&lost, &sweep) {
            self.rows.swept(sweep);
        }
        lost
    }

    /// Shows what was written, and removes what is over.
    fn settle(&mut self, batches: Vec<Batch>, lost: &[MessageId]) {
        for batch in batches {
            let (running, id, ended) = (batch.running.clone(), batch.write.id, batch.write.last.is_some());
            let is_lost = lost.contains(&id);
            if is_lost || ended {
                self.rows.close(id);
            }
            if running.is_over() {
                // It was over already; only the database lacked the end.
                self.hub.changed(ListTopic::Messages(running.conversation));
            } else if is_lost {
                self.lose(&running);
                // Its rows go soon.
                self.upkeep = Instant::now();
            } else {
                self.written += 1;
                running.publish(batch.into_shown());
                if ended {
                    self.end(&running);
                }
            }
        }
    }

    fn end(&mut self, running: &Arc<Running>) {
        self.hub.leave(running);
        self.hub.changed(ListTopic::Messages(running.conversation));
        if !S::MAX_LAG.is_zero() {
            self.ended.push_back((Instant::now(), running.clone()));
        }
    }

    fn lose(&self, running: &Running) {
        tracing::warn!(message = %running.id, "a reply's message is gone or another's; the reply is cancelled");
        running.gone();
        self.hub.leave(running);
    }

    /// Folds replies that have had rows for long, sweeps what is left over, and tries again what was set aside.
    async fn keep_up(&mut self) -> Result<(), Fenced> {
        if !self.make_sure().await? {
            self.upkeep = Instant::now() + UPKEEP_INTERVAL;
            return Ok(());
        }
        for id in self.rows.to_fold(|since| since.elapsed()) {
            let Some(running) = self.hub.running(id) else { continue };
            // What is in memory is what was committed: nothing is under way here.
            match self.fold(&running.message()).await {
                Ok(()) => self.rows.fold(id, Instant::now()),
                Err(CommitError::Fenced) => return Err(Fenced),
                Err(error) => tracing::error!(message = %id, %error, "a reply's row could not take what it has so far"),
            }
        }
        self.ended.retain(|(since, _)| since.elapsed() < S::MAX_LAG);
        while let Some(sweep) = self.rows.sweep(&[], 1).filter(|_| self.items.is_empty() && !self.is_unsure) {
            match self.write_and_sweep(&[], Some(sweep)).await {
                Ok(_) => {}
                Err(CommitError::Fenced) => return Err(Fenced),
                Err(error) => {
                    tracing::error!(%error, "rows of the journal that nobody needs could not be removed");
                    break;
                }
            }
        }
        let next = self.try_again().await?;
        self.upkeep = next.unwrap_or(Instant::now() + UPKEEP_INTERVAL).min(Instant::now() + UPKEEP_INTERVAL);
        Ok(())
    }

    async fn fold(&mut self, message: &Message) -> Result<(), CommitError> {
        let _turn = self.turn.lock().await;
        let folded = self.store.fold(message).await;
        self.is_unsure |= matches!(folded, Err(CommitError::Unknown(_)));
        folded
    }
}
