//! Removing what was said in deleted conversations, in slices, behind everybody's back.

use crate::{ids::ConversationId, server::state::App};

/// Goes on with what an earlier process had not removed yet.
pub async fn resume(app: App) {
    match app.database.to_purge().await {
        Ok(conversations) => {
            for id in conversations {
                purge(app.clone(), id).await;
            }
        }
        Err(error) => tracing::error!(%error, "deleted conversations could not be looked for; the next start does"),
    }
}

/// Removes all that was said in a deleted conversation. What is left when the server stops, the next start goes on with.
pub async fn purge(app: App, id: ConversationId) {
    while !app.closing.is_cancelled() {
        match app.database.purge(id).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(conversation = %id, %error, "a deleted conversation is not removed yet; the next start does");
                return;
            }
        }
    }
}
