//! The journal in the database: its rows, whose they are, and the end of a reply.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use sqlx::{Any, AssertSqlSafe, Row, Transaction, any::AnyRow};

use crate::{
    conversation::store::{epoch, next_messages_rev},
    ids::{AccountId, MessageId, Millis, OwnerId, now},
    message::{Change, Epoch, Event, Message, Status},
    server::database::{Database, json, name, named, parsed, push_placeholders},
};

/// What a commit is to do for one reply.
pub struct Write {
    pub id: MessageId,
    pub account: AccountId,
    pub epoch: Epoch,
    /// The number of its first event's row; the others follow. No two writes of a process share one.
    pub seq: i64,
    pub events: Vec<Event>,
    /// The whole message, if this is its end.
    pub last: Option<Message>,
}

/// The number of the first row of every reply that has rows and has not ended.
pub type Open = HashMap<MessageId, i64>;

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
    ///
    /// `open` has the first row of every reply that has any. Once a reply has ended, its rows go as soon as there are
    /// no older ones of another that has not.
    pub async fn commit(&self, owner: OwnerId, writes: &[Write], open: &Open) -> Result<Vec<MessageId>, CommitError> {
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
        let going_on: Vec<&Write> = writes.iter().filter(|write| state(write) == State::Open).collect();
        journal(&mut tx, owner, &going_on).await?;
        for write in going_on {
            if let Some(last) = &write.last {
                finish(&mut tx, write.account, owner, last).await?;
            }
        }
        let over = |write: &Write| write.last.is_some() || state(write) == State::Lost;
        if writes.iter().any(over) {
            let ended = |id| writes.iter().any(|write| write.id == id && over(write));
            let oldest = open.iter().filter(|(id, _)| !ended(**id)).map(|(_, seq)| *seq).min();
            sqlx::query("DELETE FROM journal WHERE owner = $1 AND seq < $2")
                .bind(owner.to_string())
                .bind(oldest.unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await?;
        }
        let lost = (writes.iter().filter(|write| state(write) == State::Lost)).map(|write| write.id).collect();
        tx.commit().await?;
        Ok(lost)
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
    let mut sql = "SELECT id, epoch, nonce, status, ended_at FROM messages WHERE owner = $1 AND id IN (".to_owned();
    push_placeholders(&mut sql, 2, writes.len());
    sql += ")";
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(owner.to_string());
    for write in writes {
        query = query.bind(write.id.to_string());
    }
    let rows = query
        .try_map(|row: AnyRow| {
            let found = Found {
                epoch: epoch(&row)?,
                is_final: named::<Status>(&row, "status")?.is_final(),
                ended_at: row.try_get("ended_at")?,
            };
            Ok((parsed(&row, "id")?, found))
        })
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// One statement for the events of all replies that go on. Those that end get their row instead.
async fn journal(tx: &mut Transaction<'_, Any>, owner: OwnerId, writes: &[&Write]) -> sqlx::Result<()> {
    let rows: Vec<(&Write, i64, usize, i64, Cow<str>)> = (writes.iter())
        .filter(|write| write.last.is_none())
        .flat_map(|write| write.events.iter().zip(write.seq..).map(move |(event, seq)| (write, seq, event)))
        .filter_map(|(write, seq, event)| match &event.change {
            Change::Part(birth) => Some(json(birth).map(|body| (*write, seq, birth.part, -1, body.into()))),
            Change::Text(text) => Some(Ok((*write, seq, text.part, text.at as i64, text.text.as_str().into()))),
            _ => None,
        })
        .collect::<sqlx::Result<_>>()?;
    // SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
    for rows in rows.chunks(5_000) {
        let mut sql = "INSERT INTO journal (owner, seq, message_id, epoch, part, at, body) VALUES ".to_owned();
        for row in 0..rows.len() {
            sql += if row == 0 { "($1, " } else { "), ($1, " };
            push_placeholders(&mut sql, 2 + row * 6, 6);
        }
        sql += ") ON CONFLICT DO NOTHING";
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(owner.to_string());
        for (write, seq, part, at, body) in rows {
            query = query
                .bind(*seq)
                .bind(write.id.to_string())
                .bind(i64::from(write.epoch.counter))
                .bind(*part as i64)
                .bind(*at)
                .bind(body.as_ref());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// The final row. Whoever lost the message (owner, epoch, already final) changes nothing.
pub(in crate::reply) async fn finish(
    tx: &mut Transaction<'_, Any>,
    account: AccountId,
    owner: OwnerId,
    last: &Message,
) -> sqlx::Result<()> {
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
    Ok(())
}
