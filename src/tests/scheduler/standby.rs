//! A database of which a copy can take over that lacks what was committed since it was made. SQLite has no such thing:
//! this is its real store, with a connection that is lost when the test has put back the tables of before.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rivulet::{
    ids::MessageId,
    message::Message,
    reply::journal::{
        rows::Sweep,
        sqlite::store::SqliteStore,
        store::{CommitError, Store, Stored, Write},
    },
};

/// Makes the copy of the moment.
pub const COPY: &str = "BEGIN IMMEDIATE;
    DROP TABLE IF EXISTS copied_messages; DROP TABLE IF EXISTS copied_journal;
    CREATE TABLE copied_messages AS SELECT id, status, parts, ended_at, error, usage FROM messages;
    CREATE TABLE copied_journal AS SELECT * FROM journal;
    COMMIT;";

/// Has it take over. A message that was deleted since stays so.
pub const TAKE_OVER: &str = "BEGIN IMMEDIATE;
    DELETE FROM journal;
    INSERT INTO journal SELECT * FROM copied_journal;
    UPDATE messages SET (status, parts, ended_at, error, usage) =
        (SELECT status, parts, ended_at, error, usage FROM copied_messages c WHERE c.id = messages.id)
        WHERE id IN (SELECT id FROM copied_messages);
    COMMIT;";

/// What is to go wrong with the journal's connection.
#[derive(Default)]
pub struct Faults {
    /// It is lost.
    pub is_lost: AtomicBool,
    /// It is lost with the answer to the next commit.
    pub loses_answer: AtomicBool,
}

pub struct WithStandby {
    pub store: SqliteStore,
    pub faults: Arc<Faults>,
}

impl WithStandby {
    fn check(&self) -> Result<(), CommitError> {
        if self.faults.is_lost.load(Ordering::SeqCst) { Err(lost()) } else { Ok(()) }
    }
}

fn lost() -> CommitError {
    CommitError::Unknown("the connection is lost".into())
}

impl Store for WithStandby {
    /// Longer than any test takes.
    const MAX_LAG: Duration = Duration::from_secs(60 * 60);

    async fn commit(&mut self, writes: &[&Write], sweep: Option<&Sweep>) -> Result<Vec<MessageId>, CommitError> {
        self.check()?;
        let written = self.store.commit(writes, sweep).await?;
        if self.faults.loses_answer.swap(false, Ordering::SeqCst) { Err(lost()) } else { Ok(written) }
    }

    async fn stored_position(&mut self, ids: &[MessageId]) -> Result<Stored, CommitError> {
        self.faults.is_lost.store(false, Ordering::SeqCst);
        self.store.stored_position(ids).await
    }

    async fn fold(&mut self, message: &Message) -> Result<(), CommitError> {
        self.check()?;
        self.store.fold(message).await
    }
}
