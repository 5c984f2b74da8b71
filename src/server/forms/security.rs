//! The page of a person's sessions and password, and its forms.

use axum::{
    extract::{Form, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{busy, settings_page, signed_out, too_often};
use crate::{
    account::{limits::GuessTarget, password::QueueFull, session::SignedIn},
    chat::api::server::offset,
    error::Failure,
    ids::now,
    language::t,
    people::{
        change_password,
        security_page::{Security, document},
    },
    security::{client_address::ClientAddress, log},
    state::AppState,
};

const PAGE: &str = "/settings/security";

pub async fn show(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let done = match query.as_deref() {
        Some("ended") => Some(t().server.security.session_ended),
        Some("others-ended") => Some(t().server.security.others_ended),
        Some("changed") => Some(t().server.security.password_changed),
        _ => None,
    };
    match who {
        Ok(who) => page(&app, who, &headers, done, None).await,
        Err(failure) => signed_out(failure),
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
    let sessions = match app.database.sessions(who.viewer.user, &who.session, now).await {
        Ok(sessions) => sessions,
        Err(error) => return Failure::from(error).into_response(),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, Failure::status);
    let refused = refused.map(|failure| failure.to_string());
    let page = Security { who, sessions, now, offset: offset(headers), done, refused };
    settings_page(status, document(page, headers, &app.build.style))
}

#[derive(Deserialize)]
pub struct EndSession {
    session: String,
}

pub async fn end(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    address: ClientAddress,
    Form(form): Form<EndSession>,
) -> Response {
    end_sessions(app, who, address, Some(form.session), "ended").await
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
    only: Option<String>,
    done: &str,
) -> Response {
    let who = match who {
        Ok(who) => who,
        Err(failure) => return signed_out(failure),
    };
    let ended = app.detached(async move |app| {
        let ended = app.database.end_sessions(who.viewer.user, only.as_deref(), &who.session).await?;
        ended.iter().for_each(|session| app.hub.signed_out(session));
        if !ended.is_empty() {
            log::event("sessions ended", Some(who.viewer.user), address);
        }
        Ok::<_, Failure>(())
    });
    match ended.await {
        Ok(()) => Redirect::to(&format!("{PAGE}?{done}")).into_response(),
        Err(failure) => failure.into_response(),
    }
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
    if let Err(wait) = app.limits.guess(&GuessTarget::Person(who.viewer.user)) {
        app.limits.log_refusal("password change delayed", Some(who.viewer.user), address);
        return too_often(&app.build.style, wait);
    }
    let agent = headers.clone();
    let person = who.clone();
    let changed = app.detached(async move |app| {
        change_password::change(&app, &person, &agent, address, form.present, form.new).await
    });
    match changed.await {
        Ok(Ok(cookie)) => {
            (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&format!("{PAGE}?changed"))).into_response()
        }
        Ok(Err(failure)) => page(&app, who, &headers, None, Some(failure)).await,
        Err(error) if error.is::<QueueFull>() => busy(&app.build.style),
        Err(error) => {
            tracing::error!(%error, "a password could not be changed");
            page(&app, who, &headers, None, Some(Failure::Unavailable)).await
        }
    }
}
