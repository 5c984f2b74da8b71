//! Temporary conversations: keeping one, closing it, and removing those that have expired.

use std::time::Duration;

use super::Replies;
use crate::{
    access::Viewer,
    conversation::{LEFT_TIMEOUT, deletion::DeletionChange, temporary::store::Expiring},
    error::Failure,
    ids::{ConversationId, Millis, now},
    live::hub::ListTopic,
};

/// Between two looks for what has expired.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often replies are stopped that others start meanwhile.
const ROUNDS: u32 = 10;

impl Replies {
    /// Makes a temporary conversation an ordinary one. Twice is as good as once.
    pub async fn keep_temporary(&self, viewer: Viewer, id: ConversationId) -> Result<(), Failure> {
        match self.database.keep_temporary(viewer, id, now()).await? {
            Some(topic) => {
                self.hub.changed(ListTopic::Conversations(topic));
                self.hub.changed(ListTopic::Marks(viewer.account, viewer.user));
                Ok(())
            }
            None if self.database.may_see(viewer, id).await? => Ok(()),
            None => Err(Failure::NotFound),
        }
    }

    /// A page that showed it was closed, or is loaded anew: what no page shows by then is closed after a while.
    pub async fn leave_temporary(&self, viewer: Viewer, id: ConversationId) -> Result<(), Failure> {
        if !self.database.may_see(viewer, id).await? {
            return Err(Failure::NotFound);
        }
        Ok(self.database.leave_temporary(viewer, id, now() + LEFT_TIMEOUT.as_millis() as Millis).await?)
    }

    /// Closes a temporary conversation: it is gone at once, and all of it is removed.
    pub async fn close_temporary(&self, viewer: Viewer, id: ConversationId) -> Result<(), Failure> {
        let replies = self.clone();
        self.detached(async move {
            for _ in 0..ROUNDS {
                let change = replies.database.close_temporary(viewer, id, now(), |id| replies.runs(id)).await?;
                if replies.closed(id, change).await? {
                    return Ok(());
                }
            }
            Err(Failure::Unavailable)
        })
        .await
    }

    /// Closes those that expire, until the server stops; those of before at the start.
    pub async fn keep_expiring(self) {
        while !self.closing.is_cancelled() {
            match self.database.expiring(now() + LEFT_TIMEOUT.as_millis() as Millis).await {
                Ok(expiring) => {
                    for one in expiring {
                        if let Err(error) = self.look_after(one).await {
                            // It stops no other.
                            tracing::error!(conversation = %one.id, %error, "a temporary chat is not closed yet; trying again");
                        }
                    }
                }
                Err(error) => tracing::error!(%error, "which temporary chats expire could not be read; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.closing.cancelled() => {}
            }
        }
    }

    async fn look_after(&self, one: Expiring) -> Result<(), Failure> {
        if one.expires_at < one.shown_until && self.hub.is_followed(ListTopic::Messages(one.id)) {
            return Ok(self.database.stay(one).await?);
        }
        if one.expires_at <= now() {
            let change = self.database.expire(one.id, now(), |id| self.runs(id)).await?;
            match self.closed(one.id, change).await {
                // Somebody has kept it, or closed it.
                Ok(_) | Err(Failure::NotFound) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Whether it is closed; else something was in the way and is no more.
    async fn closed(&self, id: ConversationId, change: DeletionChange<()>) -> Result<bool, Failure> {
        let is_closed = self.begun(change).await?.is_some();
        if is_closed {
            self.hub.changed(ListTopic::Messages(id));
        }
        Ok(is_closed)
    }
}
