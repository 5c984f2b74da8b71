//! Changing one's password.

use axum::http::HeaderMap;

use crate::{
    account::{
        device::Device,
        limits::GuessTarget,
        password::{self, Verdict, Waits, rules},
        session::{NewSession, SignedIn},
    },
    error::Failure,
    language::t,
    security::{client_address::ClientAddress, log},
    state::AppState,
};

/// Changes the password and gives the cookie of a new session: whoever else has the token of this one is out, too.
pub async fn change(
    app: &AppState,
    who: &SignedIn,
    headers: &HeaderMap,
    address: ClientAddress,
    present: String,
    new: String,
) -> anyhow::Result<Result<String, Failure>> {
    let verified = app.database.password_hash(who.viewer.user).await?;
    let right = present.len() <= rules::LONGEST_PASSWORD
        && password::verify(present, verified.clone(), Waits::Known).await? != Verdict::Wrong;
    let (Some(verified), true) = (verified, right) else {
        log::event("password change wrong", Some(who.viewer.user), address);
        return Ok(Err(wrong()));
    };
    // It was no wrong guess, whatever becomes of the new one.
    app.limits.guessed(&GuessTarget::Person(who.viewer.user));
    if let Err(failure) = rules::check(&new, &who.person) {
        return Ok(Err(failure));
    }
    let hash = password::hash(new, Waits::Known).await?;
    let device = Device::find(&app.sessions, headers, who.viewer.user).await?.map(|device| device.token_hash);
    let session = NewSession::of(headers, address);
    let ended = app.database.change_password(who.viewer.user, &verified, &hash, device.as_deref(), &session).await?;
    let Some(ended) = ended else {
        log::event("password change wrong", Some(who.viewer.user), address);
        return Ok(Err(wrong()));
    };
    for ended in ended {
        if ended == who.session { app.hub.renewed(&ended) } else { app.hub.signed_out(&ended) }
    }
    log::event("password changed", Some(who.viewer.user), address);
    Ok(Ok(app.sessions.cookie(&session)))
}

fn wrong() -> Failure {
    Failure::Invalid(t().server.forms.wrong_present_password.into())
}
