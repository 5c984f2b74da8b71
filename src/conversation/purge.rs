//! Removing the words of what was deleted, once that cannot be undone any more: in slices, behind everybody's back.

pub mod store;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    database::Database,
    ids::{Millis, now},
};
use store::Due;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Between two tries to empty the write-ahead log, while somebody reads in it.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Removes that whose deletion was finished longer ago than `undo_timeout`, until the server stops. What is left then, the
/// next start continues with.
pub async fn keep_purging(database: Arc<Database>, undo_timeout: Duration, closing: CancellationToken) {
    // An earlier process may have ended before it came to this.
    let mut log_has_words = true;
    while !closing.is_cancelled() {
        log_has_words |= purge(&database, now() - undo_timeout.as_millis() as Millis, &closing).await;
        if log_has_words {
            empty_log(&database, &closing).await;
            log_has_words = false;
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = closing.cancelled() => {}
        }
    }
}

/// True if there was something to remove.
async fn purge(database: &Database, before: Millis, closing: &CancellationToken) -> bool {
    let mut last = None;
    while !closing.is_cancelled() {
        let due = match database.due_purges(before, last).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "what was deleted is not removed yet; trying again");
                break;
            }
        };
        let Some(newest) = due.last() else { break };
        last = Some(*newest);
        for one in due {
            if let Err(error) = purge_one(database, one, closing).await {
                // It stops no other.
                tracing::error!(conversation = %one.conversation, %error, "what was deleted is not removed yet; trying again");
            }
        }
    }
    last.is_some()
}

async fn purge_one(database: &Database, due: Due, closing: &CancellationToken) -> sqlx::Result<()> {
    if closing.is_cancelled() || !database.begin_purge(due).await? {
        return Ok(());
    }
    let mut after = Some(0);
    while !closing.is_cancelled() {
        match (due.message, after) {
            (None, _) if database.purge_conversation(due).await? => {}
            (Some(_), Some(seq)) => after = database.purge_messages(due, seq).await?,
            _ => break,
        }
    }
    Ok(())
}

/// Until then the words stand in the log. (A server that stops empties it, too.)
async fn empty_log(database: &Database, closing: &CancellationToken) {
    loop {
        match database.empty_log().await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "deleted words still stand in the log; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_INTERVAL) => {}
            () = closing.cancelled() => return,
        }
    }
}
