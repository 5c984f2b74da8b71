//! How much of a request's body is read, which depends on who sends it: that is looked up before.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{account::session::FoundSession, error::Failure, language::t, protocol::FUNCTIONS, state::AppState};

/// The largest body of a request that sends no text of a person's, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// The largest body of one that does: a message of the longest kind, as a form or JSON may swell it.
const MAX_SENDING: usize = 4 * 1024 * 1024;
/// The functions that take what a person writes: a message, or a prompt.
const SENDING_FUNCTIONS: [&str; 8] =
    ["send", "enqueue", "edit-queued", "continue-from", "set-options", "save-preset", "save-prompt", "set-setting"];
/// The functions that answer somebody who is not signed in.
const OPEN_FUNCTIONS: [&str; 2] = ["enter", "account-form"];

/// Looks up who asks and notes it for all that comes after. A function that needs somebody is refused without one before
/// its body is read, and only who is signed in can send more than a little. A session may end while a body comes, which may
/// take long: then it is looked up again.
pub async fn limit(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let function = path.strip_prefix(FUNCTIONS);
    let is_function = function.is_some();
    let is_open = function.is_some_and(|function| OPEN_FUNCTIONS.contains(&function));
    let is_sending = match function {
        Some(function) => SENDING_FUNCTIONS.contains(&function),
        None => path == "/" || path.starts_with("/c/") || path.starts_with("/settings/"),
    };
    let sends = request.method() == Method::POST && is_sending;
    let length = length(request.headers());
    // Nobody may send so much: the database need not be asked.
    if length > MAX_SENDING {
        return too_large(is_function);
    }
    let address = request.extensions().get().copied();
    let found = app.sessions.find(request.headers(), address).await;
    let limit = if sends && found.is_ok() { MAX_SENDING } else { MAX_BODY };
    match &found {
        Err(failure) if is_function && !is_open => return failure.as_json(failure.status()),
        _ if length > limit => return too_large(is_function),
        _ => {}
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return too_large(is_function),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let found = if body.is_empty() { found } else { app.sessions.find(&parts.headers, address).await };
    if let (Err(failure), true) = (&found, is_function && !is_open) {
        return failure.as_json(failure.status());
    }
    parts.extensions.insert(FoundSession(found));
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

fn too_large(is_function: bool) -> Response {
    let failure = Failure::Invalid(t().server.forms.long_body.into());
    if is_function {
        failure.as_json(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        (StatusCode::PAYLOAD_TOO_LARGE, (t().server.forms.long_form)(&failure.to_string())).into_response()
    }
}
