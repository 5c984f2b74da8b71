//! What a killed process left open is folded and ended, before this one listens.

pub mod store;

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
        if recovered == 0 {
            database.begin_recovery().await?;
        }
        for (id, account) in orphans {
            database.recover(id, account).await?;
            recovered += 1;
        }
    }
    database.end_recovery().await?;
    if recovered > 0 {
        tracing::info!(replies = recovered, "recovered what an earlier process left open");
    }
    Ok(())
}
