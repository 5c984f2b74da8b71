//! Temporary conversations: for whoever made one alone, in no list, and removed when it is closed or expires.

pub mod store;

use super::TEMPORARY_TIMEOUT;
use crate::ids::Millis;

/// When one is removed whose last message was written at this time.
pub fn expiry(last_message: Millis) -> Millis {
    last_message + TEMPORARY_TIMEOUT.as_millis() as Millis
}
