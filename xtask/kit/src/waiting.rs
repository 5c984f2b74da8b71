//! Waiting for something, but not for ever.

use std::time::Duration;

/// How long anything that is waited for may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a future gives, if it does so in time.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}
