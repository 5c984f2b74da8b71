//! How long to wait before something is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(8);
/// The same while somebody looks.
const LONGEST_VISIBLE: Duration = Duration::from_secs(2);

/// The pause after so many tries in vain: at random up to a bound that doubles. `random`: at least 0, less than 1.
pub(super) fn backoff(tries: u32, visible: bool, random: f64) -> Duration {
    let longest = if visible { LONGEST_VISIBLE } else { LONGEST };
    (FIRST * 2_u32.pow(tries.min(5))).min(longest).mul_f64(random.clamp(0.0, 1.0))
}

/// When to ask again for what the server could not read.
#[derive(Default)]
pub(super) struct Postponed {
    tries: u32,
    due: Option<Duration>,
}

impl Postponed {
    pub fn put_off(&mut self, now: Duration, random: f64) {
        if self.due.is_none() {
            self.due = Some(now + backoff(self.tries, false, random));
            self.tries = self.tries.saturating_add(1);
        }
    }

    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// It is asked for now; if that is in vain too, the next pause is longer.
    pub fn asked(&mut self) {
        self.due = None;
    }

    /// It could be read.
    pub fn reset(&mut self) {
        *self = Postponed::default();
    }
}
