//! Sessions: a random token in a cookie, its hash in the database.

mod store;

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use tokio_util::task::TaskTracker;

use super::{
    Person, browser,
    cookies::{TokenCookie, hash, new_token},
};
use crate::{
    access::Viewer,
    database::Database,
    error::Failure,
    ids::{Millis, UserId, now},
    security::client_address::ClientAddress,
};

const COOKIE: TokenCookie = TokenCookie { plain: "rivulet_session", secure: "__Host-rivulet" };
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
    pub viewer: Viewer,
    pub person: Person,
    /// The hash of the session's token.
    pub session: String,
}

impl<S: Sync> FromRequestParts<S> for SignedIn
where
    Sessions: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<SignedIn, Failure> {
        match parts.extensions.get::<FoundSession>() {
            Some(FoundSession(found)) => found.clone(),
            None => Sessions::from_ref(state).find(&parts.headers, parts.extensions.get().copied()).await,
        }
    }
}

/// Who asks, as it was looked up once for a request.
#[derive(Clone)]
pub struct FoundSession(pub Result<SignedIn, Failure>);

/// All sessions, and their cookies. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    pub database: Arc<Database>,
    /// Whether people come by HTTPS. The setting alone decides, and no header: what was set one way is found the other
    /// way, too.
    pub is_secure: bool,
    /// What is still to be done when the server stops.
    pub tasks: TaskTracker,
}

impl Sessions {
    /// Who sends these headers. All cookies of our name are looked up, as others on this host may have planted some.
    pub async fn find(&self, headers: &HeaderMap, address: Option<ClientAddress>) -> Result<SignedIn, Failure> {
        let session = self.database.session(&self.token_hashes(headers), now()).await?.ok_or(Failure::SignedOut)?;
        if now() - session.seen_at >= SEEN_INTERVAL {
            // Nobody waits for it.
            let expires_at = expiry(session.created_at, now());
            self.tasks.spawn(seen(self.database.clone(), session.token_hash.clone(), expires_at, address));
        }
        let OpenSession { viewer, person, token_hash, .. } = session;
        Ok(SignedIn { viewer, person, session: token_hash })
    }

    /// The cookie that holds the token of a session that was opened.
    pub fn cookie(&self, session: &NewSession) -> String {
        COOKIE.set(self.is_secure, &session.token, MAX_AGE / 1000)
    }

    /// The cookie that ends a session in the browser.
    pub fn closed(&self) -> String {
        COOKIE.set(self.is_secure, "", 0)
    }

    /// The hashes of the tokens that a request brings.
    pub fn token_hashes(&self, headers: &HeaderMap) -> Vec<String> {
        COOKIE.tokens(self.is_secure, headers).iter().map(|token| hash(token)).collect()
    }
}

async fn seen(database: Arc<Database>, session: String, expires_at: Millis, address: Option<ClientAddress>) {
    let address = address.map(|address| address.to_string());
    let now = now();
    let noted = database.session_seen(&session, now, now - SEEN_INTERVAL, expires_at, address).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the last use of a session could not be noted");
    }
}

fn expiry(created_at: Millis, now: Millis) -> Millis {
    (now + IDLE_TIMEOUT).min(created_at + MAX_AGE)
}

/// A session that is to be opened, and what is kept of it.
pub struct NewSession {
    token: String,
    pub token_hash: String,
    /// Browser and system, in a few words.
    pub browser: String,
    pub address: String,
    pub now: Millis,
    pub expires_at: Millis,
}

impl NewSession {
    /// For the browser that sends these headers.
    pub fn of(headers: &HeaderMap, address: ClientAddress) -> NewSession {
        let (token, now) = (new_token(), now());
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        NewSession {
            token_hash: hash(&token),
            token,
            browser: browser::name(agent),
            address: address.to_string(),
            now,
            expires_at: expiry(now, now),
        }
    }
}

/// A session that is not over, and whose it is.
pub struct OpenSession {
    pub token_hash: String,
    pub viewer: Viewer,
    pub person: Person,
    pub created_at: Millis,
    pub seen_at: Millis,
}

/// A session as its person is shown it.
pub struct ListedSession {
    /// Names it in forms. The token cannot be found from it.
    pub token_hash: String,
    pub created_at: Millis,
    pub seen_at: Millis,
    pub browser: String,
    pub address: String,
}

/// A person as who runs the server is shown them.
pub struct ListedPerson {
    pub user: UserId,
    pub person: Person,
    /// How many are open, and when one of them was last used.
    pub sessions: i64,
    pub seen_at: Option<Millis>,
}
