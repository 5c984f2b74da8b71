//! What a killed process left open is folded and ended, before this one listens.

use crate::{ids::OwnerId, server::database::Database};

/// Fences every other process, then folds each of its open replies: row and journal become an `Interrupted` message.
/// Safe to repeat, and to be killed in.
pub async fn run(database: &Database, owner: OwnerId) -> sqlx::Result<()> {
    database.fence_others(owner).await?;
    let mut recovered = 0;
    loop {
        let orphans = database.orphans(100).await?;
        if orphans.is_empty() {
            break;
        }
        for (id, account) in orphans {
            database.recover(id, account).await?;
            recovered += 1;
        }
    }
    if recovered > 0 {
        tracing::info!(replies = recovered, "recovered what an earlier process left open");
    }
    Ok(())
}
