//! What the security log has of requests that were refused.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use crate::{security::client_address::ClientAddress, state::AppState};

/// Logs each request that is refused for where it comes from, or for how often.
pub async fn refusals(State(app): State<AppState>, address: ClientAddress, request: Request, next: Next) -> Response {
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
