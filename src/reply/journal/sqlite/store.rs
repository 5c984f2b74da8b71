//! The journal in SQLite. It has a connection of its own, which the committer's thread drives from BEGIN to COMMIT without
//! waiting for anybody.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, Row, Transaction, TransactionBehavior, params, types::Type};

use crate::{
    database::connection::{connect, connect_again},
    ids::{MessageId, Millis, NodeId, now},
    message::{Change, Epoch, Message, Part, Role, Status},
    reply::journal::{
        ending::store::{finish, text},
        replay::replay,
        rows::Sweep,
        store::{CommitError, Store, Stored, Write},
    },
};

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> CommitError {
        match error.sqlite_error_code() {
            // A trigger's refusal is a constraint, too.
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
                CommitError::Refused(error.into())
            }
            Some(_) => CommitError::Unknown(error.into()),
            // What a row has cannot be understood.
            None => CommitError::Refused(error.into()),
        }
    }
}

/// SQLite. The file is of one process, so nothing that was committed is ever missing.
pub struct SqliteStore {
    path: PathBuf,
    connection: Connection,
    node: String,
}

impl SqliteStore {
    /// Opens the file of a database that is open already, for a process that is registered in it.
    pub fn open(path: &Path, node: NodeId) -> rusqlite::Result<SqliteStore> {
        Ok(SqliteStore { path: path.to_owned(), connection: connect(path)?, node: node.to_string() })
    }

    fn begin(&mut self) -> Result<Transaction<'_>, CommitError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        keep_lease(&tx, &self.node)?;
        Ok(tx)
    }
}

impl Store for SqliteStore {
    const MAX_LAG: Duration = Duration::ZERO;

    async fn commit(&mut self, writes: &[&Write], sweep: Option<&Sweep>) -> Result<Vec<MessageId>, CommitError> {
        let node = self.node.clone();
        let tx = self.begin()?;
        let found = found(&tx, &node, writes)?;
        let mut lost = Vec::new();
        for write in writes {
            match state(write, found.get(&write.id)) {
                RowState::Open => match &write.last {
                    Some(last) => finish(&tx, &node, last)?,
                    None => append(&tx, &node, write)?,
                },
                RowState::Done => {}
                RowState::Lost => lost.push(write.id),
            }
        }
        if let Some(sweep) = sweep {
            delete(&tx, &node, sweep)?;
        }
        tx.commit()?;
        Ok(lost)
    }

    async fn stored_position(&mut self, ids: &[MessageId]) -> Result<Stored, CommitError> {
        // Whatever is wrong with the connection ends with it. Where none can be opened, the old one may still do.
        if let Ok(connection) = connect_again(&self.path) {
            self.connection = connection;
        }
        let node = self.node.clone();
        let tx = self.begin()?;
        let mut messages = rows_of(&tx, &node, ids)?;
        let first_row = replay_journal(&tx, &node, &mut messages)?;
        tx.commit()?;
        Ok(Stored { positions: messages.iter().map(|(id, message)| (*id, message.position())).collect(), first_row })
    }

    async fn fold(&mut self, message: &Message) -> Result<(), CommitError> {
        let node = self.node.clone();
        let tx = self.begin()?;
        tx.prepare_cached(
            "UPDATE messages SET parts = ?1
             WHERE id = ?2 AND node_id = ?3 AND epoch = ?4 AND nonce = ?5 AND status IN ('pending', 'streaming')",
        )?
        .execute(params![
            text(&message.parts)?,
            message.id.to_string(),
            node,
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
    status: Status,
    ended_at: Option<Millis>,
}

fn state(write: &Write, found: Option<&FoundRow>) -> RowState {
    match found {
        Some(row) if row.epoch != write.epoch => RowState::Lost,
        Some(row) if !row.status.is_final() => RowState::Open,
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
        Ok(FoundRow { epoch: Epoch { counter: row.get(0)?, nonce: row.get(1)? }, status, ended_at: row.get(3)? })
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

/// The messages as their own rows have them. One that cannot be read is left out, and stops nobody.
fn rows_of(tx: &Transaction, node: &str, ids: &[MessageId]) -> Result<BTreeMap<MessageId, Message>, CommitError> {
    let mut select =
        tx.prepare_cached("SELECT epoch, nonce, status, ended_at, parts FROM messages WHERE id = ?1 AND node_id = ?2")?;
    let mut messages = BTreeMap::new();
    for id in ids {
        let mut rows = select.query(params![id.to_string(), node])?;
        let Some(row) = rows.next()? else { continue };
        match FoundRow::read(row).and_then(|found| Ok((found, parts(row)?))) {
            Ok((FoundRow { epoch, status, ended_at }, parts)) => {
                let unseen = Message::unseen(*id, Role::Assistant);
                messages.insert(*id, Message { epoch, status, ended_at, parts, ..unseen });
            }
            Err(error) => tracing::error!(message = %id, %error, "the row of a running reply cannot be read"),
        }
    }
    Ok(messages)
}

fn parts(row: &Row) -> rusqlite::Result<Vec<Part>> {
    serde_json::from_str(row.get_ref(4)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(error)))
}

/// Applies the journal's rows to the messages, as recovery would, and gives the number of the first. The journal has no index by message, so this reads all rows of the process.
fn replay_journal(
    tx: &Transaction,
    node: &str,
    messages: &mut BTreeMap<MessageId, Message>,
) -> Result<Option<i64>, CommitError> {
    let mut select = tx
        .prepare_cached("SELECT seq, message_id, epoch, part, at, body FROM journal WHERE node_id = ?1 ORDER BY seq")?;
    let mut rows = select.query(params![node])?;
    let mut first = None;
    while let Some(row) = rows.next()? {
        first.get_or_insert(row.get(0)?);
        let id = row.get_ref(1)?.as_str().ok().and_then(|id| id.parse().ok());
        let Some(message) = id.and_then(|id| messages.get_mut(&id)) else { continue };
        match row.get::<_, u32>(2).and_then(|epoch| Ok((epoch, (row.get(3)?, row.get(4)?, row.get(5)?)))) {
            Ok((epoch, _)) if epoch != message.epoch.counter => {}
            Ok((_, row)) => {
                replay(message, [row]);
            }
            Err(error) => tracing::error!(message = %message.id, %error, "a row of the journal cannot be read"),
        }
    }
    Ok(first)
}
