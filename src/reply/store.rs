//! What starts a reply in the database: a person's message, another attempt, or continuing.

use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    conversation::{
        MessageMeta,
        changes::store::{hide_attempts, next_conversations_rev, next_messages_rev},
        store::{MESSAGE, message},
    },
    database::{Database, json},
    ids::{AccountId, ConversationId, MessageId, Millis, NodeId},
    message::{Epoch, Kind, Message, Part, Role, Status},
};

/// A person's message and the reply that it asks for.
pub struct Exchange {
    pub conversation: ConversationId,
    /// Makes the conversation, with this title, if it is not there yet.
    pub opens: Option<String>,
    pub said: Message,
    pub reply: Message,
    pub now: Millis,
}

/// What became of something that starts a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Started {
    /// The reply stands in the database. The list's rows of it, and of the message that was written with it.
    Yes { said: Option<MessageMeta>, reply: MessageMeta },
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

impl Database {
    /// A person's message and the reply to it, together or not at all.
    pub async fn exchange(&self, account: AccountId, new: &Exchange, node: NodeId) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
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
            "UPDATE conversations SET messages_rev = messages_rev + 2, next_place = next_place + 2, rev = $1, updated_at = $2
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
        let at = |place, rev| Slot { conversation: new.conversation, rev, place, attempt: 1 };
        let said = match insert(&mut tx, &at(place, messages_rev - 1), &new.said, None).await {
            // The id is taken by something else, here or elsewhere.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Started::Changed),
            inserted => inserted?,
        };
        let reply = insert(&mut tx, &at(place + 1, messages_rev), &new.reply, Some(node)).await?;
        tx.commit().await?;
        Ok(Started::Yes { said: Some(said), reply })
    }

    /// Another attempt at a finished reply, shown in its place.
    pub async fn retry(
        &self,
        account: AccountId,
        of: MessageId,
        reply: &Message,
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, of, 2).await? else {
            return Ok(Started::Missing);
        };
        let Some((place, role)) = sqlx::query_as::<_, (i64, String)>("SELECT place, role FROM messages WHERE id = $1")
            .bind(of.to_string())
            .fetch_optional(&mut *tx)
            .await?
        else {
            return Ok(Started::Missing);
        };
        if role != Role::Assistant.as_str() {
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
        let reply = insert(&mut tx, &Slot { conversation, rev: rev + 1, place, attempt }, reply, Some(node)).await?;
        tx.commit().await?;
        Ok(Started::Yes { said: None, reply })
    }

    /// Opens a new epoch of a message that ended early: a compare-and-set on the epoch that the presser saw.
    pub async fn resume(
        &self,
        account: AccountId,
        id: MessageId,
        seen: Epoch,
        (next, status): (Epoch, Status),
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, rev)) = next_messages_rev(&mut tx, account, id, 1).await? else {
            return Ok(Started::Missing);
        };
        if is_busy(&mut tx, conversation).await? {
            return Ok(Started::Busy);
        }
        let slot: Option<(i64, i64)> = sqlx::query_as(
            "UPDATE messages SET epoch = $1, nonce = $2, status = $3, ended_at = NULL, error = NULL, usage = NULL, owner = $4, rev = $5
             WHERE id = $6 AND epoch = $7 AND nonce = $8 AND status IN ('stopped', 'failed', 'interrupted') RETURNING place, attempt",
        )
        .bind(i64::from(next.counter))
        .bind(i64::from(next.nonce))
        .bind(status.as_str())
        .bind(node.to_string())
        .bind(rev)
        .bind(id.to_string())
        .bind(i64::from(seen.counter))
        .bind(i64::from(seen.nonce))
        .fetch_optional(&mut *tx)
        .await?;
        let Some((place, attempt)) = slot else { return Ok(Started::Changed) };
        tx.commit().await?;
        let slot = Slot { conversation, rev, place, attempt };
        let reply = slot.meta(id, Role::Assistant, status, next);
        Ok(Started::Yes { said: None, reply })
    }
}

impl Database {
    /// The place of a reply of this process that has started and not ended, if its row is so. In a transaction that may
    /// write, so that no earlier one is still under way.
    pub async fn place_if_started(&self, id: MessageId, epoch: Epoch, node: NodeId) -> sqlx::Result<Option<i64>> {
        let mut tx = self.begin().await?;
        sqlx::query_scalar(
            "SELECT place FROM messages
             WHERE id = $1 AND epoch = $2 AND nonce = $3 AND owner = $4 AND status IN ('pending', 'streaming')",
        )
        .bind(id.to_string())
        .bind(i64::from(epoch.counter))
        .bind(i64::from(epoch.nonce))
        .bind(node.to_string())
        .fetch_optional(&mut *tx)
        .await
    }
}

/// Whether another process has declared this one dead.
async fn is_fenced(tx: &mut AnyConnection, node: NodeId) -> sqlx::Result<bool> {
    let alive: Option<String> = sqlx::query_scalar("SELECT id FROM owners WHERE id = $1 AND fenced = 0")
        .bind(node.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    Ok(alive.is_none())
}

async fn is_busy(tx: &mut AnyConnection, id: ConversationId) -> sqlx::Result<bool> {
    let running: Option<String> =
        sqlx::query_scalar("SELECT id FROM messages WHERE conversation_id = $1 AND status IN ('pending', 'streaming')")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
    Ok(running.is_some())
}

/// Where in a conversation a message goes.
struct Slot {
    conversation: ConversationId,
    rev: i64,
    place: i64,
    attempt: i64,
}

impl Slot {
    /// The list's row of a message that was written here, and is the attempt that is shown.
    fn meta(&self, id: MessageId, role: Role, status: Status, epoch: Epoch) -> MessageMeta {
        let Slot { rev, place, attempt, .. } = *self;
        MessageMeta { id, rev, place, attempt, shown: true, role, status, epoch }
    }
}

async fn insert(
    tx: &mut AnyConnection,
    slot: &Slot,
    message: &Message,
    node: Option<NodeId>,
) -> sqlx::Result<MessageMeta> {
    sqlx::query(
        "INSERT INTO messages (id, conversation_id, rev, place, attempt, shown, role, model, epoch, nonce, status, parts, owner)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(message.id.to_string())
    .bind(slot.conversation.to_string())
    .bind(slot.rev)
    .bind(slot.place)
    .bind(slot.attempt)
    .bind(message.role.as_str())
    .bind(message.model.as_deref())
    .bind(i64::from(message.epoch.counter))
    .bind(i64::from(message.epoch.nonce))
    .bind(message.status.as_str())
    .bind(json(&message.parts)?)
    .bind(node.map(|node| node.to_string()))
    .execute(&mut *tx)
    .await?;
    Ok(slot.meta(message.id, message.role, message.status, message.epoch))
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
