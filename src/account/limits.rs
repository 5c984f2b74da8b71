//! How often passwords may be tried: by the address that asks, and by what is tried.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use sha2::{Digest, Sha256};

use crate::{
    ids::UserId,
    security::{client_address::ClientAddress, log},
};

/// From an address so many tries at once, and then one in this time.
const ADDRESS_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
const ADDRESS_INTERVAL: Duration = Duration::from_secs(2);
/// The same for lines of the security log about what was refused.
const LINES_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
const LINES_INTERVAL: Duration = Duration::from_secs(5);
/// How many guesses are free; after each further one the next waits twice as long, from the one to the other.
const FREE_GUESSES: u32 = 10;
const MIN_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_secs(60);
/// Guesses count for so long after the last of them.
const FORGET_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How many addresses and targets are remembered: a few MiB.
const MAX_KEYS: usize = 50_000;

/// Whose password is guessed, and with which guesses a guess counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GuessTarget {
    /// An email's, from browsers that are not known: the email's hash, as anything may be typed for one.
    Email([u8; 32]),
    /// That of the person whose browser this is: the hash of the device's token. What others guess does not delay it.
    Device(String),
    /// That of somebody who is signed in.
    Person(UserId),
}

impl GuessTarget {
    pub fn email(email: &str) -> GuessTarget {
        GuessTarget::Email(Sha256::digest(email).into())
    }
}

/// Why somebody has to wait, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There were many tries from this address.
    Address(Duration),
    /// There were many wrong guesses of this password.
    Guesses(Duration),
}

/// The counts, in memory: a restart forgets them.
pub struct RateLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    lines: DefaultKeyedRateLimiter<IpAddr>,
    guesses: Mutex<HashMap<GuessTarget, Guesses>>,
}

struct Guesses {
    count: u32,
    last: Instant,
    /// Until then no further one is taken.
    until: Instant,
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            addresses: limiter(ADDRESS_INTERVAL, ADDRESS_BURST),
            lines: limiter(LINES_INTERVAL, LINES_BURST),
            guesses: Mutex::default(),
        }
    }
}

fn limiter(interval: Duration, burst: NonZeroU32) -> DefaultKeyedRateLimiter<IpAddr> {
    let quota = Quota::with_period(interval).unwrap_or(Quota::per_minute(burst));
    RateLimiter::keyed(quota.allow_burst(burst))
}

impl RateLimits {
    /// Counts a try from this address. Returns how long it has to wait if it had too many.
    pub fn try_from_address(&self, address: ClientAddress) -> Result<(), Wait> {
        try_key(&self.addresses, address).map_err(Wait::Address)
    }

    /// Whether a refusal of this address may be logged: nobody may fill the log.
    pub fn may_log(&self, address: ClientAddress) -> bool {
        try_key(&self.lines, address).is_ok()
    }

    /// Logs something that was refused without being looked at, which anybody can have happen as often as they like: so
    /// many lines an address.
    pub fn log_refusal(&self, event: &'static str, person: Option<UserId>, address: ClientAddress) {
        if self.may_log(address) {
            log::event(event, person, address);
        }
    }

    /// Counts a guess, before it is checked: so of many at once no more are taken than one after the other. Returns how
    /// long to wait if there were too many.
    pub fn guess(&self, target: &GuessTarget) -> Result<(), Wait> {
        let now = Instant::now();
        let mut all = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_KEYS {
            make_room(&mut all, now);
        }
        let fresh = Guesses { count: 0, last: now, until: now };
        let guesses = all.entry(target.clone()).or_insert(fresh);
        if guesses.until > now {
            return Err(Wait::Guesses(guesses.until - now));
        }
        if now - guesses.last > FORGET_TIMEOUT {
            guesses.count = 0;
        }
        guesses.count = guesses.count.saturating_add(1);
        guesses.last = now;
        guesses.until = now + delay(guesses.count);
        Ok(())
    }

    /// The guess was not checked, and is none.
    pub fn not_guessed(&self, target: &GuessTarget) {
        let mut all = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guesses) = all.get_mut(target) {
            guesses.count = guesses.count.saturating_sub(1);
            guesses.until = guesses.last;
        }
    }

    /// The guess was right: those before it count no more.
    pub fn guessed(&self, target: &GuessTarget) {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }
}

/// How long the next guess waits after so many.
fn delay(count: u32) -> Duration {
    match count.checked_sub(FREE_GUESSES) {
        None | Some(0) => Duration::ZERO,
        Some(further) => (MIN_DELAY * 2_u32.saturating_pow((further - 1).min(16))).min(MAX_DELAY),
    }
}

/// Forgets what no longer counts; if that is not enough, those that have to wait for nothing yet; then all.
fn make_room(all: &mut HashMap<GuessTarget, Guesses>, now: Instant) {
    all.retain(|_, guesses| now - guesses.last <= FORGET_TIMEOUT);
    if all.len() >= MAX_KEYS {
        all.retain(|_, guesses| guesses.count > FREE_GUESSES);
    }
    if all.len() >= MAX_KEYS {
        all.clear();
    }
}

fn try_key(limiter: &DefaultKeyedRateLimiter<IpAddr>, address: ClientAddress) -> Result<(), Duration> {
    if limiter.len() >= MAX_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(&address.key()).map_err(|until| until.wait_time_from(limiter.clock().now()))
}
