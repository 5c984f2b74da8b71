//! The journal in the database: its rows, whose they are, and the end of a reply.
//!
//! It has a connection of its own, which the committer's thread drives from BEGIN to COMMIT without waiting for anybody.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, ErrorCode, Row, Transaction, TransactionBehavior, params, types::Type};
use sqlx::AnyConnection;

use super::rows::Sweep;
use crate::{
    database::{Database, connection::connect, json},
    ids::{MessageId, Millis, NodeId, Rev, now},
    message::{Change, Epoch, Event, Message, Status},
};

/// What a commit is to do for one reply.
pub struct Write {
    pub id: MessageId,
    pub epoch: Epoch,
    /// The number of its first event's row; the others follow. No two writes of a process share one.
    pub seq: i64,
    pub events: Vec<Event>,
    /// The whole message, if this is its end.
    pub last: Option<Message>,
}

/// Why nothing was written, or perhaps it was.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// This process was declared dead by another one.
    #[error("another process has taken over this database")]
    Fenced,
    /// It is the data that is refused: again is no use.
    #[error(transparent)]
    Refused(rusqlite::Error),
    /// The outcome is unknown: the same is to be tried again.
    #[error(transparent)]
    Unknown(rusqlite::Error),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> CommitError {
        match error.sqlite_error_code() {
            // A trigger's refusal is a constraint, too.
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
                CommitError::Refused(error)
            }
            Some(_) => CommitError::Unknown(error),
            // What a row has cannot be understood.
            None => CommitError::Refused(error),
        }
    }
}

impl Database {
    /// Makes this process known, before it runs any reply.
    pub async fn register(&self, node: NodeId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO nodes (id, seen_at) VALUES ($1, $2)")
            .bind(node.to_string())
            .bind(now())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}

/// The journal's own way into the database.
pub struct Store {
    connection: Connection,
    node: String,
}

impl Store {
    /// Opens the file of a database that is open already, for a process that is registered in it.
    pub fn open(path: &Path, node: NodeId) -> rusqlite::Result<Store> {
        Ok(Store { connection: connect(path)?, node: node.to_string() })
    }

    /// One transaction for all running replies. Safe to repeat: what is there already is not written again. Gives the
    /// replies whose message is gone, ended or another's: nothing was written for them, and they are to stop.
    pub fn commit(&mut self, writes: &[&Write], sweep: Option<&Sweep>) -> Result<Vec<MessageId>, CommitError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        keep_lease(&tx, &self.node)?;
        let found = found(&tx, &self.node, writes)?;
        let mut lost = Vec::new();
        for write in writes {
            match state(write, found.get(&write.id)) {
                RowState::Open => match &write.last {
                    Some(last) => finish(&tx, &self.node, last)?,
                    None => append(&tx, &self.node, write)?,
                },
                RowState::Done => {}
                RowState::Lost => lost.push(write.id),
            }
        }
        if let Some(sweep) = sweep {
            delete(&tx, &self.node, sweep)?;
        }
        tx.commit()?;
        Ok(lost)
    }

    /// Writes what a running reply has so far into its message's row, which then needs no rows of the journal before.
    /// Whoever lost the message changes nothing.
    pub fn fold(&mut self, message: &Message) -> Result<(), CommitError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        keep_lease(&tx, &self.node)?;
        tx.prepare_cached(
            "UPDATE messages SET parts = ?1
             WHERE id = ?2 AND node_id = ?3 AND epoch = ?4 AND nonce = ?5 AND status IN ('pending', 'streaming')",
        )?
        .execute(params![
            text(&message.parts)?,
            message.id.to_string(),
            self.node,
            message.epoch.counter,
            message.epoch.nonce
        ])?;
        tx.commit()?;
        Ok(())
    }
}

/// Shows that this process lives, and finds out whether it may still write.
fn keep_lease(tx: &Transaction, node: &str) -> Result<(), CommitError> {
    let alive = tx
        .prepare_cached("UPDATE nodes SET seen_at = ?1 WHERE id = ?2 AND fenced = 0")?
        .execute(params![now(), node])?;
    if alive == 1 { Ok(()) } else { Err(CommitError::Fenced) }
}

enum RowState {
    Open,
    Done,
    Lost,
}

/// A message as its row has it, as far as it matters to its writer.
struct FoundRow {
    epoch: Epoch,
    is_final: bool,
    ended_at: Option<Millis>,
}

fn state(write: &Write, found: Option<&FoundRow>) -> RowState {
    match found {
        Some(row) if row.epoch != write.epoch => RowState::Lost,
        Some(row) if !row.is_final => RowState::Open,
        // The outcome of an earlier try was unknown, and it had gone through.
        Some(row) if write.last.as_ref().is_some_and(|last| last.ended_at == row.ended_at) => RowState::Done,
        _ => RowState::Lost,
    }
}

fn found(tx: &Transaction, node: &str, writes: &[&Write]) -> Result<BTreeMap<MessageId, FoundRow>, CommitError> {
    let mut select = tx.prepare_cached(
        "SELECT m.epoch, m.nonce, m.status, m.ended_at FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.node_id = ?1 AND m.id = ?2 AND m.deleted_at IS NULL AND c.deleted_at IS NULL",
    )?;
    let mut all = BTreeMap::new();
    for write in writes {
        let mut rows = select.query(params![node, write.id.to_string()])?;
        if let Some(row) = rows.next()? {
            all.insert(write.id, FoundRow::read(row)?);
        }
    }
    Ok(all)
}

impl FoundRow {
    fn read(row: &Row) -> rusqlite::Result<FoundRow> {
        let status = row.get_ref(2)?.as_str()?;
        let status: Status = serde_json::from_value(status.into())
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, Box::new(error)))?;
        Ok(FoundRow {
            epoch: Epoch { counter: row.get(0)?, nonce: row.get(1)? },
            is_final: status.is_final(),
            ended_at: row.get(3)?,
        })
    }
}

/// A row for each event. Those of an end are none: the message's row has it.
fn append(tx: &Transaction, node: &str, write: &Write) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO journal (node_id, seq, message_id, epoch, part, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO NOTHING",
    )?;
    let id = write.id.to_string();
    for (event, seq) in write.events.iter().zip(write.seq..) {
        let epoch = write.epoch.counter;
        match &event.change {
            Change::Part(birth) => {
                insert.execute(params![node, seq, id, epoch, birth.part as i64, -1, text(birth)?])?
            }
            Change::Text(new) => {
                insert.execute(params![node, seq, id, epoch, new.part as i64, new.at as i64, new.text])?
            }
            _ => 0,
        };
    }
    Ok(())
}

fn delete(tx: &Transaction, node: &str, Sweep { rows, only, except }: &Sweep) -> rusqlite::Result<()> {
    // Both lists are short, and mostly empty.
    let except: Vec<String> = except.iter().map(ToString::to_string).collect();
    tx.prepare_cached(
        "DELETE FROM journal WHERE node_id = ?1 AND seq >= ?2 AND seq < ?3
         AND (?4 IS NULL OR message_id = ?4) AND message_id NOT IN (SELECT value FROM json_each(?5))",
    )?
    .execute(params![node, rows.start, rows.end, only.map(|id| id.to_string()), text(&except)?])?;
    Ok(())
}

const NEXT_REV: &str = "UPDATE conversations SET messages_rev = messages_rev + 1
    WHERE deleted_at IS NULL AND id = (SELECT conversation_id FROM messages WHERE id = $1) RETURNING messages_rev";

const FINISH: &str = "UPDATE messages SET status = $1, parts = $2, ended_at = $3, error = $4, usage = $5, rev = $6
    WHERE id = $7 AND node_id = $8 AND epoch = $9 AND nonce = $10 AND status IN ('pending', 'streaming')";

/// The final row. Whoever lost the message (node, epoch, already final) changes nothing.
fn finish(tx: &Transaction, node: &str, last: &Message) -> rusqlite::Result<()> {
    let mut next_rev = tx.prepare_cached(NEXT_REV)?;
    let mut revs = next_rev.query(params![last.id.to_string()])?;
    let Some(rev) = revs.next()?.map(|row| row.get::<_, i64>(0)).transpose()? else {
        return Ok(());
    };
    // It is done only when no row is left to be read.
    while revs.next()?.is_some() {}
    tx.prepare_cached(FINISH)?.execute(params![
        last.status.as_str(),
        text(&last.parts)?,
        last.ended_at,
        last.error,
        last.usage.map(|usage| text(&usage)).transpose()?,
        rev,
        last.id.to_string(),
        node,
        last.epoch.counter,
        last.epoch.nonce,
    ])?;
    Ok(())
}

/// The same for recovery, which has a connection like everybody else. False if nothing was changed.
pub(in crate::reply) async fn finish_orphan(
    tx: &mut AnyConnection,
    node: NodeId,
    last: &Message,
) -> sqlx::Result<bool> {
    let rev: Option<Rev> = sqlx::query_scalar(NEXT_REV).bind(last.id.to_string()).fetch_optional(&mut *tx).await?;
    let Some(rev) = rev else { return Ok(false) };
    let done = sqlx::query(FINISH)
        .bind(last.status.as_str())
        .bind(json(&last.parts)?)
        .bind(last.ended_at)
        .bind(last.error.as_deref())
        .bind(last.usage.map(|usage| json(&usage)).transpose()?)
        .bind(rev)
        .bind(last.id.to_string())
        .bind(node.to_string())
        .bind(i64::from(last.epoch.counter))
        .bind(i64::from(last.epoch.nonce))
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
