//! Devices: a random token in a cookie that outlives sessions. It opens nothing; it tells that somebody has signed in in
//! this browser before, whom others' wrong guesses do not delay (OWASP's device cookies).

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::session;
use crate::{
    ids::{UserId, now},
    server::state::App,
};

const COOKIE: &str = "rivulet_device";
const MAX_AGE: i64 = 400 * 24 * 60 * 60;

/// The hash of the device's token, if the browser has one.
pub fn token_hash(headers: &HeaderMap) -> Option<String> {
    session::cookie(headers, COOKIE).filter(|token| !token.is_empty()).map(|token| session::hash(&token))
}

/// Remembers this browser as one of this person's. Gives its cookie.
pub async fn remember(app: &App, user: UserId) -> sqlx::Result<String> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    app.database.add_device(&session::hash(&token), user, now()).await?;
    Ok(session::set(app, COOKIE, &token, MAX_AGE))
}

/// Notes that a device was used again. Gives its cookie anew, so that it stays.
pub async fn seen(app: &App, token_hash: String, headers: &HeaderMap) -> sqlx::Result<String> {
    app.database.device_seen(&token_hash, now()).await?;
    let token = session::cookie(headers, COOKIE).unwrap_or_default();
    Ok(session::set(app, COOKIE, &token, MAX_AGE))
}
