//! What removes deleted words. Each step is a short transaction of its own, safe to repeat.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    conversation::deletion::{
        DeletionState,
        slices::store::{Candidate, MAX_SLICE, candidate, slice},
    },
    database::{Database, optional, parsed, placeholders},
    ids::{ConversationId, MessageId, Millis, Seq},
};

/// A deletion whose time for Undo is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub conversation: ConversationId,
    pub at: Millis,
    pub finished_at: Millis,
    /// None: all of the conversation is deleted.
    pub message: Option<MessageId>,
}

impl Database {
    /// Deletions that were finished `before` this time and whose words are not removed yet, from the one that comes `after` that
    /// one on: at most 100, in the order in which they were finished.
    pub async fn due_purges(&self, before: Millis, after: Option<Due>) -> sqlx::Result<Vec<Due>> {
        sqlx::query(
            "SELECT conversation_id, deleted_at, finished_at, message_id FROM deletions
             WHERE finished_at < $1 AND (finished_at, conversation_id, deleted_at) > ($2, $3, $4)
             AND state IN ('deleted', 'purging') ORDER BY finished_at, conversation_id, deleted_at LIMIT 100",
        )
        .bind(before)
        .bind(after.map_or(Millis::MIN, |last| last.finished_at))
        .bind(after.map_or_else(String::new, |last| last.conversation.to_string()))
        .bind(after.map_or(Millis::MIN, |last| last.at))
        .try_map(|row: AnyRow| {
            let (conversation, message) = (parsed(&row, "conversation_id")?, optional(&row, "message_id")?);
            Ok(Due { conversation, at: row.try_get("deleted_at")?, finished_at: row.try_get("finished_at")?, message })
        })
        .fetch_all(&self.read)
        .await
    }

    /// From now on a deletion cannot be undone. False: it has been undone just now.
    pub async fn begin_purge(&self, due: Due) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let begun = sqlx::query(
            "UPDATE deletions SET state = $1 WHERE conversation_id = $2 AND deleted_at = $3 AND state IN ('deleted', 'purging')",
        )
        .bind(DeletionState::Purging.as_str())
        .bind(due.conversation.to_string())
        .bind(due.at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Removes some of what was said in the messages of a deletion, from `after` on; and what waited for them to be sent. Their
    /// ids and revs stay. Gives where to continue; `None`: it is done.
    pub async fn purge_messages(&self, due: Due, after: Seq) -> sqlx::Result<Option<Seq>> {
        let found = self.marked(due.conversation, due.at, after).await?;
        let mut tx = self.begin().await?;
        let (taken, left) = found.split_at(slice(&found));
        if !taken.is_empty() {
            let places = placeholders(1, taken.len());
            let [kept, open] = journal_removals(&places);
            run(
                &mut tx,
                taken,
                [
                    kept,
                    open,
                    format!("DELETE FROM queue WHERE after_id IN ({places})"),
                    format!("DELETE FROM ratings WHERE message_id IN ({places})"),
                    format!(
                        "UPDATE messages SET parts = '[]', model = NULL, error = NULL, usage = NULL, instruction = NULL
                         WHERE id IN ({places})"
                    ),
                ],
            )
            .await?;
        }
        if left.is_empty() {
            end(&mut tx, due).await?;
        }
        tx.commit().await?;
        Ok(taken.last().map(|last| last.seq).filter(|_| !left.is_empty()))
    }

    /// Removes some of what was said in a deleted conversation, and returns whether there may be more. A little at a time, as
    /// everybody else's words wait meanwhile; the newest first, as each stands below what it follows.
    pub async fn purge_conversation(&self, due: Due) -> sqlx::Result<bool> {
        let found: Vec<Candidate> = sqlx::query(
            "SELECT m.id, m.lane, m.seq, CAST(octet_length(m.parts) AS BIGINT) AS bytes FROM messages m
             JOIN conversations c ON c.id = m.conversation_id
             WHERE c.id = $1 AND c.deleted_at IS NOT NULL ORDER BY m.seq DESC LIMIT $2",
        )
        .bind(due.conversation.to_string())
        .bind(MAX_SLICE)
        .try_map(candidate)
        .fetch_all(&self.read)
        .await?;
        let taken = &found[..slice(&found)];
        let mut tx = self.begin().await?;
        if taken.is_empty() {
            for statement in [
                "DELETE FROM lanes WHERE conversation_id = $1",
                "DELETE FROM conversation_options WHERE conversation_id = $1",
                "DELETE FROM conversation_marks WHERE conversation_id = $1",
                "UPDATE conversations SET title = '' WHERE id = $1 AND deleted_at IS NOT NULL",
            ] {
                sqlx::query(statement).bind(due.conversation.to_string()).execute(&mut *tx).await?;
            }
            end(&mut tx, due).await?;
            // A temporary one never was in a list, so it needs no tombstone.
            for statement in [
                "DELETE FROM list_starts WHERE list = (SELECT id FROM conversations WHERE id = $1 AND expires_at IS NOT NULL)",
                "DELETE FROM conversations WHERE id = $1 AND expires_at IS NOT NULL AND deleted_at IS NOT NULL",
            ] {
                sqlx::query(statement).bind(due.conversation.to_string()).execute(&mut *tx).await?;
            }
        } else {
            let places = placeholders(1, taken.len());
            let [kept, open] = journal_removals(&places);
            run(
                &mut tx,
                taken,
                [
                    kept,
                    open,
                    format!("DELETE FROM deletions WHERE message_id IN ({places})"),
                    format!("DELETE FROM queue WHERE after_id IN ({places})"),
                    format!("DELETE FROM ratings WHERE message_id IN ({places})"),
                    format!("DELETE FROM messages WHERE id IN ({places})"),
                ],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(!taken.is_empty())
    }
}

/// What removes the journal's rows of these messages: those that recovery kept, under `message:epoch` (`;` comes after `:`), and
/// those of replies that it could not end.
fn journal_removals(places: &str) -> [String; 2] {
    [
        format!(
            "DELETE FROM journal WHERE (node_id, seq) IN (
                 SELECT j.node_id, j.seq FROM messages m CROSS JOIN journal j
                 WHERE m.id IN ({places}) AND j.node_id > m.id || ':' AND j.node_id < m.id || ';')"
        ),
        format!(
            "DELETE FROM journal WHERE (node_id, seq) IN (
                 SELECT j.node_id, j.seq FROM messages m CROSS JOIN journal j
                 WHERE m.id IN ({places}) AND m.status IN ('pending', 'streaming')
                 AND j.node_id = m.node_id AND j.message_id = m.id)"
        ),
    ]
}

/// Runs statements that take the ids of these messages.
async fn run<const N: usize>(
    tx: &mut AnyConnection,
    messages: &[Candidate],
    statements: [String; N],
) -> sqlx::Result<()> {
    for statement in statements {
        let query = messages.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, one| query.bind(&one.id));
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Nothing of a deletion is left to be removed.
async fn end(tx: &mut AnyConnection, due: Due) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM deletions WHERE conversation_id = $1 AND deleted_at = $2")
        .bind(due.conversation.to_string())
        .bind(due.at)
        .execute(tx)
        .await?;
    Ok(())
}
