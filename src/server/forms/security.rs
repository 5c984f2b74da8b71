//! The page of a person's sessions and password, and its forms.

use axum::{
    extract::{Form, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{busy, too_often};
use crate::{
    account::{
        device::Device,
        limits::Target,
        password::{self, QueueFull, Verdict, Waits, rules},
        session::SignedIn,
    },
    chat::api::server::offset,
    error::Failure,
    ids::now,
    people::security_page::{Security, document},
    security::{client_address::ClientAddress, log},
    state::AppState,
};

const PAGE: &str = "/settings/security";

/// The page's own policy: a style, a picture, and its forms.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub async fn show(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let done = match query.as_deref() {
        Some("ended") => Some("The session is ended."),
        Some("others-ended") => Some("All other sessions are ended."),
        Some("changed") => Some("The password is changed, and all other sessions are ended."),
        _ => None,
    };
    match who {
        Ok(who) => page(&app, who, &headers, done, None).await,
        Err(failure) => signed_out(failure),
    }
}

/// Whoever is not signed in is sent to where they can.
fn signed_out(failure: Failure) -> Response {
    match failure {
        Failure::SignedOut => Redirect::to("/sign-in").into_response(),
        failure => failure.into_response(),
    }
}

async fn page(
    app: &AppState,
    who: SignedIn,
    headers: &HeaderMap,
    done: Option<&'static str>,
    refused: Option<Failure>,
) -> Response {
    let now = now();
    let sessions = match app.database.sessions(who.user, now).await {
        Ok(sessions) => sessions,
        Err(error) => return Failure::from(error).into_response(),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, Failure::status);
    let refused = refused.map(|failure| failure.to_string());
    let page = Security { who, sessions, now, offset: offset(headers), done, refused };
    let policy = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, policy, Html(document(page, headers, &app.build))).into_response()
}

#[derive(Deserialize)]
pub struct End {
    session: String,
}

pub async fn end(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    address: ClientAddress,
    Form(form): Form<End>,
) -> Response {
    end_sessions(app, who, address, Some(&form.session), "ended").await
}

pub async fn end_others(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    address: ClientAddress,
) -> Response {
    end_sessions(app, who, address, None, "others-ended").await
}

async fn end_sessions(
    app: AppState,
    who: Result<SignedIn, Failure>,
    address: ClientAddress,
    only: Option<&str>,
    done: &str,
) -> Response {
    let who = match who {
        Ok(who) => who,
        Err(failure) => return signed_out(failure),
    };
    match app.database.end_sessions(who.user, only, &who.session).await {
        Ok(ended) => ended.iter().for_each(|session| app.hub.signed_out(session)),
        Err(error) => return Failure::from(error).into_response(),
    }
    log::event("sessions ended", Some(who.user), address);
    Redirect::to(&format!("{PAGE}?{done}")).into_response()
}

#[derive(Deserialize)]
pub struct Passwords {
    present: String,
    new: String,
}

pub async fn change_password(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    address: ClientAddress,
    headers: HeaderMap,
    Form(form): Form<Passwords>,
) -> Response {
    let who = match who {
        Ok(who) => who,
        Err(failure) => return signed_out(failure),
    };
    // Who has somebody else's session may not find out the password by it either.
    if let Err(wait) = app.limits.guess(&Target::Person(who.user)) {
        app.limits.log_refusal("password change delayed", Some(who.user), address);
        return too_often(&app.build, wait);
    }
    match change(&app, &who, &headers, address, form).await {
        Ok(Ok(cookie)) => {
            (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&format!("{PAGE}?changed"))).into_response()
        }
        Ok(Err(failure)) => page(&app, who, &headers, None, Some(failure)).await,
        Err(error) if error.is::<QueueFull>() => busy(&app.build),
        Err(error) => {
            tracing::error!(%error, "a password could not be changed");
            page(&app, who, &headers, None, Some(Failure::Unavailable)).await
        }
    }
}

/// Changes the password and gives the cookie of a new session: whoever else has the token of this one is out, too.
async fn change(
    app: &AppState,
    who: &SignedIn,
    headers: &HeaderMap,
    address: ClientAddress,
    form: Passwords,
) -> anyhow::Result<Result<String, Failure>> {
    const WRONG: &str = "The present password is wrong. Nothing was changed.";
    let verified = app.database.password_hash(who.user).await?;
    let right = form.present.len() <= rules::LONGEST_PASSWORD
        && password::verify(form.present, verified.clone(), Waits::Known).await? != Verdict::Wrong;
    let (Some(verified), true) = (verified, right) else {
        log::event("password change wrong", Some(who.user), address);
        return Ok(Err(Failure::Invalid(WRONG.into())));
    };
    // It was no wrong guess, whatever becomes of the new one.
    app.limits.guessed(&Target::Person(who.user));
    if let Err(failure) = rules::check(&form.new, &who.person) {
        return Ok(Err(failure));
    }
    let hash = password::hash(form.new, Waits::Known).await?;
    let device = Device::find(&app.sessions, headers, who.user).await?.map(|device| device.token_hash);
    let ended = app.database.change_password(who.user, &verified, &hash, device.as_deref()).await?;
    for ended in ended.iter().flatten() {
        match *ended == who.session {
            true => app.hub.renewed(ended),
            false => app.hub.signed_out(ended),
        }
    }
    let session = match ended {
        Some(_) => app.sessions.open(who.user, &hash, headers, address).await?,
        None => None,
    };
    let Some(session) = session else {
        log::event("password change wrong", Some(who.user), address);
        return Ok(Err(Failure::Invalid(WRONG.into())));
    };
    log::event("password changed", Some(who.user), address);
    Ok(Ok(session))
}
