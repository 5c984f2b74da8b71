//! The rows of the queue: reading them, and what becomes of them as replies start and end. What sends one is in
//! `reply/store.rs`, as it starts a reply.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        ListPosition,
        changes::store::next_messages_rev,
        queue::{MAX_QUEUED, QueuePage, Queued, ReplyChange, Sender, Wait},
    },
    database::{Database, from_json, parsed},
    ids::{AccountId, ConversationId, MessageId, Rev},
    message::Status,
};

pub(super) const QUEUED: &str = "q.id, q.rev, q.after_id, q.held, q.user_id, q.parts, q.model";

/// That a row waits for a reply that is not deleted: else it is gone with that, and comes back with it.
pub(super) const IS_SHOWN: &str = "EXISTS (SELECT 1 FROM messages a WHERE a.id = q.after_id AND a.deleted_at IS NULL)";

/// A row that may be sent, and as whom.
pub struct Sendable {
    pub conversation: ConversationId,
    /// Who queued it, in the conversation's account.
    pub author: Viewer,
    pub queued: Queued,
}

impl Database {
    /// The queue of a conversation; `None` if the viewer may not see it.
    pub async fn queue(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Option<QueuePage>> {
        // The counter first: what changes meanwhile is then read again.
        let statement = format!("SELECT c.messages_rev FROM conversations c WHERE c.id = $2 AND {MAY_SEE}");
        let rev: Option<Rev> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        let Some(rev) = rev else { return Ok(None) };
        let statement = format!(
            "SELECT {QUEUED} FROM queue q WHERE q.conversation_id = $1 AND q.removed_at IS NULL AND {IS_SHOWN}
             ORDER BY q.seq LIMIT $2"
        );
        let rows = sqlx::query(AssertSqlSafe(statement))
            .bind(id.to_string())
            .bind(MAX_QUEUED)
            .try_map(|row: AnyRow| queued(&row))
            .fetch_all(&self.read)
            .await?;
        let position = ListPosition { lineage: self.lineage, rev };
        Ok(Some(QueuePage { position, rows }))
    }

    /// A row that the viewer may see.
    pub async fn queued(&self, viewer: Viewer, id: MessageId) -> sqlx::Result<Option<Sendable>> {
        let statement = format!(
            "SELECT {QUEUED}, q.conversation_id, c.account_id FROM queue q JOIN conversations c ON c.id = q.conversation_id
             WHERE q.id = $2 AND q.removed_at IS NULL AND {IS_SHOWN} AND {MAY_SEE}"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .try_map(|row: AnyRow| sendable(&row))
            .fetch_optional(&self.read)
            .await
    }

    /// What the server is to send now: the first row that waits for this reply, if that has completed and the row is not
    /// held. It is sent as whoever queued it.
    pub async fn next_queued(&self, after: MessageId) -> sqlx::Result<Option<Sendable>> {
        let statement = format!(
            "SELECT {QUEUED}, q.conversation_id, c.account_id, m.status FROM queue q
             JOIN messages m ON m.id = q.after_id JOIN conversations c ON c.id = q.conversation_id
             WHERE q.after_id = $1 AND q.removed_at IS NULL AND m.deleted_at IS NULL AND c.deleted_at IS NULL
             ORDER BY q.seq LIMIT 1"
        );
        let first: Option<(Status, Sendable)> = sqlx::query(AssertSqlSafe(statement))
            .bind(after.to_string())
            .try_map(|row: AnyRow| Ok((parsed(&row, "status")?, sendable(&row)?)))
            .fetch_optional(&self.read)
            .await?;
        let may_be_sent = |(status, row): &(Status, Sendable)| row.queued.wait.may_be_sent(*status, Sender::Server);
        Ok(first.filter(may_be_sent).map(|(_, row)| row))
    }

    /// The completed replies for which something waits: a process ended before it sent that.
    pub async fn replies_with_queue(&self) -> sqlx::Result<Vec<MessageId>> {
        sqlx::query(
            "SELECT DISTINCT q.after_id FROM queue q JOIN messages m ON m.id = q.after_id
             WHERE q.held = 0 AND q.removed_at IS NULL AND m.status = 'completed' AND m.deleted_at IS NULL ORDER BY q.after_id",
        )
        .try_map(|row: AnyRow| parsed(&row, "after_id"))
        .fetch_all(&self.read)
        .await
    }

    /// Has what waits for a completed reply wait for a person, as the first of it cannot be sent.
    pub async fn hold_queue(&self, conversation: ConversationId, after: MessageId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        move_queue(&mut tx, conversation, after, ReplyChange::Refused).await?;
        tx.commit().await
    }
}

/// Whether a row stands under this id in the queue, or stood there until it was removed.
pub(in crate::reply) async fn is_queued(tx: &mut AnyConnection, id: MessageId) -> sqlx::Result<bool> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT id FROM queue WHERE id = $1").bind(id.to_string()).fetch_optional(tx).await?;
    Ok(found.is_some())
}

/// Takes a row out of the queue, if it is still as it was read. Whoever does not find it so sends nothing.
pub(in crate::reply) async fn take_queued(tx: &mut AnyConnection, row: &Queued) -> sqlx::Result<bool> {
    let taken = sqlx::query("DELETE FROM queue WHERE id = $1 AND rev = $2 AND removed_at IS NULL")
        .bind(row.id.to_string())
        .bind(row.rev)
        .execute(tx)
        .await?;
    Ok(taken.rows_affected() == 1)
}

/// Does with the rows that wait for a reply what follows from a change of it, each under a rev of its own.
pub(in crate::reply) async fn move_queue(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    after: MessageId,
    change: ReplyChange,
) -> sqlx::Result<()> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT id, held FROM queue WHERE after_id = $1 AND removed_at IS NULL ORDER BY seq")
            .bind(after.to_string())
            .fetch_all(&mut *tx)
            .await?;
    for (id, held) in rows {
        let wait = Wait { after, held: held != 0 };
        let next = wait.next(change);
        if next == wait {
            continue;
        }
        let Some(rev) = next_messages_rev(tx, conversation, 1).await? else { return Ok(()) };
        sqlx::query("UPDATE queue SET after_id = $1, held = $2, rev = $3 WHERE id = $4")
            .bind(next.after.to_string())
            .bind(i64::from(next.held))
            .bind(rev)
            .bind(id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

pub(super) fn queued(row: &AnyRow) -> sqlx::Result<Queued> {
    Ok(Queued {
        id: parsed(row, "id")?,
        rev: row.try_get("rev")?,
        wait: Wait { after: parsed(row, "after_id")?, held: row.try_get::<i64, _>("held")? != 0 },
        author: parsed(row, "user_id")?,
        parts: from_json(&row.try_get::<String, _>("parts")?)?,
        model: row.try_get("model")?,
    })
}

fn sendable(row: &AnyRow) -> sqlx::Result<Sendable> {
    let queued = queued(row)?;
    let account: AccountId = parsed(row, "account_id")?;
    let author = Viewer { user: queued.author, account };
    Ok(Sendable { conversation: parsed(row, "conversation_id")?, author, queued })
}
