//! The journal in a database: what the committer asks of any engine, and how SQLite does it.
//!
//! It has a connection of its own, which the committer's thread drives from BEGIN to COMMIT without waiting for anybody.

use std::{
    collections::BTreeMap,
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, Row, Transaction, TransactionBehavior, params, types::Type};
use sqlx::AnyConnection;

use super::{replay, rows::Sweep};
use crate::{
    conversation::queue::{ReplyChange, Wait},
    database::{
        Database,
        connection::{connect, connect_again},
        json,
    },
    ids::{MessageId, Millis, NodeId, Rev, now},
    message::{Change, Epoch, Event, Message, Part, Position, Role, Status},
    reply::queue::store::move_queue,
};

/// The journal's own way into a database, whose connection may be lost at any time. Each call is one transaction that
/// renews this process's lease, or fails as [`CommitError::Fenced`].
#[expect(async_fn_in_trait, reason = "the committer drives it on a thread of its own")]
pub trait Store: Send + 'static {
    /// How much of what was committed the database may lack after a connection was lost, as a copy took over.
    const MAX_LAG: Duration;

    /// Writes for all running replies. Safe to repeat: what is there already is not written again. Gives the replies
    /// whose message is gone, ended or another's: nothing was written for them, and they are to stop.
    async fn commit(&mut self, writes: &[&Write], sweep: Option<&Sweep>) -> Result<Vec<MessageId>, CommitError>;

    /// Finds out, after an error that left the outcome unknown, how much of these replies is stored. Connects anew. The
    /// answer holds: no commit of before is under way any more.
    async fn stored_position(&mut self, ids: &[MessageId]) -> Result<Stored, CommitError>;

    /// Writes what a running reply has so far into its message's row, which then needs no rows of the journal before.
    /// Whoever lost the message changes nothing.
    async fn fold(&mut self, message: &Message) -> Result<(), CommitError>;
}

/// What the database has.
#[derive(Default)]
pub struct Stored {
    /// How much of each message is in its row and the journal together; nothing of those that are not this process's.
    pub positions: BTreeMap<MessageId, Position>,
    /// The first row that the journal has of this process.
    pub first_row: Option<i64>,
}

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
    Refused(Box<dyn Error + Send + Sync>),
    /// The outcome is unknown, or the connection is lost: to be tried again once it is known how far the database is.
    #[error(transparent)]
    Unknown(Box<dyn Error + Send + Sync>),
}

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

const NEXT_REV: &str = "UPDATE conversations SET messages_rev = messages_rev + 1
    WHERE deleted_at IS NULL AND id = (SELECT conversation_id FROM messages WHERE id = $1) RETURNING messages_rev, id";

const FINISH: &str = "UPDATE messages SET status = $1, parts = $2, ended_at = $3, error = $4, usage = $5, rev = $6
    WHERE id = $7 AND node_id = $8 AND epoch = $9 AND nonce = $10 AND status IN ('pending', 'streaming')";

/// The final row. Whoever lost the message (node, epoch, already final) changes nothing.
fn finish(tx: &Transaction, node: &str, last: &Message) -> rusqlite::Result<()> {
    let Some(rev) = next_rev(tx, last.id)? else { return Ok(()) };
    let done = tx.prepare_cached(FINISH)?.execute(params![
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
    if done == 1 { hold_queue(tx, last) } else { Ok(()) }
}

/// `None` if the conversation is deleted.
fn next_rev(tx: &Transaction, id: MessageId) -> rusqlite::Result<Option<Rev>> {
    let mut next_rev = tx.prepare_cached(NEXT_REV)?;
    let mut revs = next_rev.query(params![id.to_string()])?;
    let rev = revs.next()?.map(|row| row.get(0)).transpose()?;
    // It is done only when no row is left to be read.
    while revs.next()?.is_some() {}
    Ok(rev)
}

/// What waits for a reply that did not complete waits for a person from now on: `move_queue`, in the journal's own way.
fn hold_queue(tx: &Transaction, last: &Message) -> rusqlite::Result<()> {
    let wait = Wait { after: last.id, held: false };
    if wait.next(ReplyChange::Is(last.status)) == wait {
        return Ok(());
    }
    let mut select =
        tx.prepare_cached("SELECT id FROM queue WHERE after_id = ?1 AND held = 0 AND removed_at IS NULL ORDER BY seq")?;
    let rows: Vec<String> =
        select.query_map([last.id.to_string()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for row in rows {
        let rev = next_rev(tx, last.id)?;
        tx.prepare_cached("UPDATE queue SET held = 1, rev = ?1 WHERE id = ?2")?.execute(params![rev, row])?;
    }
    Ok(())
}

/// The same for recovery, which has a connection like everybody else. False if nothing was changed.
pub(in crate::reply) async fn finish_orphan(
    tx: &mut AnyConnection,
    node: NodeId,
    last: &Message,
) -> sqlx::Result<bool> {
    let counted: Option<(Rev, String)> =
        sqlx::query_as(NEXT_REV).bind(last.id.to_string()).fetch_optional(&mut *tx).await?;
    let Some((rev, conversation)) = counted else { return Ok(false) };
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
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let conversation = conversation.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    move_queue(tx, conversation, last.id, ReplyChange::Is(last.status)).await?;
    Ok(true)
}

fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
