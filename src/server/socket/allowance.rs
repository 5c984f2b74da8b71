//! How much a page may have the server do for it: what it has not used for a while adds up, what is too much waits.

use std::time::Duration;

use tokio::time::Instant;

/// What adds up in a second.
const RATE: f64 = 128.0;
/// The most that adds up: a page that comes back asks for all that it follows at once.
const MOST: f64 = 2_048.0;
/// What one token reads, in bytes of text.
const READ: f64 = 64.0 * 1024.0;

/// The tokens that a page has left: a frame costs one, and a message that is read for it one for each 64 KiB. What was
/// spent but not there is paid back first.
pub(super) struct Allowance {
    tokens: f64,
    counted: Instant,
}

impl Allowance {
    pub(super) fn new() -> Allowance {
        Allowance { tokens: MOST, counted: Instant::now() }
    }

    pub(super) fn spend_frame(&mut self) {
        self.tokens -= 1.0;
    }

    pub(super) fn spend_bytes(&mut self, bytes: usize) {
        self.tokens -= bytes as f64 / READ;
    }

    /// From when on there is something left, if there is nothing now.
    pub(super) fn spent_until(&mut self) -> Option<Instant> {
        let now = Instant::now();
        self.tokens = MOST.min(self.tokens + RATE * (now - self.counted).as_secs_f64());
        self.counted = now;
        (self.tokens < 1.0).then(|| now + Duration::from_secs_f64((1.0 - self.tokens) / RATE))
    }
}
