//! Passwords: argon2id, and the same time whether the email is known or not.

pub mod rules;

use std::sync::LazyLock;

use anyhow::anyhow;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A hash that no password has: what is checked when the email is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody").unwrap_or_default());

/// How many passwords are hashed at once: each takes 19 MiB and a core for a while.
static TURNS: Semaphore = Semaphore::const_new(2);

/// How many more may wait for a turn, by who waits: about half a second's work.
const MAX_WAITING: usize = 32;
static STRANGERS: Semaphore = Semaphore::const_new(MAX_WAITING);
static KNOWN: Semaphore = Semaphore::const_new(MAX_WAITING);

/// Who waits for a password to be hashed. Strangers, however many, take no place from those that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    Stranger,
    /// Somebody who is signed in, or has been in this browser.
    Known,
}

/// As many passwords wait to be hashed as may.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct QueueFull;

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed at another cost than is used now: to be hashed again.
    Outdated,
}

/// Makes the hash for unknown emails ready, so that the first of them takes no longer either.
pub fn prepare() {
    tokio::task::spawn_blocking(|| LazyLock::force(&NOBODY));
}

/// The hash of a password, with its own salt and the crate's default cost (19 MiB, two passes: OWASP's first choice).
/// Fails as [`QueueFull`] if too many wait.
pub async fn hash(password: String, who: Waits) -> anyhow::Result<String> {
    let turn = turn(who).await?;
    hashing(turn, move || hash_now(&password)).await?
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and is wrong. Fails as
/// [`QueueFull`] if too many wait.
pub async fn verify(password: String, hash: Option<String>, who: Waits) -> anyhow::Result<Verdict> {
    let turn = turn(who).await?;
    hashing(turn, move || verify_now(&password, hash.as_deref())).await
}

async fn turn(who: Waits) -> anyhow::Result<SemaphorePermit<'static>> {
    let places = match who {
        Waits::Stranger => &STRANGERS,
        Waits::Known => &KNOWN,
    };
    // Given back with the turn: it is for waiting alone.
    let _place = places.try_acquire().map_err(|_| QueueFull)?;
    Ok(TURNS.acquire().await?)
}

/// Keeps the turn for as long as the work lasts, also when whoever asked for it has hung up.
async fn hashing<T: Send + 'static>(
    turn: SemaphorePermit<'static>,
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let work = move || {
        let _turn = turn;
        work()
    };
    Ok(tokio::task::spawn_blocking(work).await?)
}

fn verify_now(password: &str, hash: Option<&str>) -> Verdict {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(&NOBODY)) else { return Verdict::Wrong };
    let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    let is_of_now = parsed.algorithm == Algorithm::default().ident()
        && Params::try_from(&parsed).is_ok_and(|params| costs(&params) == costs(&Params::DEFAULT));
    if !matches || hash.is_none() {
        Verdict::Wrong
    } else if is_of_now {
        Verdict::Right
    } else {
        Verdict::Outdated
    }
}

fn costs(params: &Params) -> [u32; 3] {
    [params.m_cost(), params.t_cost(), params.p_cost()]
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow!("a password could not be hashed: {error}"))
}
