//! What people change in their conversations. Every statement is scoped by the account that asks.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    database::{Database, parsed, placeholders},
    ids::{AccountId, ConversationId, MessageId},
};

/// How many messages of a deleted conversation are removed in one transaction, and how many bytes of them: each is
/// written over, and everybody waits.
const MAX_PURGED: i64 = 100;
const MAX_PURGED_BYTES: i64 = 256 * 1024;

impl Database {
    /// Shows this attempt in its place. False if the account has no such message.
    pub async fn show_attempt(&self, account: AccountId, id: MessageId) -> sqlx::Result<Option<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, id, 2).await? else {
            return Ok(None);
        };
        let place: i64 = sqlx::query_scalar("SELECT place FROM messages WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        hide_attempts(&mut tx, conversation, place, rev).await?;
        sqlx::query("UPDATE messages SET shown = 1, rev = $1 WHERE id = $2")
            .bind(rev + 1)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(conversation))
    }

    /// Gives a conversation a name. `by_hand` always wins; else only while it has none but its first words.
    pub async fn rename(
        &self,
        account: AccountId,
        id: ConversationId,
        title: &str,
        by_hand: bool,
    ) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let rev = next_conversations_rev(&mut tx, account).await?;
        let done = sqlx::query(
            "UPDATE conversations SET title = $1, titled = 1, rev = $2
             WHERE id = $3 AND account_id = $4 AND deleted = 0 AND (titled = 0 OR $5 = 1)",
        )
        .bind(title)
        .bind(rev)
        .bind(id.to_string())
        .bind(account.to_string())
        .bind(i64::from(by_hand))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Whether the conversation still has only its first words for a title.
    pub async fn wants_title(&self, account: AccountId, id: ConversationId) -> sqlx::Result<bool> {
        let titled: Option<i64> =
            sqlx::query_scalar("SELECT titled FROM conversations WHERE id = $1 AND account_id = $2 AND deleted = 0")
                .bind(id.to_string())
                .bind(account.to_string())
                .fetch_optional(&self.read)
                .await?;
        Ok(titled == Some(0))
    }

    /// Deletes a conversation: from now on it is nowhere but in the sidebar's list, as its own tombstone. What was said in
    /// it is removed by [`Database::purge`].
    pub async fn delete_conversation(&self, account: AccountId, id: ConversationId) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let rev = next_conversations_rev(&mut tx, account).await?;
        let done = sqlx::query(
            "UPDATE conversations SET deleted = 1, title = '', rev = $1 WHERE id = $2 AND account_id = $3 AND deleted = 0",
        )
        .bind(rev)
        .bind(id.to_string())
        .bind(account.to_string())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Removes some of what was said in a deleted conversation, and returns whether there may be more. A little at a time, as
    /// everybody else's words wait meanwhile.
    pub async fn purge(&self, id: ConversationId) -> sqlx::Result<bool> {
        let found: Vec<(String, i64)> = sqlx::query_as(
            "SELECT m.id, CAST(octet_length(m.parts) AS BIGINT) FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE c.id = $1 AND c.deleted = 1 LIMIT $2",
        )
        .bind(id.to_string())
        .bind(MAX_PURGED)
        .fetch_all(&self.read)
        .await?;
        let mut bytes = 0;
        let fits = |(_, length): &&(String, i64)| {
            bytes += length;
            bytes <= MAX_PURGED_BYTES
        };
        // One in any case, or a long one would stay for ever.
        let count = found.iter().take_while(fits).count().max(1);
        let Some(purged) = found.get(..count) else { return Ok(false) };
        let mut tx = self.begin().await?;
        let statement = format!("DELETE FROM messages WHERE id IN ({})", placeholders(1, count));
        let query = purged.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, (id, _)| query.bind(id));
        query.execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(count < found.len() || found.len() as i64 == MAX_PURGED)
    }

    /// Deleted conversations of which something is left, as a process left them that ended in the middle.
    pub async fn to_purge(&self) -> sqlx::Result<Vec<ConversationId>> {
        sqlx::query(
            "SELECT c.id FROM conversations c
             WHERE c.deleted = 1 AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id)",
        )
        .try_map(|row: AnyRow| parsed(&row, "id"))
        .fetch_all(&self.read)
        .await
    }
}

/// Counts a change of the account's sidebar. First in its transaction, so that two of them never share a count.
pub(crate) async fn next_conversations_rev(tx: &mut AnyConnection, account: AccountId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "UPDATE accounts SET conversations_rev = conversations_rev + 1 WHERE id = $1 RETURNING conversations_rev",
    )
    .bind(account.to_string())
    .fetch_one(&mut *tx)
    .await
}

/// Counts so many changes of the list of messages that `message` is in, if the account has it, and returns the rev of the
/// first: each changed row has one of its own.
pub(crate) async fn next_messages_rev(
    tx: &mut AnyConnection,
    account: AccountId,
    message: MessageId,
    changes: i64,
) -> sqlx::Result<Option<(ConversationId, i64)>> {
    sqlx::query(
        "UPDATE conversations SET messages_rev = messages_rev + $1
         WHERE account_id = $2 AND deleted = 0 AND id = (SELECT conversation_id FROM messages WHERE id = $3) RETURNING id, messages_rev",
    )
    .bind(changes)
    .bind(account.to_string())
    .bind(message.to_string())
    .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, row.try_get::<i64, _>("messages_rev")? - changes + 1)))
    .fetch_optional(&mut *tx)
    .await
}

pub(crate) async fn hide_attempts(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    place: i64,
    rev: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE messages SET shown = 0, rev = $1 WHERE conversation_id = $2 AND place = $3 AND shown = 1")
        .bind(rev)
        .bind(conversation.to_string())
        .bind(place)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
