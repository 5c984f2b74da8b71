//! Removing what was said in deleted conversations, in slices, behind everybody's back.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{database::Database, ids::ConversationId};

/// Between two tries to empty the write-ahead log, while somebody reads in it.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Continues with what an earlier process had not removed yet.
pub async fn resume(database: Arc<Database>, closing: CancellationToken) {
    match database.to_purge().await {
        Ok(conversations) => {
            for id in conversations {
                purge(database.clone(), closing.clone(), id).await;
            }
            // That process may have ended before it came to this.
            empty_log(&database, &closing).await;
        }
        Err(error) => tracing::error!(%error, "deleted conversations could not be looked for; the next start does"),
    }
}

/// Removes all that was said in a deleted conversation. What is left when the server stops, the next start continues with.
pub async fn purge(database: Arc<Database>, closing: CancellationToken, id: ConversationId) {
    while !closing.is_cancelled() {
        match database.purge(id).await {
            Ok(true) => {}
            Ok(false) => return empty_log(&database, &closing).await,
            Err(error) => {
                tracing::error!(conversation = %id, %error, "a deleted conversation is not removed yet; the next start does");
                return;
            }
        }
    }
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
