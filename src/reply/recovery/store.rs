//! What recovery does in the database: each step a transaction that is safe to repeat.

use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    conversation::store::{MESSAGE, message},
    database::{Database, parsed},
    ids::{MessageId, NodeId, now},
    language::t,
    message::{End, Epoch, Status},
    reply::journal::{ending::store::finish_orphan, replay},
};

impl Database {
    /// Declares every other process dead. Their replies can then be recovered.
    pub async fn fence_others(&self, node: NodeId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE nodes SET fenced = 1 WHERE id <> $1 AND fenced = 0")
            .bind(node.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Makes an index for [`Database::recover`]: the journal has none by message while it is written.
    pub async fn begin_recovery(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("CREATE INDEX IF NOT EXISTS journal_by_message ON journal (message_id, seq)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Lets the index go, and all that the journal has of fenced processes and rows have, too. What a reply that could
    /// not be recovered has in it stays, also while its conversation is deleted but can be brought back.
    pub async fn end_recovery(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DROP INDEX IF EXISTS journal_by_message").execute(&mut *tx).await?;
        sqlx::query(
            "DELETE FROM journal WHERE node_id IN (SELECT id FROM nodes WHERE fenced = 1) AND message_id NOT IN (
                SELECT m.id FROM messages m WHERE m.status IN ('pending', 'streaming')
                AND ((SELECT c.deleted_at FROM conversations c WHERE c.id = m.conversation_id) IS NULL
                    OR EXISTS (SELECT 1 FROM deletions d WHERE d.conversation_id = m.conversation_id
                        AND d.message_id IS NULL AND d.state = 'deleted')))",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Replies that a fenced process left open, in the order of their ids, after `last`; at most `limit`.
    pub async fn orphans(&self, last: Option<MessageId>, limit: i64) -> sqlx::Result<Vec<MessageId>> {
        sqlx::query(
            "SELECT m.id FROM messages m JOIN nodes n ON n.id = m.node_id JOIN conversations c ON c.id = m.conversation_id
             WHERE m.status IN ('pending', 'streaming') AND n.fenced = 1 AND c.deleted_at IS NULL AND m.id > $1 ORDER BY m.id LIMIT $2",
        )
        .bind(last.map_or_else(String::new, |id| id.to_string()))
        .bind(limit)
        .try_map(|row: AnyRow| parsed(&row, "id"))
        .fetch_all(&self.read)
        .await
    }

    /// Folds an orphan's journal into its row and ends it as `Interrupted`, in one transaction that is safe to repeat.
    pub async fn recover(&self, id: MessageId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let sql = format!(
            "SELECT {MESSAGE}, m.node_id FROM messages m JOIN nodes n ON n.id = m.node_id
             WHERE m.id = $1 AND m.status IN ('pending', 'streaming') AND n.fenced = 1"
        );
        let Some((node, mut message)) = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .try_map(|row: AnyRow| Ok((parsed::<NodeId>(&row, "node_id")?, message(row)?)))
            .fetch_optional(&mut *tx)
            .await?
        else {
            return Ok(());
        };
        let rows: Vec<(i64, i64, String)> =
            sqlx::query_as("SELECT part, at, body FROM journal WHERE message_id = $1 AND epoch = $2 ORDER BY seq")
                .bind(id.to_string())
                .bind(i64::from(message.epoch.counter))
                .fetch_all(&mut *tx)
                .await?;
        let whole = replay(&mut message, rows);
        let ended = message.position().end(End {
            status: Status::Interrupted,
            stop_reason: None,
            ended_at: now(),
            error: (!whole).then(|| t().server.replies.damaged.to_owned()),
            usage: None,
        });
        let _ = message.apply(ended);
        finish_orphan(&mut tx, node, &message).await?;
        if !whole {
            keep_rows(&mut tx, id, message.epoch).await?;
        }
        tx.commit().await
    }
}

/// Gives the rows of a message's epoch to nobody, so that they stay when those of dead processes go: whoever has to look into a
/// damaged database finds them under the message's own id and epoch. They go with its words when it is deleted.
async fn keep_rows(tx: &mut AnyConnection, id: MessageId, epoch: Epoch) -> sqlx::Result<()> {
    sqlx::query("UPDATE journal SET node_id = $1 WHERE message_id = $2 AND epoch = $3")
        .bind(format!("{id}:{}", epoch.counter))
        .bind(id.to_string())
        .bind(i64::from(epoch.counter))
        .execute(tx)
        .await?;
    Ok(())
}
