//! People and sessions in the database.

use sqlx::{Row, any::AnyRow};

use super::Person;
use crate::{
    ids::{AccountId, Millis, UserId, mint},
    server::database::{Database, parsed},
};

impl Database {
    /// Whether somebody has an account here: then sign-up is closed.
    pub async fn has_owner(&self) -> sqlx::Result<bool> {
        let user: Option<String> =
            sqlx::query_scalar("SELECT id FROM users LIMIT 1").fetch_optional(&self.read).await?;
        Ok(user.is_some())
    }

    /// Makes the owner and their account, unless there is one. False if there is.
    pub async fn create_owner(&self, id: UserId, person: &Person, password_hash: &str) -> sqlx::Result<bool> {
        let account: AccountId = mint();
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO accounts (id) VALUES ($1)").bind(account.to_string()).execute(&mut *tx).await?;
        let made = sqlx::query(
            "INSERT INTO users (id, account_id, name, email, password_hash)
             SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM users)",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(&person.name)
        .bind(&person.email)
        .bind(password_hash)
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The person with this email (lower case), and the hash of their password.
    pub async fn credentials(&self, email: &str) -> sqlx::Result<Option<(UserId, String)>> {
        sqlx::query("SELECT id, password_hash FROM users WHERE email = $1")
            .bind(email)
            .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, row.try_get("password_hash")?)))
            .fetch_optional(&self.read)
            .await
    }

    /// Opens a session, and clears away those of this person that are over.
    pub async fn open_session(
        &self,
        token_hash: &str,
        user: UserId,
        now: Millis,
        expires_at: Millis,
    ) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2")
            .bind(user.to_string())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(token_hash)
            .bind(user.to_string())
            .bind(now)
            .bind(expires_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Who a session belongs to, if it is not over.
    pub async fn session(&self, token_hash: &str, now: Millis) -> sqlx::Result<Option<(AccountId, Person)>> {
        sqlx::query(
            "SELECT u.account_id, u.name, u.email FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = $1 AND s.expires_at > $2",
        )
        .bind(token_hash)
        .bind(now)
        .try_map(|row: AnyRow| {
            let person = Person { name: row.try_get("name")?, email: row.try_get("email")? };
            Ok((parsed(&row, "account_id")?, person))
        })
        .fetch_optional(&self.read)
        .await
    }

    pub async fn end_session(&self, token_hash: &str) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash).execute(&mut *tx).await?;
        tx.commit().await
    }
}
