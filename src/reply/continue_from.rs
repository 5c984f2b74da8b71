//! Continuing a reply from one of its words: a sibling of it that begins with all that stands before.

pub mod store;

use tokio::time::timeout;

use super::{Replies, STOP_TIMEOUT, not_entered, store::Started};
use crate::{
    access::Viewer,
    error::Failure,
    ids::{ConversationId, MessageId, now},
    message::{Message, Position, Role, Status},
    provider::ModelHandle,
};

/// What another reply is to begin with, and how it is to go on.
pub struct Continuation {
    pub of: MessageId,
    pub from: Position,
    /// The new reply's, minted by whoever asks, so that asking twice is asking once.
    pub id: MessageId,
    /// What the model is asked to do from there on.
    pub instruction: Option<String>,
    /// The key of the model.
    pub model: String,
}

impl Replies {
    /// Starts a sibling of a reply with the beginning of that, which stays as it is; a running one, which has to be the
    /// viewer's own, is stopped first. Gives the new reply, too.
    pub async fn continue_from(
        &self,
        viewer: Viewer,
        asked: Continuation,
        model: ModelHandle,
    ) -> Result<(Started, Message), Failure> {
        self.check_open()?;
        let replies = self.clone();
        self.detached(async move {
            if let Some((_, before)) = replies.database.message(viewer, asked.id).await? {
                return Ok((Started::Repeated, before));
            }
            let (conversation, whole) = replies.ended(viewer, asked.of, asked.from).await?;
            let prefix = whole.prefix(asked.from).ok_or(Failure::Changed)?;
            let reply = Message { status: prefix.status, parts: prefix.parts, ..Message::asked(asked.id, asked.model) };
            let running = match replies.hub.enter(viewer, conversation, reply.clone()) {
                Ok(running) => running,
                Err(why) => return not_entered(why, Ok((Started::Repeated, reply))),
            };
            let instruction = asked.instruction.as_deref();
            let started = replies.database.retry(viewer, asked.of, (&reply, instruction), now(), replies.node).await;
            Ok((replies.run_if_started(vec![(running, model)], started, true)?, reply))
        })
        .await
    }

    /// The reply, once it has ended. Where it was never at this position, nothing is stopped.
    async fn ended(&self, viewer: Viewer, id: MessageId, from: Position) -> Result<(ConversationId, Message), Failure> {
        let (conversation, message) = self.database.message(viewer, id).await?.ok_or(Failure::NotFound)?;
        if message.role != Role::Assistant {
            return Err(Failure::NotFound);
        }
        if message.status.is_final() {
            return Ok((conversation, message));
        }
        if let Some(running) = self.hub.running(id) {
            if running.viewer.user != viewer.user {
                return Err(Failure::Busy);
            }
            if running.message().prefix(from).is_none() {
                return Err(Failure::Changed);
            }
            running.stop(Status::Stopped);
            timeout(STOP_TIMEOUT, running.over()).await.map_err(|_| Failure::Unavailable)?;
        }
        self.finished(viewer, id).await
    }
}
