//! People, their passwords and their devices in the database.

use anyhow::Context;
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Person,
    session::{ListedPerson, NewSession},
};
use crate::{
    access::{
        AccountRole, Viewer,
        store::{AccessChange, add_member, lose_access},
    },
    database::{Database, migrations, parsed, placeholders},
    ids::{AccountId, Millis, UserId, mint, now},
};

/// How many devices of a person are remembered.
const MAX_DEVICES: i64 = 20;

impl Database {
    /// Whether somebody has an account here: then sign-up is closed.
    pub async fn has_owner(&self) -> sqlx::Result<bool> {
        let user: Option<String> =
            sqlx::query_scalar("SELECT id FROM users LIMIT 1").fetch_optional(&self.read).await?;
        Ok(user.is_some())
    }

    /// Makes the first person, who administrates the site, and their account. False if there is somebody.
    pub async fn create_owner(
        &self,
        id: UserId,
        person: &Person,
        password_hash: &str,
        now: Millis,
    ) -> sqlx::Result<bool> {
        let account: AccountId = mint();
        let mut tx = self.begin().await?;
        if !insert_person(&mut tx, id, person, password_hash, true, now).await? {
            return Ok(false);
        }
        sqlx::query("INSERT INTO accounts (id, kind, name, created_at) VALUES ($1, 'personal', '', $2)")
            .bind(account.to_string())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        add_member(&mut tx, account, id, AccountRole::Owner, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes a person who is a member of an account that there is.
    pub async fn create_member(
        &self,
        member: Viewer,
        person: &Person,
        password_hash: &str,
        role: AccountRole,
        now: Millis,
    ) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        insert_person(&mut tx, member.user, person, password_hash, false, now).await?;
        add_member(&mut tx, member.account, member.user, role, now).await?;
        tx.commit().await
    }

    /// The person with this email (lower case), and the hash of their password.
    pub async fn credentials(&self, email: &str) -> sqlx::Result<Option<(UserId, String)>> {
        sqlx::query("SELECT id, password_hash FROM users WHERE email = $1")
            .bind(email)
            .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, row.try_get("password_hash")?)))
            .fetch_optional(&self.read)
            .await
    }

    /// The person with this email (folded).
    pub async fn person(&self, email: &str) -> sqlx::Result<Option<(UserId, Person)>> {
        sqlx::query("SELECT id, name, email FROM users WHERE email = $1")
            .bind(email)
            .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, person(&row)?)))
            .fetch_optional(&self.read)
            .await
    }

    /// Everybody, by email, with the sessions that are not over.
    pub async fn people(&self, now: Millis) -> sqlx::Result<Vec<ListedPerson>> {
        sqlx::query(
            "SELECT u.id, u.name, u.email, COUNT(s.token_hash) AS sessions, MAX(s.seen_at) AS seen_at
             FROM users u LEFT JOIN sessions s ON s.user_id = u.id AND s.expires_at > $1
             GROUP BY u.id, u.name, u.email ORDER BY u.email",
        )
        .bind(now)
        .try_map(|row: AnyRow| {
            Ok(ListedPerson {
                user: parsed(&row, "id")?,
                person: person(&row)?,
                sessions: row.try_get("sessions")?,
                seen_at: row.try_get("seen_at")?,
            })
        })
        .fetch_all(&self.read)
        .await
    }

    /// The hash of this person's password.
    pub async fn password_hash(&self, user: UserId) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
            .bind(user.to_string())
            .fetch_optional(&self.read)
            .await
    }

    /// The same password under another hash. False if the person has another password by now.
    pub async fn renew_password_hash(&self, user: UserId, verified: &str, hash: &str) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let is_renewed = write_password_hash(&mut tx, user, verified, hash).await?;
        tx.commit().await?;
        Ok(is_renewed)
    }

    /// Another password in the place of the one whose hash was `verified`: ends all of this person's sessions, and forgets
    /// their devices but the one of this hash. Then opens this one. Gives the sessions that ended; none, and nothing is
    /// done, if the password was changed meanwhile.
    pub async fn change_password(
        &self,
        user: UserId,
        verified: &str,
        hash: &str,
        device: Option<&str>,
        session: &NewSession,
    ) -> sqlx::Result<Option<Vec<String>>> {
        let mut tx = self.begin().await?;
        if !write_password_hash(&mut tx, user, verified, hash).await? {
            return Ok(None);
        }
        sqlx::query("DELETE FROM devices WHERE user_id = $1 AND token_hash <> $2")
            .bind(user.to_string())
            .bind(device.unwrap_or_default())
            .execute(&mut *tx)
            .await?;
        let ended = sqlx::query_scalar("DELETE FROM sessions WHERE user_id = $1 RETURNING token_hash")
            .bind(user.to_string())
            .fetch_all(&mut *tx)
            .await?;
        insert_session(&mut tx, user, session).await?;
        lose_access(&mut tx, AccessChange { user: Some(user), ..Default::default() }, session.now).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// Another password, whatever the present one is: ends all of this person's sessions and forgets all of their devices.
    /// False, and nothing is done, if there is no such person any more.
    pub async fn reset_password(&self, user: UserId, hash: &str) -> anyhow::Result<bool> {
        let write = async {
            let mut tx = self.begin().await?;
            // Another version may have been started while the password was typed.
            migrations::check(&mut tx).await?;
            let written = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2")
                .bind(hash)
                .bind(user.to_string())
                .execute(&mut *tx)
                .await?;
            for statement in ["DELETE FROM devices WHERE user_id = $1", "DELETE FROM sessions WHERE user_id = $1"] {
                sqlx::query(statement).bind(user.to_string()).execute(&mut *tx).await?;
            }
            lose_access(&mut tx, AccessChange { user: Some(user), ..Default::default() }, now()).await?;
            anyhow::Ok((tx, written))
        };
        let (tx, written) = write.await.context("Nothing was changed.")?;
        // A commit that is reported to have failed may have gone through all the same.
        tx.commit().await.context("Whether the password was changed is not known. Run this again.")?;
        Ok(written.rows_affected() == 1)
    }

    /// Opens a session for whoever has the password of this hash, and clears away those of theirs that are over. False if
    /// they have another password by now: who signs in with the old one while it is changed must not stay.
    pub async fn open_session(&self, user: UserId, password_hash: &str, session: &NewSession) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        // Writing the row lets no change of the password in between, on either engine.
        if !write_password_hash(&mut tx, user, password_hash, password_hash).await? {
            return Ok(false);
        }
        sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2")
            .bind(user.to_string())
            .bind(session.now)
            .execute(&mut *tx)
            .await?;
        insert_session(&mut tx, user, session).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// One of these devices on which this person has signed in before.
    pub async fn device(&self, token_hashes: &[&str], user: UserId) -> sqlx::Result<Option<String>> {
        if token_hashes.is_empty() {
            return Ok(None);
        }
        let statement = format!(
            "SELECT token_hash FROM devices WHERE user_id = $1 AND token_hash IN ({}) LIMIT 1",
            placeholders(2, token_hashes.len()),
        );
        let query = sqlx::query_scalar(AssertSqlSafe(statement)).bind(user.to_string());
        token_hashes.iter().fold(query, |query, hash| query.bind(*hash)).fetch_optional(&self.read).await
    }

    /// A device of this person's, in the place of the oldest if they have many.
    pub async fn add_device(&self, token_hash: &str, user: UserId, now: Millis) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM devices WHERE user_id = $1 AND token_hash NOT IN
             (SELECT token_hash FROM devices WHERE user_id = $1 ORDER BY seen_at DESC LIMIT $2)",
        )
        .bind(user.to_string())
        .bind(MAX_DEVICES - 1)
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO devices (token_hash, user_id, seen_at) VALUES ($1, $2, $3)")
            .bind(token_hash)
            .bind(user.to_string())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    pub async fn device_seen(&self, token_hash: &str, now: Millis) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE devices SET seen_at = $1 WHERE token_hash = $2")
            .bind(now)
            .bind(token_hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}

pub(super) fn person(row: &AnyRow) -> sqlx::Result<Person> {
    Ok(Person { name: row.try_get("name")?, email: row.try_get("email")? })
}

/// `is_first`: they administrate the site, and are made only where there is nobody yet. False if they were not made.
async fn insert_person(
    tx: &mut sqlx::AnyConnection,
    id: UserId,
    person: &Person,
    password_hash: &str,
    is_first: bool,
    now: Millis,
) -> sqlx::Result<bool> {
    let made = sqlx::query(
        "INSERT INTO users (id, name, email, password_hash, is_site_administrator, created_at)
         SELECT $1, $2, $3, $4, $5, $6 WHERE $5 = 0 OR NOT EXISTS (SELECT 1 FROM users)",
    )
    .bind(id.to_string())
    .bind(&person.name)
    .bind(&person.email)
    .bind(password_hash)
    .bind(i64::from(is_first))
    .bind(now)
    .execute(tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// False if the person's password is not the one that was `verified`.
async fn write_password_hash(
    tx: &mut sqlx::AnyConnection,
    user: UserId,
    verified: &str,
    hash: &str,
) -> sqlx::Result<bool> {
    let written = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
        .bind(hash)
        .bind(user.to_string())
        .bind(verified)
        .execute(tx)
        .await?;
    Ok(written.rows_affected() == 1)
}

async fn insert_session(tx: &mut sqlx::AnyConnection, user: UserId, session: &NewSession) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, browser, address)
         VALUES ($1, $2, $3, $3, $4, $5, $6)",
    )
    .bind(&session.token_hash)
    .bind(user.to_string())
    .bind(session.now)
    .bind(session.expires_at)
    .bind(&session.browser)
    .bind(&session.address)
    .execute(tx)
    .await?;
    Ok(())
}
