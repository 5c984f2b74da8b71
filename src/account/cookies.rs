//! Cookies. Others on this host can set some of any name and value, also before ours.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};

/// How many cookies of a name are looked at.
const MAX_COOKIES: usize = 20;

/// A cookie with a random token that only this server is to read.
pub struct TokenCookie {
    /// Its name where people come by plain HTTP.
    pub plain: &'static str,
    /// Its name where they come by HTTPS: with `__Host-`, a browser takes it from this host alone, and only over TLS.
    pub secure: &'static str,
}

impl TokenCookie {
    /// The header that sets it. `max_age` in seconds; 0 takes it away.
    pub fn set(&self, is_secure: bool, token: &str, max_age: i64) -> String {
        let name = self.name(is_secure);
        let secure = if is_secure { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}")
    }

    /// The tokens that a request brings: one, unless others on this host have planted more.
    pub fn tokens(&self, is_secure: bool, headers: &HeaderMap) -> Vec<String> {
        let tokens = values(headers, self.name(is_secure)).filter(|token| !token.is_empty()).take(MAX_COOKIES);
        tokens.map(Cow::into_owned).collect()
    }

    fn name(&self, is_secure: bool) -> &'static str {
        if is_secure { self.secure } else { self.plain }
    }
}

/// A token that nobody guesses.
pub fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a token.
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// The value of a cookie that scripts may set.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    values(headers, name).next()
}

/// Light or dark, if that was chosen in this browser.
pub fn theme(headers: &HeaderMap) -> Option<String> {
    value(headers, "theme").filter(|theme| matches!(&**theme, "light" | "dark")).map(Cow::into_owned)
}

/// Others on this host may have set cookies that are no text: each is looked at by itself.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    (headers.get_all(header::COOKIE).iter())
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .filter_map(|value| percent_decode(value).decode_utf8().ok())
}
