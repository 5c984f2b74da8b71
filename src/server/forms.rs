//! Forms, which work with scripts off: each answers with the page that it stands on, the right status, and what was
//! typed, or sends on to the next page.

pub mod marks;
pub mod message;
pub mod security;
pub mod settings;

use std::slice;

use axum::{
    body::Body,
    extract::{Form, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};
use leptos::prelude::provide_context;
use serde::Deserialize;

use crate::{
    account::{
        Person, device, folded_email,
        limits::Wait,
        password::{self, QueueFull, Waits, rules},
        session::{NewSession, SignedIn},
    },
    app::shell,
    error::Failure,
    ids::{mint, now},
    language::t,
    people::{
        api::AccountRefusal,
        setup,
        sign_in::{self, SignInOutcome},
    },
    security::{client_address::ClientAddress, log},
    state::AppState,
    text::in_one_line,
};

#[derive(Deserialize)]
pub struct CreateAccount {
    name: String,
    email: String,
    password: String,
    #[serde(default)]
    code: String,
}

pub async fn create_account(
    State(app): State<AppState>,
    address: ClientAddress,
    parts: Parts,
    Form(form): Form<CreateAccount>,
) -> Response {
    if let Err(wait) = app.limits.try_from_address(address) {
        return too_often(&app.build.style, wait);
    }
    let is_admitted = setup::is_at_this_machine(&app, &parts) || app.setup_code.is(&form.code);
    let person = Person { name: in_one_line(&form.name), email: folded_email(&form.email) };
    let (name, email, code) = (form.name, form.email, form.code);
    let refusal = |message| AccountRefusal { message, name, email, code };
    let refuse = async |failure| refuse(&app, &parts, "/create-account", failure, refusal).await;
    if let Err(failure) = check(&person, &form.password) {
        return refuse(failure).await;
    }
    let made: anyhow::Result<Result<[String; 2], Failure>> = async {
        if app.database.has_owner().await? {
            return Ok(Err(Failure::Closed));
        }
        if !is_admitted {
            return Ok(Err(Failure::Invalid(t().server.forms.wrong_setup_code.into())));
        }
        let id = mint();
        let hash = password::hash(form.password, Waits::Stranger).await?;
        if !app.database.create_owner(id, &person, &hash, now()).await? {
            return Ok(Err(Failure::Closed));
        }
        log::event("sign-up", Some(id), address);
        let session = NewSession::of(&parts.headers, address);
        app.database.open_session(id, &hash, &session).await?;
        Ok(Ok([app.sessions.cookie(&session), device::remember(&app.sessions, id).await?]))
    }
    .await;
    match made {
        Ok(Ok(cookies)) => welcome(cookies),
        Ok(Err(failure)) => refuse(failure).await,
        Err(error) if error.is::<QueueFull>() => busy(&app.build.style),
        Err(error) => {
            tracing::error!(%error, "an account could not be made");
            refuse(Failure::Unavailable).await
        }
    }
}

/// Sends somebody who has just signed in to the chats.
fn welcome(cookies: [String; 2]) -> Response {
    (AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie))), Redirect::to("/")).into_response()
}

fn check(person: &Person, password: &str) -> Result<(), Failure> {
    let invalid = |message: &str| Err(Failure::Invalid(message.into()));
    let (before, after) = person.email.split_once('@').unwrap_or_default();
    let is_email = !before.is_empty()
        && !after.is_empty()
        && person.email.len() <= 254
        && !person.email.contains(char::is_whitespace);
    if person.name.is_empty() {
        invalid(t().server.forms.no_name)
    } else if person.name.chars().count() > 100 {
        invalid(t().server.forms.long_name)
    } else if !is_email {
        invalid(t().server.forms.no_email)
    } else {
        rules::check(password, person)
    }
}

#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
}

pub async fn sign_in(
    State(app): State<AppState>,
    address: ClientAddress,
    parts: Parts,
    Form(form): Form<SignIn>,
) -> Response {
    let typed = form.email.clone();
    let refusal = |message| AccountRefusal { message, email: typed, ..AccountRefusal::default() };
    let email = folded_email(&form.email);
    let failure = match sign_in::sign_in(&app, &parts.headers, address, &email, form.password).await {
        Ok(SignInOutcome::Open(cookies)) => return welcome(cookies),
        Ok(SignInOutcome::Wait(wait)) => return too_often(&app.build.style, wait),
        Ok(SignInOutcome::Busy) => return busy(&app.build.style),
        Ok(SignInOutcome::Wrong) => Failure::WrongPassword,
        Err(error) => {
            tracing::error!(%error, "nobody could be signed in");
            Failure::Unavailable
        }
    };
    refuse(&app, &parts, "/sign-in", failure, refusal).await
}

/// Ends the session, and has the browser forget what it keeps: its scripts may be off, or gone.
pub async fn sign_out(State(app): State<AppState>, who: Result<SignedIn, Failure>, address: ClientAddress) -> Response {
    let ended = match who {
        Ok(who) => app.detached(async move |app| end_session(&app, who, address).await).await,
        Err(Failure::SignedOut) => Ok(()),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = ended {
        return failure.into_response();
    }
    let forget = (HeaderName::from_static("clear-site-data"), "\"storage\"".to_owned());
    ([(header::SET_COOKIE, app.sessions.closed()), forget], Redirect::to("/sign-in")).into_response()
}

async fn end_session(app: &AppState, who: SignedIn, address: ClientAddress) -> Result<(), Failure> {
    app.database.end_tokens(slice::from_ref(&who.session)).await?;
    log::event("sign-out", Some(who.viewer.user), address);
    app.hub.signed_out(&who.session);
    Ok(())
}

/// For whoever tries too often. Going back, the browser has what was typed.
fn too_often(style: &str, wait: Wait) -> Response {
    let texts = &t().server.cards;
    let (time, too_often) = match wait {
        Wait::Address(time) => (time, texts.too_often_from_address),
        Wait::Guesses(time) => (time, texts.too_often_with_wrong_password),
    };
    let seconds = time.as_secs() + 1;
    let card = format!("<p>{}</p>", too_often(seconds));
    let page = plain(style, texts.too_often_title, &card);
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], page).into_response()
}

/// For whoever would have to wait for too many passwords to be checked.
fn busy(style: &str) -> Response {
    let card = format!("<p>{}</p>", t().server.cards.busy);
    let page = plain(style, t().server.cards.busy_title, &card);
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], page).into_response()
}

/// A page of one card, made without the app. `title` and `card` are HTML. `style`: the address of the style sheet.
pub fn plain(style: &str, title: &str, card: &str) -> Html<String> {
    let (tag, document) = (t().tag, (t().page.titled)(title));
    Html(format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><meta charset=\"utf-8\"><title>{document}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"{style}\">\
         <main class=\"card-page\"><div class=\"card\"><h1>{title}</h1>{card}</div></main></html>"
    ))
}

/// The policy of settings pages: a style, a picture, and their forms.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A page of settings, which is the person's alone.
fn settings_page(status: StatusCode, document: String) -> Response {
    let policy = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, policy, Html(document)).into_response()
}

/// Whoever is not signed in is sent to where they can.
fn signed_out(failure: Failure) -> Response {
    match failure {
        Failure::SignedOut => Redirect::to("/sign-in").into_response(),
        failure => failure.into_response(),
    }
}

/// The page that a form stands on, with the status for why it was refused. `refusal`: makes of the reason what the page
/// shows of it, and of what had been typed.
async fn refuse<T: Clone + Send + Sync + 'static>(
    app: &AppState,
    parts: &Parts,
    page: &str,
    failure: Failure,
    refusal: impl FnOnce(String) -> T,
) -> Response {
    let refusal = refusal(failure.to_string());
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = parts.headers.clone();
    *request.extensions_mut() = parts.extensions.clone();
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        request.headers_mut().remove(name);
    }
    match page.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    }
    let context = {
        let app = app.clone();
        move || {
            provide_context(app.clone());
            provide_context(refusal.clone());
        }
    };
    let render = leptos_axum::render_app_async_with_context(context, shell);
    let mut response = render(request).await;
    *response.status_mut() = failure.status();
    response
}
