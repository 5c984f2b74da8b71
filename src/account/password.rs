//! Passwords: argon2id, and the same time whether the email is known or not.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

/// A hash that no password has: what is checked when the email is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody").unwrap_or_default());

/// How many passwords are hashed at once: each takes 19 MiB and a core for a while.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Makes the hash for unknown emails ready, so that the first of them takes no longer either.
pub fn prepare() {
    tokio::task::spawn_blocking(|| LazyLock::force(&NOBODY));
}

/// The hash of a password, with its own salt and the crate's default cost (19 MiB, two passes: OWASP's first choice).
pub async fn hash(password: String) -> anyhow::Result<String> {
    let _turn = TURNS.acquire().await?;
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

/// Whether the password is the one that was hashed. Without a hash it takes as long and is wrong.
pub async fn verify(password: String, hash: Option<String>) -> anyhow::Result<bool> {
    let _turn = TURNS.acquire().await?;
    let right = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        known && matches
    });
    Ok(right.await?)
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("a password could not be hashed: {error}"))
}
