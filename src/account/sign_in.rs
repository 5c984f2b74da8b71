//! Signing in: which guesses are taken, and what a browser gets for the right one.

use axum::http::HeaderMap;

use super::{
    device,
    limits::{Target, Wait},
    password::{self, QueueFull, Verdict, Waits, rules::LONGEST_PASSWORD},
    session,
};
use crate::{
    ids::UserId,
    server::{client_address::ClientAddress, security_log, state::App},
};

/// What came of it.
pub enum Outcome {
    /// The cookies of the session and of the device.
    Open([String; 2]),
    Wrong,
    Wait(Wait),
    /// Too many passwords wait to be hashed.
    Busy,
}

/// Opens a session for whoever has this email (folded) and password, and ends the one that the browser had.
pub async fn sign_in(
    app: &App,
    headers: &HeaderMap,
    address: ClientAddress,
    email: &str,
    password: String,
) -> anyhow::Result<Outcome> {
    let (user, hash) = app.database.credentials(email).await?.unzip();
    let device = match (device::token_hash(headers), user) {
        (Some(device), Some(user)) if app.database.is_device_of(&device, user).await? => Some(device),
        _ => None,
    };
    let (target, waits) = match &device {
        Some(device) => (Target::Device(device.clone()), Waits::Known),
        None => (Target::email(email), Waits::Stranger),
    };
    // One that cannot be right is no guess.
    let is_guess = password.len() <= LONGEST_PASSWORD;
    let by_address = if device.is_none() { app.limits.try_from_address(address) } else { Ok(()) };
    if let Err(wait) = by_address.and_then(|()| if is_guess { app.limits.guess(&target) } else { Ok(()) }) {
        security_log::refused("sign-in delayed", user, address, app);
        return Ok(Outcome::Wait(wait));
    }
    let verdict = match is_guess {
        true => password::verify(password.clone(), hash, waits).await,
        false => Ok(Verdict::Wrong),
    };
    let verdict = match verdict {
        Err(error) if error.is::<QueueFull>() => {
            security_log::refused("sign-in queue full", user, address, app);
            return Ok(Outcome::Busy);
        }
        verdict => verdict?,
    };
    let Some(user) = user.filter(|_| verdict != Verdict::Wrong) else {
        security_log::event("sign-in wrong", user, address);
        return Ok(Outcome::Wrong);
    };
    app.limits.guessed(&target);
    if verdict == Verdict::Outdated {
        let hash = password::hash(password, waits).await?;
        app.database.set_password_hash(user, &hash).await?;
    }
    replace_session(app, headers, user).await?;
    let session = session::open(app, user, headers, address).await?;
    let device = match device {
        Some(device) => device::seen(app, device, headers).await?,
        None => device::remember(app, user).await?,
    };
    security_log::event("sign-in right", Some(user), address);
    Ok(Outcome::Open([session, device]))
}

/// Ends the session that the browser brings: it gets another one.
pub async fn replace_session(app: &App, headers: &HeaderMap, user: UserId) -> sqlx::Result<()> {
    for old in session::token_hashes(app, headers) {
        match app.database.end_session(&old).await? {
            Some(person) if person == user => app.hub.renewed(&old),
            Some(_) => app.hub.signed_out(&old),
            None => {}
        }
    }
    Ok(())
}
