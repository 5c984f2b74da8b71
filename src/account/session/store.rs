//! Sessions in the database: found, noted as used, listed and ended.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{ListedSession, OpenSession};
use crate::{
    access::{
        Viewer,
        store::{AccessChange, lose_access},
    },
    account::store::person,
    database::{Database, parsed, placeholders},
    ids::{Millis, UserId, now},
};

impl Database {
    /// The first of these sessions that is not over, of somebody who is a member of an account: they are in the one that
    /// they joined first.
    pub async fn session(&self, token_hashes: &[String], now: Millis) -> sqlx::Result<Option<OpenSession>> {
        if token_hashes.is_empty() {
            return Ok(None);
        }
        let statement = format!(
            "SELECT s.token_hash, s.created_at, s.seen_at, u.id, u.name, u.email, ms.account_id
             FROM sessions s JOIN users u ON u.id = s.user_id
             JOIN memberships ms ON ms.user_id = u.id AND ms.created_at =
                (SELECT MIN(earliest.created_at) FROM memberships earliest WHERE earliest.user_id = u.id)
             WHERE s.expires_at > $1 AND s.token_hash IN ({})",
            placeholders(2, token_hashes.len()),
        );
        let query =
            token_hashes.iter().fold(sqlx::query(AssertSqlSafe(statement)).bind(now), |query, hash| query.bind(hash));
        let sessions = query
            .try_map(|row: AnyRow| {
                Ok(OpenSession {
                    token_hash: row.try_get("token_hash")?,
                    viewer: Viewer { user: parsed(&row, "id")?, account: parsed(&row, "account_id")? },
                    person: person(&row)?,
                    created_at: row.try_get("created_at")?,
                    seen_at: row.try_get("seen_at")?,
                })
            })
            .fetch_all(&self.read)
            .await?;
        Ok(sessions.into_iter().min_by_key(|session| token_hashes.iter().position(|hash| *hash == session.token_hash)))
    }

    /// Notes when a session was last used and until when it now lasts, unless that was noted since `before`.
    pub async fn session_seen(
        &self,
        token_hash: &str,
        now: Millis,
        before: Millis,
        expires_at: Millis,
        address: Option<String>,
    ) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE sessions SET seen_at = $1, expires_at = $2, address = COALESCE($3, address)
             WHERE token_hash = $4 AND seen_at <= $5",
        )
        .bind(now)
        .bind(expires_at)
        .bind(address)
        .bind(token_hash)
        .bind(before)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// A person's sessions that are not over: the one that asks, and then the others, the last used first.
    pub async fn sessions(&self, user: UserId, asking: &str, now: Millis) -> sqlx::Result<Vec<ListedSession>> {
        sqlx::query(
            "SELECT token_hash, created_at, seen_at, browser, address FROM sessions
             WHERE user_id = $1 AND expires_at > $2
             ORDER BY CASE token_hash WHEN $3 THEN 0 ELSE 1 END, seen_at DESC, token_hash LIMIT 200",
        )
        .bind(user.to_string())
        .bind(now)
        .bind(asking)
        .try_map(|row: AnyRow| {
            Ok(ListedSession {
                token_hash: row.try_get("token_hash")?,
                created_at: row.try_get("created_at")?,
                seen_at: row.try_get("seen_at")?,
                browser: row.try_get("browser")?,
                address: row.try_get("address")?,
            })
        })
        .fetch_all(&self.read)
        .await
    }

    /// Ends these sessions. Gives those that ended, and whose they were.
    pub async fn end_tokens(&self, token_hashes: &[String]) -> sqlx::Result<Vec<(String, UserId)>> {
        if token_hashes.is_empty() {
            return Ok(vec![]);
        }
        let mut tx = self.begin().await?;
        let statement = format!(
            "DELETE FROM sessions WHERE token_hash IN ({}) RETURNING token_hash, user_id",
            placeholders(1, token_hashes.len()),
        );
        let query = token_hashes.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, hash| query.bind(hash));
        let ended = query
            .try_map(|row: AnyRow| Ok((row.try_get("token_hash")?, parsed(&row, "user_id")?)))
            .fetch_all(&mut *tx)
            .await?;
        let people: BTreeSet<UserId> = ended.iter().map(|(_, user)| *user).collect();
        for user in people {
            lose_access(&mut tx, AccessChange { user: Some(user), ..Default::default() }, now()).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends one of a person's sessions (`only`), or all but the one that is `kept`. Gives those that ended.
    pub async fn end_sessions(&self, user: UserId, only: Option<&str>, kept: &str) -> sqlx::Result<Vec<String>> {
        let mut tx = self.begin().await?;
        let ended = sqlx::query_scalar(
            "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2 AND ($3 = 1 OR token_hash = $4)
             RETURNING token_hash",
        )
        .bind(user.to_string())
        .bind(kept)
        .bind(i64::from(only.is_none()))
        .bind(only.unwrap_or_default())
        .fetch_all(&mut *tx)
        .await?;
        lose_access(&mut tx, AccessChange { user: Some(user), ..Default::default() }, now()).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
