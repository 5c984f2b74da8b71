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
    language::t,
    security::hosts::{address, host_of, is_loopback},
    state::AppState,
};

/// Refuses what is asked of another name with 421, and what names no host or two with 400.
pub async fn check(State(app): State<AppState>, request: Request, next: Next) -> Response {
    match host_of(request.headers(), request.uri()) {
        None => (StatusCode::BAD_REQUEST, t().server.forms.no_host).into_response(),
        Some(host) if is_served(&host, app.public_url.as_ref()) => next.run(request).await,
        Some(_) => {
            let texts = &t().server.cards;
            let card = format!("<p>{}</p>", texts.unknown_host);
            let page = forms::plain(&app.build.style, texts.unknown_host_title, &card);
            (StatusCode::MISDIRECTED_REQUEST, page).into_response()
        }
    }
}

/// Rebinding needs a name that its owner can have lead elsewhere. An address is none, and names of loopback lead nowhere else.
fn is_served(host: &str, public_url: Option<&PublicUrl>) -> bool {
    address(host).is_some() || is_loopback(host) || public_url.is_some_and(|url| url.host() == host)
}
