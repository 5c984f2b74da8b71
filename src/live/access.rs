//! Reading who has lost access to what, whichever process took it away, and having their sockets check what is open.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use crate::{
    database::Database,
    ids::{Millis, now},
};

/// How often it is read. Whoever takes access away in this process wakes sockets at once.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a loss is kept, in milliseconds: longer than any process takes to read it.
const KEPT: Millis = 24 * 60 * 60 * 1000;

/// Reads until the server closes. `after`: the newest loss from before any socket opened.
pub async fn watch(database: Arc<Database>, hub: Arc<Hub>, mut after: i64, closing: CancellationToken) {
    if let Err(error) = database.forget_access_changes(now() - KEPT).await {
        tracing::warn!(%error, "old losses of access could not be forgotten; the next start does");
    }
    while !closing.is_cancelled() {
        match database.access_changes(after).await {
            Ok(changes) => {
                for (number, change) in changes {
                    after = number;
                    hub.recheck(change);
                }
            }
            Err(error) => tracing::error!(%error, "losses of access could not be read; trying again each second"),
        }
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = closing.cancelled() => {}
        }
    }
}
