//! The security log: one line an event, under the tracing target `security`: what happened, whose account it is about,
//! and from which address. Never what was typed: an email is named by its account's person, one without an account not
//! at all, as people type passwords there.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use super::{client_address::ClientAddress, state::App};
use crate::ids::UserId;

/// Something that somebody did, or tried.
pub fn event(event: &'static str, person: Option<UserId>, address: ClientAddress) {
    let person = person.map(|person| person.to_string()).unwrap_or_else(|| "unknown".into());
    tracing::info!(target: "security", event, person, %address);
}

/// Something that was refused without being looked at, which anybody can have happen as often as they like: so many
/// lines an address.
pub fn refused(event: &'static str, person: Option<UserId>, address: ClientAddress, app: &App) {
    if app.limits.may_log(address) {
        self::event(event, person, address);
    }
}

/// Logs each request that is refused for where it comes from, or for how often.
pub async fn refusals(State(app): State<App>, address: ClientAddress, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let event = match response.status() {
        StatusCode::FORBIDDEN => "request forbidden",
        StatusCode::MISDIRECTED_REQUEST => "host refused",
        StatusCode::TOO_MANY_REQUESTS => "limit reached",
        _ => return response,
    };
    if app.limits.may_log(address) {
        let status = response.status().as_u16();
        tracing::info!(target: "security", event, status, ?path, %address);
    }
    response
}
