//! Conversations and messages in the database. Every statement is scoped by the account that asks.

use futures::TryStreamExt;
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use super::{CONVERSATIONS_A_PAGE, Conversation, ConversationPage, MESSAGES_A_PAGE, MessageMeta, MessagePage};
use crate::{
    database::{Database, from_json, parsed, placeholders},
    ids::{AccountId, ConversationId, MessageId, Millis},
    message::{Epoch, Message},
};

const CONVERSATION: &str = "c.id, c.rev, c.title, c.updated_at, c.deleted";
const META: &str = "m.id, m.rev, m.place, m.attempt, m.shown, m.role, m.status, m.epoch, m.nonce";
pub(crate) const MESSAGE: &str =
    "m.id, m.role, m.model, m.epoch, m.nonce, m.status, m.parts, m.ended_at, m.error, m.usage";

/// How many changed rows of a list are read at once: what fits in a frame.
const CHANGES_AT_ONCE: i64 = 30;

/// How many messages of a deleted conversation are removed in one transaction, and how many bytes of them: each is
/// written over, and everybody waits.
const MAX_PURGED: i64 = 100;
const MAX_PURGED_BYTES: i64 = 256 * 1024;

/// What changed in a list, up to `rev`.
pub struct Changes<T> {
    pub rev: i64,
    pub rows: Vec<T>,
    /// Whether there is more after `rev`.
    pub more: bool,
}

impl<T> Changes<T> {
    /// `rows` are in the order of their `rev`, one more than are given at once if there is more. Rows of one change
    /// (a handful at the most) stay together, as a reader continues after the last change that it has.
    fn new(now: i64, mut rows: Vec<T>, rev: impl Fn(&T) -> i64) -> Changes<T> {
        let next = rows.get(CHANGES_AT_ONCE as usize).map(&rev);
        match next {
            Some(next) => {
                rows.retain(|row| rev(row) < next);
                Changes { rev: rows.last().map_or(next, &rev), rows, more: true }
            }
            None => Changes { rev: now, rows, more: false },
        }
    }
}

impl Database {
    /// The newest conversations that were last spoken in before `before` (none: of all).
    pub async fn conversations(&self, account: AccountId, before: Option<Millis>) -> sqlx::Result<ConversationPage> {
        let rev = self.conversations_rev(account).await?;
        let sql = format!(
            "SELECT {CONVERSATION} FROM conversations c WHERE c.account_id = $1 AND c.deleted = 0 AND c.updated_at < $2
             ORDER BY c.updated_at DESC LIMIT $3"
        );
        let mut rows = sqlx::query(AssertSqlSafe(sql))
            .bind(account.to_string())
            .bind(before.unwrap_or(i64::MAX))
            .bind(CONVERSATIONS_A_PAGE + 1)
            .try_map(conversation)
            .fetch_all(&self.read)
            .await?;
        let more = rows.len() as i64 > CONVERSATIONS_A_PAGE;
        rows.truncate(CONVERSATIONS_A_PAGE as usize);
        Ok(ConversationPage { rev, rows, more })
    }

    /// What has changed in the sidebar since `rev`, oldest change first, deleted ones among them.
    pub async fn conversations_since(&self, account: AccountId, rev: i64) -> sqlx::Result<Changes<Conversation>> {
        let now = self.conversations_rev(account).await?;
        let sql = format!(
            "SELECT {CONVERSATION} FROM conversations c WHERE c.account_id = $1 AND c.rev > $2 ORDER BY c.rev LIMIT $3"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(account.to_string())
            .bind(rev)
            .bind(CHANGES_AT_ONCE + 1)
            .try_map(conversation)
            .fetch_all(&self.read)
            .await?;
        Ok(Changes::new(now, rows, |row| row.rev))
    }

    async fn conversations_rev(&self, account: AccountId) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT conversations_rev FROM accounts WHERE id = $1")
            .bind(account.to_string())
            .fetch_one(&self.read)
            .await
    }

    /// The last messages of a conversation before `before` (none: the newest), or `None` if the account has no such one.
    pub async fn message_page(
        &self,
        account: AccountId,
        id: ConversationId,
        before: Option<i64>,
    ) -> sqlx::Result<Option<MessagePage>> {
        let Some((rev, conversation)) = self.conversation(account, id).await? else {
            return Ok(None);
        };
        let before = before.unwrap_or(i64::MAX);
        // One more than a page, to know whether there is more.
        let shown: Vec<(i64, Message)> = sqlx::query(AssertSqlSafe(format!(
            "SELECT {MESSAGE}, m.place FROM messages m WHERE m.conversation_id = $1 AND m.shown = 1 AND m.place < $2
             ORDER BY m.place DESC LIMIT $3"
        )))
        .bind(id.to_string())
        .bind(before)
        .bind(MESSAGES_A_PAGE + 1)
        .try_map(|row: AnyRow| Ok((row.try_get("place")?, message(row)?)))
        .fetch_all(&self.read)
        .await?;
        let more = shown.len() as i64 > MESSAGES_A_PAGE;
        let mut shown: Vec<_> = shown.into_iter().take(MESSAGES_A_PAGE as usize).collect();
        shown.reverse();
        let first = shown.first().map_or(before, |(place, _)| *place);
        let metas = sqlx::query(AssertSqlSafe(format!(
            "SELECT {META} FROM messages m WHERE m.conversation_id = $1 AND m.place >= $2 AND m.place < $3
             ORDER BY m.place, m.attempt"
        )))
        .bind(id.to_string())
        .bind(first)
        .bind(before)
        .try_map(meta)
        .fetch_all(&self.read)
        .await?;
        let messages = shown.into_iter().map(|(_, message)| message).collect();
        Ok(Some(MessagePage { conversation, rev, metas, messages, more }))
    }

    /// What has changed in a conversation since `rev`, oldest change first; `None` if the account has no such one.
    pub async fn metas_since(
        &self,
        account: AccountId,
        id: ConversationId,
        rev: i64,
    ) -> sqlx::Result<Option<Changes<MessageMeta>>> {
        let Some((now, _)) = self.conversation(account, id).await? else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT {META} FROM messages m WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3"
        );
        let metas = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(rev)
            .bind(CHANGES_AT_ONCE + 1)
            .try_map(meta)
            .fetch_all(&self.read)
            .await?;
        Ok(Some(Changes::new(now, metas, |meta| meta.rev)))
    }

    async fn conversation(&self, account: AccountId, id: ConversationId) -> sqlx::Result<Option<(i64, Conversation)>> {
        let sql = format!(
            "SELECT {CONVERSATION}, c.messages_rev FROM conversations c WHERE c.id = $1 AND c.account_id = $2 AND c.deleted = 0"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(account.to_string())
            .try_map(|row: AnyRow| Ok((row.try_get("messages_rev")?, conversation(row)?)))
            .fetch_optional(&self.read)
            .await
    }

    /// A message as its row has it, and the conversation that it is in.
    pub async fn message(&self, account: AccountId, id: MessageId) -> sqlx::Result<Option<(ConversationId, Message)>> {
        let sql = format!(
            "SELECT {MESSAGE}, m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $1 AND c.account_id = $2 AND c.deleted = 0"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(account.to_string())
            .try_map(|row: AnyRow| Ok((parsed(&row, "conversation_id")?, message(row)?)))
            .fetch_optional(&self.read)
            .await
    }

    /// What was said last before `place`, as it is shown: what a provider is sent. Whole messages of `budget` bytes at the
    /// most, but the last one in any case.
    pub async fn said_before(
        &self,
        account: AccountId,
        id: ConversationId,
        place: i64,
        budget: usize,
    ) -> sqlx::Result<Vec<Message>> {
        let sql = format!(
            "SELECT {MESSAGE} FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE c.id = $1 AND c.account_id = $2 AND c.deleted = 0 AND m.shown = 1 AND m.place < $3 ORDER BY m.place DESC"
        );
        let mut rows = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(account.to_string())
            .bind(place)
            .try_map(message)
            .fetch(&self.read);
        let (mut said, mut bytes) = (vec![], 0);
        while let Some(message) = rows.try_next().await? {
            bytes += message.len();
            // The newest in any case, or there is nothing to answer.
            if bytes > budget && !said.is_empty() {
                break;
            }
            said.push(message);
        }
        said.reverse();
        Ok(said)
    }

    /// Shows this attempt in its place. False if the account has no such message.
    pub async fn show_attempt(&self, account: AccountId, id: MessageId) -> sqlx::Result<Option<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, id).await? else {
            return Ok(None);
        };
        let place: i64 = sqlx::query_scalar("SELECT place FROM messages WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        hide_attempts(&mut tx, conversation, place, rev).await?;
        sqlx::query("UPDATE messages SET shown = 1, rev = $1 WHERE id = $2")
            .bind(rev)
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

/// Counts a change of the list of messages that `message` is in, if the account has it.
pub(crate) async fn next_messages_rev(
    tx: &mut AnyConnection,
    account: AccountId,
    message: MessageId,
) -> sqlx::Result<Option<(ConversationId, i64)>> {
    sqlx::query(
        "UPDATE conversations SET messages_rev = messages_rev + 1
         WHERE account_id = $1 AND deleted = 0 AND id = (SELECT conversation_id FROM messages WHERE id = $2) RETURNING id, messages_rev",
    )
    .bind(account.to_string())
    .bind(message.to_string())
    .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, row.try_get("messages_rev")?)))
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

fn conversation(row: AnyRow) -> sqlx::Result<Conversation> {
    Ok(Conversation {
        id: parsed(&row, "id")?,
        rev: row.try_get("rev")?,
        title: row.try_get("title")?,
        updated_at: row.try_get("updated_at")?,
        deleted: row.try_get::<i64, _>("deleted")? != 0,
    })
}

fn meta(row: AnyRow) -> sqlx::Result<MessageMeta> {
    Ok(MessageMeta {
        id: parsed(&row, "id")?,
        rev: row.try_get("rev")?,
        place: row.try_get("place")?,
        attempt: row.try_get("attempt")?,
        shown: row.try_get::<i64, _>("shown")? != 0,
        role: parsed(&row, "role")?,
        status: parsed(&row, "status")?,
        epoch: epoch(&row)?,
    })
}

pub(crate) fn message(row: AnyRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: parsed(&row, "id")?,
        role: parsed(&row, "role")?,
        model: row.try_get("model")?,
        epoch: epoch(&row)?,
        status: parsed(&row, "status")?,
        parts: from_json(&row.try_get::<String, _>("parts")?)?,
        ended_at: row.try_get("ended_at")?,
        error: row.try_get("error")?,
        usage: (row.try_get::<Option<String>, _>("usage")?).map(|usage| from_json(&usage)).transpose()?,
    })
}

pub(crate) fn epoch(row: &AnyRow) -> sqlx::Result<Epoch> {
    Ok(Epoch { counter: row.try_get::<i64, _>("epoch")? as u32, nonce: row.try_get::<i64, _>("nonce")? as u32 })
}
