//! The security log: one line an event, under the tracing target `security`: what happened, whose account it is about,
//! and from which address. Never what was typed: an email is named by its account's person, one without an account not
//! at all, as people type passwords there.

use super::client_address::ClientAddress;
use crate::ids::UserId;

/// Something that somebody did, or tried.
pub fn event(event: &'static str, person: Option<UserId>, address: ClientAddress) {
    let person = person.map(|person| person.to_string()).unwrap_or_else(|| "unknown".into());
    tracing::info!(target: "security", event, person, %address);
}

/// What a command did on the server's own machine.
pub fn command(event: &'static str, person: UserId) {
    tracing::info!(target: "security", event, person = person.to_string(), address = "command line");
}
