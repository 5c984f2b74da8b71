//! Conversations and messages in the database. Every statement is scoped by the account that asks.

use sqlx::{Any, AssertSqlSafe, Row, Transaction, any::AnyRow};

use super::{CONVERSATIONS_A_PAGE, Conversation, Conversations, Head, MESSAGES_A_PAGE, Stretch};
use crate::{
    ids::{AccountId, ConversationId, MessageId, Millis, OwnerId},
    message::{Epoch, Kind, Message, Part, Role, Status},
    server::database::Database,
};

const CONVERSATION: &str = "c.id, c.rev, c.title, c.updated_at, c.deleted";
const HEAD: &str = "m.id, m.rev, m.place, m.attempt, m.shown, m.role, m.status, m.epoch, m.nonce";
const MESSAGE: &str = "m.id, m.role, m.model, m.epoch, m.nonce, m.status, m.parts, m.ended_at, m.error, m.usage";

/// A person's message and the reply that it asks for.
pub struct Exchange {
    pub conversation: ConversationId,
    /// Makes the conversation, with this title, if it is not there yet.
    pub opens: Option<String>,
    pub said: Message,
    pub reply: Message,
    pub owner: OwnerId,
    pub now: Millis,
}

/// What became of something that starts a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Started {
    /// The reply stands in the database: its place, and the change of the list that it came with.
    Yes { place: i64, rev: i64 },
    /// The same send, come twice: nothing was done.
    Repeated,
    /// Another reply is running in this conversation.
    Busy,
    /// It is not in a state for this any more; somebody else was faster.
    Changed,
    /// There is no such thing for this account.
    Missing,
    /// This process was declared dead: it must write no more.
    Fenced,
}

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
    /// `rows` are in the order of their `rev`, one more than are given at once if there is more. Rows of one change
    /// (a handful at the most) stay together, as a reader goes on after the last change that it has.
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
    pub async fn conversations(&self, account: AccountId, before: Option<Millis>) -> sqlx::Result<Conversations> {
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
        Ok(Conversations { rev, rows, more })
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
    pub async fn stretch(
        &self,
        account: AccountId,
        id: ConversationId,
        before: Option<i64>,
    ) -> sqlx::Result<Option<Stretch>> {
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
        let heads = sqlx::query(AssertSqlSafe(format!(
            "SELECT {HEAD} FROM messages m WHERE m.conversation_id = $1 AND m.place >= $2 AND m.place < $3
             ORDER BY m.place, m.attempt"
        )))
        .bind(id.to_string())
        .bind(first)
        .bind(before)
        .try_map(head)
        .fetch_all(&self.read)
        .await?;
        let messages = shown.into_iter().map(|(_, message)| message).collect();
        Ok(Some(Stretch { conversation, rev, heads, messages, more }))
    }

    /// What has changed in a conversation since `rev`, oldest change first; `None` if the account has no such one.
    pub async fn heads_since(
        &self,
        account: AccountId,
        id: ConversationId,
        rev: i64,
    ) -> sqlx::Result<Option<Changes<Head>>> {
        let Some((now, _)) = self.conversation(account, id).await? else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT {HEAD} FROM messages m WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3"
        );
        let heads = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(rev)
            .bind(CHANGES_AT_ONCE + 1)
            .try_map(head)
            .fetch_all(&self.read)
            .await?;
        Ok(Some(Changes::new(now, heads, |head| head.rev)))
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
             WHERE m.id = $1 AND c.account_id = $2"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(account.to_string())
            .try_map(|row: AnyRow| Ok((parsed(&row, "conversation_id")?, message(row)?)))
            .fetch_optional(&self.read)
            .await
    }

    /// What was said before `place`, as it is shown: what a provider is told.
    pub async fn said_before(&self, account: AccountId, id: ConversationId, place: i64) -> sqlx::Result<Vec<Message>> {
        let sql = format!(
            "SELECT {MESSAGE} FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE c.id = $1 AND c.account_id = $2 AND m.shown = 1 AND m.place < $3 ORDER BY m.place"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(account.to_string())
            .bind(place)
            .try_map(message)
            .fetch_all(&self.read)
            .await
    }

    /// A person's message and the reply to it, together or not at all.
    pub async fn exchange(&self, account: AccountId, new: &Exchange) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, new.owner).await? {
            return Ok(Started::Fenced);
        }
        let rev = next_conversations_rev(&mut tx, account).await?;
        if let Some(title) = &new.opens {
            sqlx::query(
                "INSERT INTO conversations (id, account_id, rev, title, updated_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
            )
            .bind(new.conversation.to_string())
            .bind(account.to_string())
            .bind(rev)
            .bind(title)
            .bind(new.now)
            .execute(&mut *tx)
            .await?;
        }
        let Some((messages_rev, place)) = sqlx::query_as::<_, (i64, i64)>(
            "UPDATE conversations SET messages_rev = messages_rev + 1, next_place = next_place + 2, rev = $1, updated_at = $2
             WHERE id = $3 AND account_id = $4 AND deleted = 0 RETURNING messages_rev, next_place",
        )
        .bind(rev)
        .bind(new.now)
        .bind(new.conversation.to_string())
        .bind(account.to_string())
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(Started::Missing);
        };
        let before = sqlx::query(AssertSqlSafe(format!(
            "SELECT {MESSAGE} FROM messages m WHERE m.id = $1 AND m.conversation_id = $2"
        )))
        .bind(new.said.id.to_string())
        .bind(new.conversation.to_string())
        .try_map(message)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(before) = before {
            // The same id with other words is no repetition, and those words must not go unsaid.
            let same = before.text() == new.said.text();
            return Ok(if same { Started::Repeated } else { Started::Changed });
        }
        if is_busy(&mut tx, new.conversation).await? {
            return Ok(Started::Busy);
        }
        let place = place - 2;
        let at = |place| Slot { conversation: new.conversation, rev: messages_rev, place, attempt: 1 };
        match insert(&mut tx, &at(place), &new.said, None).await {
            // The id is taken by something else, here or elsewhere.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Started::Changed),
            inserted => inserted?,
        }
        insert(&mut tx, &at(place + 1), &new.reply, Some(new.owner)).await?;
        tx.commit().await?;
        Ok(Started::Yes { place: place + 1, rev: messages_rev })
    }

    /// Another attempt at a finished reply, shown in its place.
    pub async fn retry(
        &self,
        account: AccountId,
        of: MessageId,
        reply: &Message,
        owner: OwnerId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, owner).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, of).await? else {
            return Ok(Started::Missing);
        };
        let Some((place, role)) = sqlx::query_as::<_, (i64, String)>("SELECT place, role FROM messages WHERE id = $1")
            .bind(of.to_string())
            .fetch_optional(&mut *tx)
            .await?
        else {
            return Ok(Started::Missing);
        };
        if role != name(Role::Assistant) {
            return Ok(Started::Missing);
        }
        if is_busy(&mut tx, conversation).await? {
            return Ok(Started::Busy);
        }
        let attempt: i64 =
            sqlx::query_scalar("SELECT MAX(attempt) + 1 FROM messages WHERE conversation_id = $1 AND place = $2")
                .bind(conversation.to_string())
                .bind(place)
                .fetch_one(&mut *tx)
                .await?;
        hide_attempts(&mut tx, conversation, place, rev).await?;
        insert(&mut tx, &Slot { conversation, rev, place, attempt }, reply, Some(owner)).await?;
        tx.commit().await?;
        Ok(Started::Yes { place, rev })
    }

    /// Opens a new epoch of a message that ended early: a compare-and-set on the epoch that the presser saw.
    pub async fn go_on(
        &self,
        account: AccountId,
        id: MessageId,
        seen: Epoch,
        next: Epoch,
        owner: OwnerId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, owner).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, id).await? else {
            return Ok(Started::Missing);
        };
        if is_busy(&mut tx, conversation).await? {
            return Ok(Started::Busy);
        }
        let place: Option<i64> = sqlx::query_scalar(
            "UPDATE messages SET epoch = $1, nonce = $2, status = 'pending', ended_at = NULL, error = NULL, usage = NULL, owner = $3, rev = $4
             WHERE id = $5 AND epoch = $6 AND nonce = $7 AND status IN ('stopped', 'failed', 'interrupted') RETURNING place",
        )
        .bind(i64::from(next.counter))
        .bind(i64::from(next.nonce))
        .bind(owner.to_string())
        .bind(rev)
        .bind(id.to_string())
        .bind(i64::from(seen.counter))
        .bind(i64::from(seen.nonce))
        .fetch_optional(&mut *tx)
        .await?;
        match place {
            Some(place) => {
                tx.commit().await?;
                Ok(Started::Yes { place, rev })
            }
            None => Ok(Started::Changed),
        }
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

    /// Deletes a conversation with all that was said in it. What stays is its tombstone in the sidebar's list.
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
        sqlx::query("DELETE FROM messages WHERE conversation_id = $1").bind(id.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Counts a change of the account's sidebar. First in its transaction, so that two of them never share a count.
async fn next_conversations_rev(tx: &mut Transaction<'_, Any>, account: AccountId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "UPDATE accounts SET conversations_rev = conversations_rev + 1 WHERE id = $1 RETURNING conversations_rev",
    )
    .bind(account.to_string())
    .fetch_one(&mut **tx)
    .await
}

/// Counts a change of the list of messages that `message` is in, if the account has it.
pub(crate) async fn next_messages_rev(
    tx: &mut Transaction<'_, Any>,
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
    .fetch_optional(&mut **tx)
    .await
}

/// Whether another process has declared this one dead.
async fn is_fenced(tx: &mut Transaction<'_, Any>, owner: OwnerId) -> sqlx::Result<bool> {
    let alive: Option<String> = sqlx::query_scalar("SELECT id FROM owners WHERE id = $1 AND fenced = 0")
        .bind(owner.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(alive.is_none())
}

async fn is_busy(tx: &mut Transaction<'_, Any>, id: ConversationId) -> sqlx::Result<bool> {
    let running: Option<String> =
        sqlx::query_scalar("SELECT id FROM messages WHERE conversation_id = $1 AND status IN ('pending', 'streaming')")
            .bind(id.to_string())
            .fetch_optional(&mut **tx)
            .await?;
    Ok(running.is_some())
}

async fn hide_attempts(
    tx: &mut Transaction<'_, Any>,
    conversation: ConversationId,
    place: i64,
    rev: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE messages SET shown = 0, rev = $1 WHERE conversation_id = $2 AND place = $3 AND shown = 1")
        .bind(rev)
        .bind(conversation.to_string())
        .bind(place)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Where in a conversation a message goes.
struct Slot {
    conversation: ConversationId,
    rev: i64,
    place: i64,
    attempt: i64,
}

async fn insert(
    tx: &mut Transaction<'_, Any>,
    slot: &Slot,
    message: &Message,
    owner: Option<OwnerId>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO messages (id, conversation_id, rev, place, attempt, shown, role, model, epoch, nonce, status, parts, owner)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(message.id.to_string())
    .bind(slot.conversation.to_string())
    .bind(slot.rev)
    .bind(slot.place)
    .bind(slot.attempt)
    .bind(name(message.role))
    .bind(message.model.as_deref())
    .bind(i64::from(message.epoch.counter))
    .bind(i64::from(message.epoch.nonce))
    .bind(name(message.status))
    .bind(json(&message.parts)?)
    .bind(owner.map(|owner| owner.to_string()))
    .execute(&mut **tx)
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

fn head(row: AnyRow) -> sqlx::Result<Head> {
    Ok(Head {
        id: parsed(&row, "id")?,
        rev: row.try_get("rev")?,
        place: row.try_get("place")?,
        attempt: row.try_get("attempt")?,
        shown: row.try_get::<i64, _>("shown")? != 0,
        role: named(&row, "role")?,
        status: named(&row, "status")?,
        epoch: epoch(&row)?,
    })
}

pub(crate) fn message(row: AnyRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: parsed(&row, "id")?,
        role: named(&row, "role")?,
        model: row.try_get("model")?,
        epoch: epoch(&row)?,
        status: named(&row, "status")?,
        parts: from_json(&row.try_get::<String, _>("parts")?)?,
        ended_at: row.try_get("ended_at")?,
        error: row.try_get("error")?,
        usage: (row.try_get::<Option<String>, _>("usage")?).map(|usage| from_json(&usage)).transpose()?,
    })
}

fn epoch(row: &AnyRow) -> sqlx::Result<Epoch> {
    Ok(Epoch { counter: row.try_get::<i64, _>("epoch")? as u32, nonce: row.try_get::<i64, _>("nonce")? as u32 })
}

/// A column that holds an id.
pub(crate) fn parsed<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    (row.try_get::<String, _>(column)?.parse()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A column that holds one of an enum's names.
fn named<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> sqlx::Result<T> {
    serde_json::from_value(serde_json::Value::String(row.try_get(column)?))
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// An enum's name, as its JSON has it.
pub(crate) fn name<T: serde::Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

impl Message {
    /// What a person said: complete from the start.
    pub fn said(id: MessageId, text: String, now: Millis) -> Message {
        Message {
            role: Role::User,
            status: Status::Completed,
            parts: vec![Part { kind: Kind::Text, started_at: now, text }],
            model: None,
            ended_at: Some(now),
            ..Message::asked(id, String::new())
        }
    }

    /// A reply that nothing has come of yet.
    pub fn asked(id: MessageId, model: String) -> Message {
        Message {
            id,
            role: Role::Assistant,
            model: Some(model),
            epoch: Epoch { counter: 1, nonce: rand::random() },
            status: Status::Pending,
            parts: vec![],
            ended_at: None,
            error: None,
            usage: None,
        }
    }
}
