//! After an error that leaves the outcome of a commit unknown: the database is asked how far it is, and each reply's next
//! write leads from there to all that memory has of it. So what was shown and is missing, as a copy took over that lacks
//! the last commits, is stored before anything newer; and what was stored unnoticed is not written again.

use std::{collections::HashSet, sync::Arc};

use tokio::time::Instant;

use super::{CommitError, Committer, Fenced, batch::Batch, store::Store};
use crate::{ids::MessageId, live::hub::Running};

impl<S: Store> Committer<S> {
    /// Finds out how far the database is, if that is unknown, and writes again what it lacks, where nothing else is to be
    /// written. False if it does not answer.
    pub(super) async fn make_sure(&mut self) -> Result<bool, Fenced> {
        let mut quiet = vec![];
        match self.find_out(&mut quiet).await {
            Ok(()) if quiet.is_empty() => Ok(true),
            Ok(()) => {
                Box::pin(self.commit(quiet)).await?;
                Ok(!self.is_unsure)
            }
            Err(CommitError::Fenced) => Err(Fenced),
            Err(error) => {
                tracing::error!(%error, "the database cannot be asked what it has; it will be asked again");
                Ok(false)
            }
        }
    }

    /// Finds out how far the database is, if that is unknown, and prepares these batches and those that were set aside for
    /// it. Adds one for each other reply of which it lacks something.
    pub(super) async fn find_out(&mut self, batches: &mut Vec<Batch>) -> Result<(), CommitError> {
        if !self.is_unsure {
            return Ok(());
        }
        let ended = self.ended.iter().map(|(_, running)| running.clone());
        let shown: Vec<Arc<Running>> = self.hub.all_running(None).into_iter().chain(ended).collect();
        let ids: Vec<MessageId> = shown.iter().map(|running| running.id).collect();
        let turn = self.turn.lock().await;
        let stored = self.store.stored_position(&ids).await?;
        drop(turn);
        self.is_unsure = false;
        if !S::MAX_LAG.is_zero() {
            let open = stored.positions.iter().filter(|(_, position)| !position.ended).map(|(id, _)| *id);
            self.rows.go_back(stored.first_row, open, Instant::now());
        }
        let aside = self.aside.values_mut().map(|aside| &mut aside.batch);
        let mut busy: Vec<&mut Batch> = batches.iter_mut().chain(aside).collect();
        // By the run of it, as a reply may have ended and run again since.
        let runs: HashSet<*const Running> = busy.iter().map(|batch| Arc::as_ptr(&batch.running)).collect();
        let quiet = shown.into_iter().filter(|running| !runs.contains(&Arc::as_ptr(running)));
        let mut quiet: Vec<Batch> = quiet.map(Batch::quiet).collect();
        for batch in busy.iter_mut().map(|batch| &mut **batch).chain(&mut quiet) {
            let id = batch.write.id;
            if let Some(stored) = stored.positions.get(&id) {
                batch.repair(stored, |count| self.rows.number(id, count, Instant::now()));
            }
        }
        quiet.retain(|batch| !batch.write.events.is_empty());
        if !quiet.is_empty() {
            tracing::warn!(replies = quiet.len(), "the database lacks what was shown of replies; it is written again");
        }
        batches.append(&mut quiet);
        Ok(())
    }
}
