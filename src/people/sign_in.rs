//! Signing in: which guesses are taken, and what a browser gets for the right one.

use axum::http::HeaderMap;

use crate::{
    account::{
        device::{self, Device},
        limits::{GuessTarget, Wait},
        password::{self, QueueFull, Verdict, Waits, rules::LONGEST_PASSWORD},
        session::NewSession,
    },
    ids::UserId,
    security::{client_address::ClientAddress, log},
    state::AppState,
};

/// What came of it.
pub enum SignInOutcome {
    /// The cookies of the session and of the device.
    Open([String; 2]),
    Wrong,
    Wait(Wait),
    /// Too many passwords wait to be hashed.
    Busy,
}

/// Opens a session for whoever has this email (folded) and password, and ends the one that the browser had.
pub async fn sign_in(
    app: &AppState,
    headers: &HeaderMap,
    address: ClientAddress,
    email: &str,
    password: String,
) -> anyhow::Result<SignInOutcome> {
    let (user, hash) = app.database.credentials(email).await?.unzip();
    let device = match user {
        Some(user) => Device::find(&app.sessions, headers, user).await?,
        None => None,
    };
    let (target, waits) = match &device {
        Some(device) => (GuessTarget::Device(device.token_hash.clone()), Waits::Known),
        None => (GuessTarget::email(email), Waits::Stranger),
    };
    // One that cannot be right is no guess.
    let is_guess = password.len() <= LONGEST_PASSWORD;
    let by_address = if device.is_none() || !is_guess { app.limits.try_from_address(address) } else { Ok(()) };
    if let Err(wait) = by_address.and_then(|()| if is_guess { app.limits.guess(&target) } else { Ok(()) }) {
        app.limits.log_refusal("sign-in delayed", user, address);
        return Ok(SignInOutcome::Wait(wait));
    }
    let verdict =
        if is_guess { password::verify(password.clone(), hash.clone(), waits).await } else { Ok(Verdict::Wrong) };
    let verdict = match verdict {
        Err(error) if error.is::<QueueFull>() => {
            app.limits.not_guessed(&target);
            app.limits.log_refusal("sign-in queue full", user, address);
            return Ok(SignInOutcome::Busy);
        }
        verdict => verdict?,
    };
    let (Some(user), Some(hash), true) = (user, hash, verdict != Verdict::Wrong) else {
        log::event("sign-in wrong", user, address);
        return Ok(SignInOutcome::Wrong);
    };
    app.limits.guessed(&target);
    let hash = match verdict {
        Verdict::Outdated => renew_hash(app, user, hash, password, waits).await?,
        _ => hash,
    };
    let session = NewSession::of(headers, address);
    if !app.database.open_session(user, &hash, &session).await? {
        log::event("sign-in wrong", Some(user), address);
        return Ok(SignInOutcome::Wrong);
    }
    end_old_sessions(app, headers, user).await?;
    let device = match device {
        Some(device) => device.used(&app.sessions).await?,
        None => device::remember(&app.sessions, user).await?,
    };
    log::event("sign-in right", Some(user), address);
    Ok(SignInOutcome::Open([app.sessions.cookie(&session), device]))
}

/// Hashes a password as it is done today. Gives the hash that is stored, unless the password was changed meanwhile.
async fn renew_hash(
    app: &AppState,
    user: UserId,
    verified: String,
    password: String,
    waits: Waits,
) -> anyhow::Result<String> {
    let hash = password::hash(password, waits).await?;
    let is_renewed = app.database.renew_password_hash(user, &verified, &hash).await?;
    Ok(if is_renewed { hash } else { verified })
}

/// Ends the sessions that the browser brings: it gets another one.
async fn end_old_sessions(app: &AppState, headers: &HeaderMap, user: UserId) -> sqlx::Result<()> {
    for (session, person) in app.database.end_tokens(&app.sessions.token_hashes(headers)).await? {
        if person == user { app.hub.renewed(&session) } else { app.hub.signed_out(&session) }
    }
    Ok(())
}
