//! Removing tombstones that nobody waits for any more, and the lineages that end before them, in slices, behind
//! everybody's back.

pub mod store;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    database::Database,
    ids::{Millis, now},
};

/// A page that was away for longer loads its lists anew.
const KEPT: Millis = 30 * 24 * 60 * 60 * 1_000;
/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes what is too old, at once and then once a day, until the server stops.
pub async fn keep_removing(database: Arc<Database>, closing: CancellationToken) {
    loop {
        if let Err(error) = remove(&database, &closing, now() - KEPT).await {
            tracing::error!(%error, "old tombstones are not removed yet; the next look does");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = closing.cancelled() => return,
        }
    }
}

async fn remove(database: &Database, closing: &CancellationToken, before: Millis) -> sqlx::Result<()> {
    while !closing.is_cancelled() && database.remove_tombstones(before).await? {}
    while !closing.is_cancelled() && database.remove_message_tombstones(before).await? {}
    while !closing.is_cancelled() && database.remove_lineages(before).await? {}
    Ok(())
}
