//! The names under which this server is asked for. A page of another site can have its own name lead here (DNS rebinding),
//! and is then of the same origin as what answers: so other names are not answered.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::forms;
use crate::{
    config::public_url::PublicUrl,
    security::hosts::{address, host_of, is_loopback},
    state::AppState,
};

/// Refuses what is asked of another name with 421, and what names no host or two with 400.
pub async fn check(State(app): State<AppState>, request: Request, next: Next) -> Response {
    match host_of(request.headers(), request.uri()) {
        None => (StatusCode::BAD_REQUEST, "This request does not say which host it asks.").into_response(),
        Some(host) if is_served(&host, app.public_url.as_ref()) => next.run(request).await,
        Some(_) => {
            let card = "<p>This Rivulet does not answer under the name by which you asked for it. If that is its name, set \
                        <code>public-url</code> in Leptos.toml (or <code>RIVULET_PUBLIC_URL</code>) to the address that \
                        people use, such as <code>https://chat.example.org</code>, and start it again.</p>";
            (StatusCode::MISDIRECTED_REQUEST, forms::plain(&app.build.style, "Another name", card)).into_response()
        }
    }
}

/// Rebinding needs a name that its owner can have lead elsewhere. An address is none, and names of loopback lead nowhere else.
fn is_served(host: &str, public_url: Option<&PublicUrl>) -> bool {
    address(host).is_some() || is_loopback(host) || public_url.is_some_and(|url| url.host() == host)
}
