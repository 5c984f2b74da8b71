//! Sessions: a random token in a cookie, its hash in the database.

use std::borrow::Cow;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};

use super::{Person, browser};
use crate::{
    error::Failure,
    ids::{AccountId, Millis, UserId, now},
    server::{client_address::ClientAddress, public_url::PublicUrl, state::App},
};

/// The name where people come by plain HTTP.
const COOKIE: &str = "rivulet_session";
/// The name where they come by HTTPS: a browser takes it from this host alone, and only over TLS.
const SECURE_COOKIE: &str = "__Host-rivulet";
/// How many cookies of that name are tried. Others on this host can set more of them, and each costs a query.
const MAX_COOKIES: usize = 20;
const DAY: Millis = 24 * 60 * 60 * 1000;
/// A session ends when nothing was asked for so long,
const IDLE_TIMEOUT: Millis = 14 * DAY;
/// and so long after it was opened in any case.
const MAX_AGE: Millis = 90 * DAY;
/// How old what is written of a session's last use may be: a write costs more than a page.
const SEEN_INTERVAL: Millis = 5 * 60 * 1000;

/// Somebody who is signed in, as any endpoint asks for them. Fails as [`Failure::SignedOut`].
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub user: UserId,
    pub person: Person,
    /// The hash of the session's token.
    pub session: String,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<SignedIn, Failure> {
        match parts.extensions.get::<Found>() {
            Some(Found(found)) => found.clone(),
            None => find(app, &parts.headers, parts.extensions.get().copied()).await,
        }
    }
}

/// Who asks, as it was looked up once for a request.
#[derive(Clone)]
pub struct Found(pub Result<SignedIn, Failure>);

/// Who sends these headers. Each cookie of our name is tried, as others on this host may have planted one before ours.
pub async fn find(app: &App, headers: &HeaderMap, address: Option<ClientAddress>) -> Result<SignedIn, Failure> {
    for session in token_hashes(app, headers) {
        let Some(found) = app.database.session(&session, now()).await? else { continue };
        if now() - found.seen_at >= SEEN_INTERVAL {
            // Nobody waits for it.
            let (app, session) = (app.clone(), session.clone());
            let expires_at = expiry(found.created_at, now());
            app.replies.clone().spawn(async move { seen(&app, &session, expires_at, address).await });
        }
        return Ok(SignedIn { account: found.account, user: found.user, person: found.person, session });
    }
    Err(Failure::SignedOut)
}

async fn seen(app: &App, session: &str, expires_at: Millis, address: Option<ClientAddress>) {
    let address = address.map(|address| address.to_string());
    let now = now();
    let noted = app.database.session_seen(session, now, now - SEEN_INTERVAL, expires_at, address).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the last use of a session could not be noted");
    }
}

fn expiry(created_at: Millis, now: Millis) -> Millis {
    (now + IDLE_TIMEOUT).min(created_at + MAX_AGE)
}

/// Opens a session and gives the cookie that holds its token.
pub async fn open(app: &App, user: UserId, headers: &HeaderMap, address: ClientAddress) -> sqlx::Result<String> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let now = now();
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let opened =
        Opened { browser: browser::name(agent), address: address.to_string(), now, expires_at: expiry(now, now) };
    app.database.open_session(&hash(&token), user, &opened).await?;
    Ok(set(app, cookie_name(app), &token, MAX_AGE / 1000))
}

/// What is kept of a session when it opens.
pub struct Opened {
    /// Browser and system, in a few words.
    pub browser: String,
    pub address: String,
    pub now: Millis,
    pub expires_at: Millis,
}

/// The cookie that ends a session in the browser.
pub fn closed(app: &App) -> String {
    set(app, cookie_name(app), "", 0)
}

/// A cookie that only this server is to read. `max_age` in seconds.
pub fn set(app: &App, name: &str, value: &str, max_age: i64) -> String {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
}

fn cookie_name(app: &App) -> &'static str {
    if is_secure(app) { SECURE_COOKIE } else { COOKIE }
}

/// The setting alone decides, and no header: a session that was opened one way is found the other way, too.
fn is_secure(app: &App) -> bool {
    app.public_url.as_ref().is_some_and(PublicUrl::is_https)
}

/// A cookie's value, if the request has it.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    cookies(headers, name).next()
}

/// The values of all cookies of a name. Others on this host may have set cookies that are no text: each is looked at by itself.
fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    (headers.get_all(header::COOKIE).iter())
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .filter_map(|value| percent_decode(value).decode_utf8().ok())
}

/// The hashes of the tokens that a request brings: one, unless others on this host have planted more.
pub fn token_hashes(app: &App, headers: &HeaderMap) -> impl Iterator<Item = String> {
    let tokens = cookies(headers, cookie_name(app)).filter(|token| !token.is_empty()).take(MAX_COOKIES);
    tokens.map(|token| hash(&token)).collect::<Vec<_>>().into_iter()
}

/// What is stored of a token.
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
