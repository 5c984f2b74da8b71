//! What a run of the checker varies: what people do and what goes wrong, and which guards are taken away.

/// A rule that the promise depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The row is deleted in the transaction that writes the message.
    DeleteWithInsert,
    /// The other rows wait for the new reply from that transaction on.
    MoveWithInsert,
    /// Whoever finds no row to delete writes nothing.
    RowCount,
    /// A row that has changed since it was read is another one.
    CompareRows,
    /// The transaction looks at the reply's status itself.
    CheckStatus,
    /// The end of a reply holds what waits, in one transaction.
    HoldWithEnd,
    /// Retry and Continue take along what waits.
    TakeAlong,
    /// The first row goes first.
    InOrder,
    /// The server looks at what is due when a reply has completed,
    LookAtEnd,
    /// when something was queued, as that may be over already,
    LookWhenQueued,
    /// and when it starts.
    LookAtStart,
    /// What was removed leaves its id, so that it is not queued again.
    Tombstone,
    /// What was sent is not queued again.
    SentId,
    /// Nothing waits for a reply that has ended and that something follows already.
    NotFollowed,
    /// An edit is refused if the row is not the one that the person saw.
    CompareEdits,
    /// Sending now names the reply that the person saw running.
    NamedReply,
}

/// How often each of these may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    pub rows: u8,
    pub edits: u8,
    pub removals: u8,
    /// Rows that people send now.
    pub sends: u8,
    /// Requests that come twice.
    pub repeats: u8,
    pub failures: u8,
    pub retries: u8,
    pub continues: u8,
    pub crashes: u8,
}

pub struct Design {
    pub budget: Budget,
    pub without: Option<Guard>,
}

impl Design {
    pub fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }
}
