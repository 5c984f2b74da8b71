//! The queue: what people send while a reply runs, until that has ended. A row is no message yet, but becomes one, and
//! stays until it has or until a person removes it.

use serde::{Deserialize, Serialize};

use super::ListPosition;
use crate::{
    ids::{ConversationId, MessageId, Rev, UserId},
    message::{Part, Status},
};

/// The most rows that wait in one conversation.
pub const MAX_QUEUED: i64 = 20;

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The message's, once it is one.
    pub id: MessageId,
    /// The change of the conversation's list in which it became what it is.
    pub rev: Rev,
    #[serde(flatten)]
    pub wait: Wait,
    pub author: UserId,
    pub parts: Vec<Part>,
    pub model: String,
}

/// A conversation's queue as a page loads it, in the order in which it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePage {
    /// Up to which change of the conversation's list it has the queue.
    pub position: ListPosition,
    pub rows: Vec<Queued>,
}

/// What a person queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queueing {
    pub conversation: ConversationId,
    /// The reply that it waits for.
    pub after: MessageId,
    /// Minted by the page, so that queueing twice is queueing once.
    pub id: MessageId,
    pub text: String,
    pub model: String,
}

/// What a row waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wait {
    /// The end of this reply, which it then follows.
    pub after: MessageId,
    /// A person, too: the server does not send it by itself.
    pub held: bool,
}

/// What became of the reply that rows wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyChange {
    /// It is in this status, which may be its end. Rows that are queued find it so, too.
    Is(Status),
    /// Its text is continued, in a new epoch.
    Continued,
    /// This one was asked for beside it.
    Retried(MessageId),
    /// The row before them was sent, and this is the reply to it; or it was summarised by this one.
    Answered(MessageId),
    /// What is next cannot be sent as it is.
    Refused,
}

/// Who sends a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The server, when the reply has completed.
    Server,
    /// Whoever asks for it, and has seen how the reply ended.
    Person,
}

impl Wait {
    /// What a row waits for after this change of its reply.
    pub fn next(self, change: ReplyChange) -> Wait {
        match change {
            ReplyChange::Is(Status::Pending | Status::Streaming | Status::Completed) => self,
            ReplyChange::Is(Status::Failed | Status::Stopped | Status::Interrupted) | ReplyChange::Refused => {
                Wait { held: true, ..self }
            }
            ReplyChange::Continued => Wait { held: false, ..self },
            ReplyChange::Retried(reply) | ReplyChange::Answered(reply) => Wait { after: reply, held: false },
        }
    }

    /// Whether it may be sent now that its reply is in this status.
    pub fn may_be_sent(self, reply: Status, sender: Sender) -> bool {
        match sender {
            Sender::Server => reply == Status::Completed && !self.held,
            Sender::Person => reply.is_final(),
        }
    }
}
