//! `rivulet reset-password`: the way back in for somebody who does not have their password any more.

use anyhow::{Context, anyhow, bail};

use super::new_password;
use crate::{
    account::{
        folded_email,
        password::{self, Waits, rules},
    },
    database::Database,
    security::log,
};

/// Gives the person with this email a new password, which it asks for, and signs them out everywhere. A server that runs
/// meanwhile refuses their old sessions from then on, and closes the sockets that they have open when it next checks
/// their session. If `stop` comes before the password is written, it is not. Gives a sentence about what was done;
/// errors are for the person who asked for it.
pub async fn reset_password(database_url: &str, email: &str, stop: impl Future<Output = ()>) -> anyhow::Result<String> {
    let database = Database::open_beside(database_url).await?;
    let found = database.person(&folded_email(email)).await.context("The database cannot be read.")?;
    let (user, person) =
        found.context("Nobody has an account with this email. `rivulet list-people` shows who has one.")?;
    let hash = async {
        let password = new_password::read(&person.email).await?;
        rules::check(&password, &person).map_err(|failure| anyhow!("{failure} Nothing was changed."))?;
        password::hash(password, Waits::Known).await
    };
    let hash = tokio::select! {
        hash = hash => hash?,
        () = stop => bail!("Stopped. Nothing was changed."),
    };
    let is_reset = database.reset_password(user, &hash).await?;
    database.close().await;
    if !is_reset {
        bail!("This person has no account any more. Nothing was changed.");
    }
    log::command("password reset", user);
    Ok("The password is reset, and all sessions of this person are ended. Pages that they have open close within a minute.".into())
}
