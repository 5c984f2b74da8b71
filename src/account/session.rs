//! Sessions: a random token in a cookie, its hash in the database.

use std::borrow::Cow;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};

use super::Person;
use crate::{
    error::Failure,
    ids::{AccountId, UserId, now},
    server::state::App,
};

const COOKIE: &str = "rivulet_session";
const DAYS: i64 = 30;

/// Somebody who is signed in, as any endpoint asks for them. Fails as [`Failure::SignedOut`].
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub person: Person,
    /// The hash of the session's token.
    pub session: String,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<SignedIn, Failure> {
        let session = token_hash(&parts.headers).ok_or(Failure::SignedOut)?;
        let (account, person) = app.database.session(&session, now()).await?.ok_or(Failure::SignedOut)?;
        Ok(SignedIn { account, person, session })
    }
}

/// Opens a session and gives the cookie that holds its token.
pub async fn open(app: &App, user: UserId, headers: &HeaderMap) -> sqlx::Result<String> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let now = now();
    app.database.open_session(&hash(&token), user, now, now + DAYS * 24 * 60 * 60 * 1000).await?;
    let secure = match headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https") {
        true => "; Secure",
        false => "",
    };
    Ok(format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", DAYS * 24 * 60 * 60))
}

/// The cookie that ends a session in the browser.
pub fn closed() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// A cookie's value, if the request has it. Others on this host may have set cookies that are no text: each is looked at by itself.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    (headers.get_all(header::COOKIE).iter())
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .find_map(|value| percent_decode(value).decode_utf8().ok())
}

/// The hash of the token that a request brings.
pub fn token_hash(headers: &HeaderMap) -> Option<String> {
    cookie(headers, COOKIE).filter(|token| !token.is_empty()).map(|token| hash(&token))
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
