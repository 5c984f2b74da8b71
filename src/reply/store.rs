//! The journal, the owners and the end of replies in the database.

use std::collections::BTreeMap;

use sqlx::{Any, AssertSqlSafe, Row, Transaction, any::AnyRow};

use crate::{
    conversation::store::{from_json, json, message, name, next_messages_rev, parsed},
    ids::{AccountId, MessageId, Millis, OwnerId, now},
    message::{Birth, Change, End, Ended, Epoch, Event, Message, Text},
    server::database::{Database, placeholders},
};

/// What a commit is to do for one reply.
pub struct Write {
    pub id: MessageId,
    pub account: AccountId,
    pub epoch: Epoch,
    pub events: Vec<Event>,
    /// The whole message, if this is its end.
    pub last: Option<Message>,
}

/// This process was declared dead by another one.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("another process has taken over this database")]
    Fenced,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Database {
    /// Makes this process known, before it runs any reply.
    pub async fn register(&self, owner: OwnerId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO owners (id, seen_at) VALUES ($1, $2)")
            .bind(owner.to_string())
            .bind(now())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// One transaction for all running replies. Safe to repeat: what is there already is not written again. Gives the
    /// replies whose message is gone, ended or another's: nothing was written for them, and they are to stop.
    pub async fn commit(&self, owner: OwnerId, writes: &[Write]) -> Result<Vec<MessageId>, CommitError> {
        let mut tx = self.begin().await?;
        let touched = sqlx::query("UPDATE owners SET seen_at = $1 WHERE id = $2 AND fenced = 0")
            .bind(now())
            .bind(owner.to_string())
            .execute(&mut *tx)
            .await?;
        if touched.rows_affected() == 0 {
            return Err(CommitError::Fenced);
        }
        let found = mine(&mut tx, owner, writes).await?;
        let state = |write: &Write| match found.get(&write.id) {
            Some(row) if row.epoch != write.epoch => State::Lost,
            Some(row) if !row.is_final => State::Open,
            // The outcome of an earlier try was unknown, and it had gone through.
            Some(row) if (write.last.as_ref()).is_some_and(|last| last.ended_at == row.ended_at) => State::Done,
            _ => State::Lost,
        };
        let open: Vec<&Write> = writes.iter().filter(|write| state(write) == State::Open).collect();
        journal(&mut tx, &open).await?;
        for write in open {
            if let Some(last) = &write.last {
                finish(&mut tx, write.account, owner, last).await?;
            }
        }
        let lost = (writes.iter().filter(|write| state(write) == State::Lost)).map(|write| write.id).collect();
        tx.commit().await?;
        Ok(lost)
    }

    /// Declares every other process dead. Their replies can then be recovered.
    pub async fn fence_others(&self, owner: OwnerId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE owners SET fenced = 1 WHERE id <> $1 AND fenced = 0")
            .bind(owner.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Replies that a fenced process left open, at most `limit`.
    pub async fn orphans(&self, limit: i64) -> sqlx::Result<Vec<(MessageId, AccountId)>> {
        sqlx::query(
            "SELECT m.id, c.account_id FROM messages m JOIN owners o ON o.id = m.owner JOIN conversations c ON c.id = m.conversation_id
             WHERE m.status IN ('pending', 'streaming') AND o.fenced = 1 LIMIT $1",
        )
        .bind(limit)
        .try_map(|row: AnyRow| Ok((parsed(&row, "id")?, parsed(&row, "account_id")?)))
        .fetch_all(&self.read)
        .await
    }

    /// Folds an orphan's journal into its row and ends it as `Interrupted`, in one transaction that is safe to repeat.
    pub async fn recover(&self, id: MessageId, account: AccountId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let Some((owner, mut message)) = sqlx::query(
            "SELECT m.id, m.role, m.model, m.epoch, m.nonce, m.status, m.parts, m.ended_at, m.error, m.usage, m.owner
             FROM messages m JOIN owners o ON o.id = m.owner
             WHERE m.id = $1 AND m.status IN ('pending', 'streaming') AND o.fenced = 1",
        )
        .bind(id.to_string())
        .try_map(|row: AnyRow| Ok((parsed::<OwnerId>(&row, "owner")?, message(row)?)))
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(());
        };
        let rows: Vec<(i64, i64, String)> =
            sqlx::query_as("SELECT part, at, body FROM journal WHERE message_id = $1 AND epoch = $2 ORDER BY part, at")
                .bind(id.to_string())
                .bind(i64::from(message.epoch.counter))
                .fetch_all(&mut *tx)
                .await?;
        fold(&mut message, rows)?;
        let ended = Ended {
            parts: message.parts.len(),
            at: message.parts.last().map_or(0, |part| part.text.len()),
            end: End { status: crate::message::Status::Interrupted, ended_at: now(), error: None, usage: None },
        };
        let _ = message.apply(Event { epoch: message.epoch, change: Change::Ended(ended) });
        finish(&mut tx, account, owner, &message).await?;
        tx.commit().await
    }
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Done,
    Lost,
}

struct Found {
    epoch: Epoch,
    is_final: bool,
    ended_at: Option<Millis>,
}

async fn mine(
    tx: &mut Transaction<'_, Any>,
    owner: OwnerId,
    writes: &[Write],
) -> sqlx::Result<BTreeMap<MessageId, Found>> {
    let sql = format!(
        "SELECT id, epoch, nonce, status, ended_at FROM messages WHERE owner = $1 AND id IN ({})",
        placeholders(2, writes.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(owner.to_string());
    for write in writes {
        query = query.bind(write.id.to_string());
    }
    let rows = query
        .try_map(|row: AnyRow| {
            let epoch = Epoch {
                counter: row.try_get::<i64, _>("epoch")? as u32,
                nonce: row.try_get::<i64, _>("nonce")? as u32,
            };
            let status: String = row.try_get("status")?;
            let is_final = !matches!(status.as_str(), "pending" | "streaming");
            Ok((parsed(&row, "id")?, Found { epoch, is_final, ended_at: row.try_get("ended_at")? }))
        })
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// One statement for the events of all replies that go on. Those that end get their row instead.
async fn journal(tx: &mut Transaction<'_, Any>, writes: &[&Write]) -> sqlx::Result<()> {
    let rows: Vec<(&Write, usize, i64, String)> = (writes.iter())
        .filter(|write| write.last.is_none())
        .flat_map(|write| write.events.iter().map(move |event| (write, event)))
        .filter_map(|(write, event)| match &event.change {
            Change::Part(birth) => Some(json(birth).map(|body| (*write, birth.part, -1, body))),
            Change::Text(text) => Some(Ok((*write, text.part, text.at as i64, text.text.clone()))),
            _ => None,
        })
        .collect::<sqlx::Result<_>>()?;
    // SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
    for rows in rows.chunks(6_000) {
        let values: Vec<String> = (0..rows.len()).map(|row| format!("({})", placeholders(1 + row * 5, 5))).collect();
        let sql = format!(
            "INSERT INTO journal (message_id, epoch, part, at, body) VALUES {} ON CONFLICT DO NOTHING",
            values.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (write, part, at, body) in rows {
            query = query
                .bind(write.id.to_string())
                .bind(i64::from(write.epoch.counter))
                .bind(*part as i64)
                .bind(*at)
                .bind(body.as_str());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// The final row and the end of its journal. Whoever lost the message (owner, epoch, already final) changes nothing.
async fn finish(tx: &mut Transaction<'_, Any>, account: AccountId, owner: OwnerId, last: &Message) -> sqlx::Result<()> {
    let Some((_, rev)) = next_messages_rev(tx, account, last.id).await? else {
        return Ok(());
    };
    sqlx::query(
        "UPDATE messages SET status = $1, parts = $2, ended_at = $3, error = $4, usage = $5, rev = $6
         WHERE id = $7 AND owner = $8 AND epoch = $9 AND nonce = $10 AND status IN ('pending', 'streaming')",
    )
    .bind(name(last.status))
    .bind(json(&last.parts)?)
    .bind(last.ended_at)
    .bind(last.error.as_deref())
    .bind(last.usage.map(|usage| json(&usage)).transpose()?)
    .bind(rev)
    .bind(last.id.to_string())
    .bind(owner.to_string())
    .bind(i64::from(last.epoch.counter))
    .bind(i64::from(last.epoch.nonce))
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM journal WHERE message_id = $1").bind(last.id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Applies a journal's rows, in order, to the message as its row has it.
fn fold(message: &mut Message, rows: Vec<(i64, i64, String)>) -> sqlx::Result<()> {
    for (part, at, body) in rows {
        let change = match at {
            -1 => Change::Part(from_json::<Birth>(&body)?),
            _ => Change::Text(Text { part: part as usize, at: at as usize, text: body }),
        };
        let outcome = message.apply(Event { epoch: message.epoch, change });
        if outcome == crate::message::Outcome::Gap {
            tracing::error!(message = %message.id, part, at, "the journal has a gap; what follows it was never shown");
            break;
        }
    }
    Ok(())
}
