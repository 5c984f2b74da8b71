//! Deleting a message with all below it, and bringing it back. Each step is a short transaction, safe to repeat, and to be killed after.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use super::{
    DeletionChange, DeletionState,
    running::store::running_below,
    stored::store::{deletion_of, unfinished},
};
use crate::{
    access::{Viewer, store::MAY_CHANGE},
    database::{Database, parsed, placeholders},
    ids::{ConversationId, MessageId, Millis, Seq},
};

impl Database {
    /// Begins to delete a message and all below it: from now on nobody finds that. `runs`: whether a reply is running.
    pub async fn begin_deletion(
        &self,
        viewer: Viewer,
        id: MessageId,
        now: Millis,
        runs: impl Fn(MessageId) -> bool,
    ) -> sqlx::Result<DeletionChange<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some(root) = changeable(&mut tx, viewer, id).await? else { return Ok(DeletionChange::Missing) };
        let conversation = root.conversation;
        let before = deletion_of(&mut tx, conversation, id).await?;
        if before.is_some_and(|before| matches!(before.state, DeletionState::Deleting | DeletionState::Deleted)) {
            return Ok(DeletionChange::Begun(conversation));
        }
        if unfinished(&mut tx, conversation).await?.is_some() {
            return Ok(DeletionChange::Unfinished(conversation));
        }
        if root.is_deleted {
            return Ok(DeletionChange::Missing);
        }
        let running = running_below(&mut tx, conversation, (root.lane, root.seq), |reply, _| runs(reply)).await?;
        if !running.is_empty() {
            return Ok(DeletionChange::Runs(running));
        }
        sqlx::query(
            "INSERT INTO deletions (conversation_id, deleted_at, message_id, lane, seq, before_seq, state)
             VALUES ($1, $2, $3, $4, $5, COALESCE(
                 (SELECT MAX(m.seq) FROM messages m WHERE m.conversation_id = $1 AND m.lane = $4 AND m.seq < $5), 0), $6)",
        )
        .bind(conversation.to_string())
        .bind(next_mark(&mut tx, &[conversation], now).await?)
        .bind(id.to_string())
        .bind(root.lane)
        .bind(root.seq)
        .bind(DeletionState::Deleting.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(DeletionChange::Begun(conversation))
    }

    /// Begins to bring back what was deleted with a message.
    pub async fn begin_restoring(&self, viewer: Viewer, id: MessageId) -> sqlx::Result<DeletionChange<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some(root) = changeable(&mut tx, viewer, id).await? else { return Ok(DeletionChange::Missing) };
        let conversation = root.conversation;
        let Some(deletion) = deletion_of(&mut tx, conversation, id).await? else {
            // It may be the second time.
            return Ok(if root.is_deleted { DeletionChange::Missing } else { DeletionChange::Begun(conversation) });
        };
        match deletion.state {
            DeletionState::Purging | DeletionState::Copying => return Ok(DeletionChange::Missing),
            DeletionState::Restoring => return Ok(DeletionChange::Begun(conversation)),
            DeletionState::Deleting | DeletionState::Deleted => {}
        }
        if unfinished(&mut tx, conversation).await?.is_some_and(|other| other.at != deletion.at) {
            return Ok(DeletionChange::Unfinished(conversation));
        }
        if root.is_below_deleted {
            return Ok(DeletionChange::Changed);
        }
        set_state(&mut tx, conversation, deletion.at, DeletionState::Restoring).await?;
        tx.commit().await?;
        Ok(DeletionChange::Begun(conversation))
    }

    /// How many messages have gone with the deletion of this one; 0 if they are back.
    pub async fn deleted_with(&self, conversation: ConversationId, id: MessageId) -> sqlx::Result<i64> {
        let mut read = self.read.acquire().await?;
        Ok(deletion_of(&mut read, conversation, id).await?.map_or(0, |deletion| deletion.messages))
    }

    /// The conversations with a deletion that is not finished, as a process left them that ended in the middle.
    pub async fn unfinished_deletions(&self) -> sqlx::Result<Vec<ConversationId>> {
        sqlx::query("SELECT conversation_id FROM deletions WHERE state IN ('deleting', 'restoring')")
            .try_map(|row: AnyRow| parsed(&row, "conversation_id"))
            .fetch_all(&self.read)
            .await
    }
}

/// A message, where it stands, and what has become of it.
struct Root {
    conversation: ConversationId,
    lane: i64,
    seq: Seq,
    is_deleted: bool,
    /// Whether what it follows is deleted.
    is_below_deleted: bool,
}

/// A message of a conversation that the viewer may change, be it deleted or not.
async fn changeable(tx: &mut AnyConnection, viewer: Viewer, id: MessageId) -> sqlx::Result<Option<Root>> {
    let statement = format!(
        "SELECT m.conversation_id, m.lane, m.seq, CASE WHEN m.deleted_at IS NULL THEN 0 ELSE 1 END AS is_deleted,
                CASE WHEN p.deleted_at IS NULL THEN 0 ELSE 1 END AS is_below_deleted
         FROM messages m JOIN conversations c ON c.id = m.conversation_id LEFT JOIN messages p ON p.id = m.parent_id
         WHERE m.id = $2 AND {MAY_CHANGE}"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .try_map(|row: AnyRow| {
            Ok(Root {
                conversation: parsed(&row, "conversation_id")?,
                lane: row.try_get("lane")?,
                seq: row.try_get("seq")?,
                is_deleted: row.try_get::<i64, _>("is_deleted")? != 0,
                is_below_deleted: row.try_get::<i64, _>("is_below_deleted")? != 0,
            })
        })
        .fetch_optional(tx)
        .await
}

/// The time, or a little later: no other deletion of these conversations has it, or had it.
pub(in crate::conversation) async fn next_mark(
    tx: &mut AnyConnection,
    ids: &[ConversationId],
    now: Millis,
) -> sqlx::Result<Millis> {
    let places = placeholders(1, ids.len());
    let statement = format!(
        "SELECT COALESCE(MAX(marks.mark), 0) FROM (
             SELECT (SELECT MAX(m.deleted_at) FROM messages m WHERE m.conversation_id = c.id AND m.deleted_at IS NOT NULL) AS mark
             FROM conversations c WHERE c.id IN ({places})
             UNION ALL SELECT MAX(d.deleted_at) FROM deletions d WHERE d.conversation_id IN ({places})
         ) AS marks"
    );
    let query = ids.iter().fold(sqlx::query_scalar(AssertSqlSafe(statement)), |query, id| query.bind(id.to_string()));
    let last: Millis = query.fetch_one(tx).await?;
    Ok(now.max(last + 1))
}

async fn set_state(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    at: Millis,
    state: DeletionState,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE deletions SET state = $1 WHERE conversation_id = $2 AND deleted_at = $3")
        .bind(state.as_str())
        .bind(conversation.to_string())
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}
