//! What the committer asks of a database, whatever its engine.

use std::{collections::BTreeMap, error::Error, time::Duration};

use crate::{
    database::Database,
    ids::{MessageId, NodeId, now},
    message::{Epoch, Event, Message, Position},
    reply::journal::rows::Sweep,
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
