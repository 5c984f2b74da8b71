//! Devices: a random token in a cookie that outlives sessions. It opens nothing; it shows that somebody has signed in in
//! this browser before, whom others' wrong guesses do not delay (OWASP's device cookies).

use axum::http::HeaderMap;

use super::{
    cookies::{TokenCookie, hash, new_token},
    session::Sessions,
};
use crate::ids::{UserId, now};

const COOKIE: TokenCookie = TokenCookie { plain: "rivulet_device", secure: "__Host-rivulet_device" };
/// In seconds.
const MAX_AGE: i64 = 400 * 24 * 60 * 60;

/// A browser in which a person has signed in before.
pub struct Device {
    token: String,
    pub token_hash: String,
}

impl Device {
    /// The one that sends these headers, if it is one of this person's.
    pub async fn find(sessions: &Sessions, headers: &HeaderMap, user: UserId) -> sqlx::Result<Option<Device>> {
        let devices = COOKIE
            .tokens(sessions.is_secure, headers)
            .into_iter()
            .map(|token| Device { token_hash: hash(&token), token });
        let devices: Vec<Device> = devices.collect();
        let hashes: Vec<&str> = devices.iter().map(|device| device.token_hash.as_str()).collect();
        let known = sessions.database.device(&hashes, user).await?;
        Ok(devices.into_iter().find(|device| Some(&device.token_hash) == known.as_ref()))
    }

    /// Notes that it was used again. Gives its cookie anew, so that it stays.
    pub async fn used(&self, sessions: &Sessions) -> sqlx::Result<String> {
        sessions.database.device_seen(&self.token_hash, now()).await?;
        Ok(COOKIE.set(sessions.is_secure, &self.token, MAX_AGE))
    }
}

/// Remembers this browser as one of this person's. Gives its cookie.
pub async fn remember(sessions: &Sessions, user: UserId) -> sqlx::Result<String> {
    let token = new_token();
    sessions.database.add_device(&hash(&token), user, now()).await?;
    Ok(COOKIE.set(sessions.is_secure, &token, MAX_AGE))
}
