//! Conversations and messages in the database. Every statement is scoped by the account that asks.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{CONVERSATIONS_A_PAGE, Conversation, ConversationPage, MESSAGES_A_PAGE, MessageMeta, MessagePage};
use crate::{
    database::{Database, from_json, parsed},
    ids::{AccountId, ConversationId, MessageId, Millis},
    message::{Epoch, Message},
};

const CONVERSATION: &str = "c.id, c.rev, c.title, c.updated_at, c.deleted";
const META: &str = "m.id, m.rev, m.place, m.attempt, m.shown, m.role, m.status, m.epoch, m.nonce";
pub(crate) const MESSAGE: &str =
    "m.id, m.role, m.model, m.epoch, m.nonce, m.status, m.parts, m.ended_at, m.error, m.usage";

/// How many changed rows of a list are read at once: what fits in a frame.
const CHANGES_AT_ONCE: i64 = 30;

/// What changed in a list, up to `rev`.
pub struct Changes<T> {
    pub rev: i64,
    pub rows: Vec<T>,
    /// Whether there is more after `rev`.
    pub more: bool,
}

impl<T> Changes<T> {
    /// `rows` are in the order of their `rev`, one more than are given at once if there is more. Rows that share one,
    /// as earlier versions wrote a handful of them, stay together: a reader continues after the last rev that it has.
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
            bytes += message.size();
            // The newest in any case, or there is nothing to answer.
            if bytes > budget && !said.is_empty() {
                break;
            }
            said.push(message);
        }
        said.reverse();
        Ok(said)
    }
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
