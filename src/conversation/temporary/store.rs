//! Temporary conversations in the database: which expire, and how they are left, kept and closed.

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::expiry;
use crate::{
    access::{
        Viewer,
        store::{MAY_CHANGE, MAY_SEE, lose_access_to},
    },
    conversation::{
        SidebarTopic, Visibility,
        changes::store::next_sidebar_rev,
        deletion::{DeletionChange, DeletionState, running::store::running_in, store::next_mark},
        first_words,
        marks::store::{mark_rated, next_marks_rev},
        store::{MESSAGE, message},
    },
    database::{Database, Writing, parsed},
    ids::{ConversationId, MessageId, Millis},
};

/// A temporary conversation that is about to expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiring {
    pub id: ConversationId,
    pub expires_at: Millis,
    /// When it expires while a page shows it.
    pub shown_until: Millis,
}

impl Database {
    /// The temporary conversations that expire before this time, the first one first; at most 100.
    pub async fn expiring(&self, before: Millis) -> sqlx::Result<Vec<Expiring>> {
        sqlx::query(
            "SELECT c.id, c.expires_at, COALESCE((
                 SELECT m.created_at FROM messages m WHERE m.conversation_id = c.id ORDER BY m.seq DESC LIMIT 1
             ), c.created_at) AS last
             FROM conversations c WHERE c.expires_at < $1 AND c.deleted_at IS NULL ORDER BY c.expires_at LIMIT 100",
        )
        .bind(before)
        .try_map(|row: AnyRow| {
            let (id, expires_at) = (parsed(&row, "id")?, row.try_get("expires_at")?);
            Ok(Expiring { id, expires_at, shown_until: expiry(row.try_get("last")?) })
        })
        .fetch_all(&self.read)
        .await
    }

    /// A page shows it still, or again: it expires as if it had not been left.
    pub async fn stay(&self, it: Expiring) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE conversations SET expires_at = $1 WHERE id = $2 AND expires_at = $3")
            .bind(it.shown_until)
            .bind(it.id.to_string())
            .bind(it.expires_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// A page of the viewer's that showed it was closed: it expires at this time, if not sooner.
    pub async fn leave_temporary(&self, viewer: Viewer, id: ConversationId, expires_at: Millis) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let statement = format!(
            "UPDATE conversations AS c SET expires_at = $3 WHERE c.id = $2 AND c.expires_at > $3 AND {MAY_SEE}"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .bind(expires_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Makes it an ordinary conversation, named by its first words. Gives the list that it comes into; `None` if the viewer
    /// may not, or if it is no temporary one.
    pub async fn keep_temporary(
        &self,
        viewer: Viewer,
        id: ConversationId,
        now: Millis,
    ) -> sqlx::Result<Option<SidebarTopic>> {
        let mut tx = self.begin().await?;
        let statement = format!(
            "SELECT c.account_id FROM conversations c WHERE c.id = $2 AND c.expires_at IS NOT NULL AND {MAY_CHANGE}"
        );
        let account = sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .try_map(|row: AnyRow| parsed(&row, "account_id"))
            .fetch_optional(&mut *tx)
            .await?;
        let Some(account) = account else { return Ok(None) };
        let topic = SidebarTopic::Mine(account, viewer.user);
        let rev = next_sidebar_rev(&mut tx, topic).await?;
        let first = format!(
            "SELECT {MESSAGE} FROM messages m WHERE m.conversation_id = $1 AND m.parent_id IS NULL AND m.deleted_at IS NULL
             ORDER BY m.seq LIMIT 1"
        );
        let first =
            sqlx::query(AssertSqlSafe(first)).bind(id.to_string()).try_map(message).fetch_optional(&mut *tx).await?;
        sqlx::query(
            "UPDATE conversations SET visibility = $1, expires_at = NULL, title = $2, updated_at = $3, mine_rev = $4
             WHERE id = $5",
        )
        .bind(Visibility::Private.as_str())
        .bind(first_words(&first.map(|first| first.text()).unwrap_or_default()))
        .bind(now)
        .bind(rev)
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        // From now on there is a mark to say that there are ratings.
        let rated: Option<String> =
            sqlx::query_scalar("SELECT message_id FROM ratings WHERE conversation_id = $1 AND user_id = $2 LIMIT 1")
                .bind(id.to_string())
                .bind(viewer.user.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        if rated.is_some() {
            let rev = next_marks_rev(&mut tx, viewer, 1).await?;
            mark_rated(&mut tx, viewer, id, rev).await?;
        }
        tx.commit().await?;
        Ok(Some(topic))
    }

    /// Closes one: from now on nobody finds it, and all of it is removed, which cannot be undone. `runs`: whether a reply is
    /// running.
    pub async fn close_temporary(
        &self,
        viewer: Viewer,
        id: ConversationId,
        now: Millis,
        runs: impl Fn(MessageId) -> bool,
    ) -> sqlx::Result<DeletionChange<()>> {
        let mut tx = self.begin().await?;
        let statement =
            format!("SELECT c.id FROM conversations c WHERE c.id = $2 AND c.expires_at IS NOT NULL AND {MAY_CHANGE}");
        let found: Option<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() {
            return Ok(DeletionChange::Missing);
        }
        close(tx, id, now, runs).await
    }

    /// The same for one that has expired.
    pub async fn expire(
        &self,
        id: ConversationId,
        now: Millis,
        runs: impl Fn(MessageId) -> bool,
    ) -> sqlx::Result<DeletionChange<()>> {
        let mut tx = self.begin().await?;
        let found: Option<String> = sqlx::query_scalar(
            "SELECT id FROM conversations WHERE id = $1 AND expires_at <= $2 AND deleted_at IS NULL",
        )
        .bind(id.to_string())
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        if found.is_none() {
            return Ok(DeletionChange::Missing);
        }
        close(tx, id, now, runs).await
    }
}

async fn close(
    mut tx: Writing,
    id: ConversationId,
    now: Millis,
    runs: impl Fn(MessageId) -> bool,
) -> sqlx::Result<DeletionChange<()>> {
    let running = running_in(&mut tx, &[id]).await?.into_iter().map(|(reply, ..)| reply);
    let running: Vec<MessageId> = running.filter(|reply| runs(*reply)).collect();
    if !running.is_empty() {
        return Ok(DeletionChange::Runs(running));
    }
    let mark = next_mark(&mut tx, &[id], now).await?;
    sqlx::query("UPDATE conversations SET deleted_at = $1 WHERE id = $2")
        .bind(mark)
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
    // Due at once.
    sqlx::query("INSERT INTO deletions (conversation_id, deleted_at, state, finished_at) VALUES ($1, $2, $3, 0)")
        .bind(id.to_string())
        .bind(mark)
        .bind(DeletionState::Purging.as_str())
        .execute(&mut *tx)
        .await?;
    lose_access_to(&mut tx, &[id], now).await?;
    tx.commit().await?;
    Ok(DeletionChange::Begun(()))
}
