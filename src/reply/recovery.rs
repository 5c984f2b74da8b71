//! What a killed process left open is folded and ended, before this one listens.

pub mod store;

use crate::{
    database::Database,
    ids::{MessageId, NodeId},
};

/// Fences every other process, then folds each of its open replies: row and journal become an `Interrupted` message.
/// Safe to repeat, and to be killed in. One that cannot be read is logged and left as it is, rows and all.
pub async fn run(database: &Database, node: NodeId) -> sqlx::Result<()> {
    database.fence_others(node).await?;
    let (mut recovered, mut skipped) = (0, 0);
    let mut last = None;
    loop {
        let orphans = database.orphans(last, 100).await?;
        let Some(newest) = orphans.last() else { break };
        if last.is_none() {
            database.begin_recovery().await?;
        }
        last = Some(*newest);
        for id in orphans {
            if recover(database, id).await { recovered += 1 } else { skipped += 1 }
        }
    }
    database.end_recovery().await?;
    if recovered + skipped > 0 {
        tracing::info!(replies = recovered, skipped, "recovered what an earlier process left open");
    }
    Ok(())
}

async fn recover(database: &Database, id: MessageId) -> bool {
    match database.recover(id).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(message = %id, %error, "a reply that was left open cannot be read; it is left as it is");
            false
        }
    }
}
