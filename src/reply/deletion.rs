//! Deleting messages and conversations, and bringing them back. Replies that run there end first: all that they wrote is
//! then in their rows.

use std::collections::HashSet;

use tokio::time::{sleep, timeout};

use super::{MAX_PAUSE, MIN_PAUSE, Replies, STOP_TIMEOUT};
use crate::{
    access::Viewer,
    conversation::{SidebarTopic, deletion::DeletionChange},
    error::Failure,
    ids::{ConversationId, MessageId, now},
    live::hub::ListTopic,
};

/// How often replies are stopped that others start meanwhile, and deletions of others waited for.
const ROUNDS: u32 = 10;

impl Replies {
    /// Deletes a message and all below it. Gives how many messages have gone.
    pub async fn delete_message(&self, viewer: Viewer, id: MessageId) -> Result<i64, Failure> {
        let replies = self.clone();
        self.detached(async move {
            for _ in 0..ROUNDS {
                let change = replies.database.begin_deletion(viewer, id, now(), |id| replies.runs(id)).await?;
                if let Some(conversation) = replies.begun(change).await? {
                    replies.finish_deletion(conversation).await?;
                    return Ok(replies.database.deleted_with(conversation, id).await?);
                }
            }
            Err(Failure::Unavailable)
        })
        .await
    }

    /// Brings back what was deleted with a message.
    pub async fn undo_delete_message(&self, viewer: Viewer, id: MessageId) -> Result<(), Failure> {
        let replies = self.clone();
        self.detached(async move {
            for _ in 0..ROUNDS {
                let change = replies.database.begin_restoring(viewer, id).await?;
                if let Some(conversation) = replies.begun(change).await? {
                    return replies.finish_deletion(conversation).await;
                }
            }
            Err(Failure::Unavailable)
        })
        .await
    }

    /// Deletes conversations: at once invisible everywhere. Gives those that the viewer may delete.
    pub async fn delete_conversations(
        &self,
        viewer: Viewer,
        ids: Vec<ConversationId>,
    ) -> Result<Vec<ConversationId>, Failure> {
        let replies = self.clone();
        self.detached(async move {
            for _ in 0..ROUNDS {
                let change = replies.database.delete_conversations(viewer, &ids, now(), |id| replies.runs(id)).await?;
                if let Some(deleted) = replies.begun(change).await? {
                    return Ok(replies.conversations_changed(deleted));
                }
            }
            Err(Failure::Unavailable)
        })
        .await
    }

    /// Brings deleted conversations back.
    pub async fn undo_delete_conversations(&self, viewer: Viewer, ids: Vec<ConversationId>) -> Result<(), Failure> {
        let replies = self.clone();
        self.detached(async move {
            let restored = replies.database.restore_conversations(viewer, &ids).await?;
            if restored.is_empty() {
                return Err(Failure::NotFound);
            }
            let restored = replies.conversations_changed(restored);
            // What was being deleted in them when they were.
            for id in replies.database.unfinished_deletions().await?.into_iter().filter(|id| restored.contains(id)) {
                replies.finish_deletion(id).await?;
            }
            // What waited for a reply that is back may be due.
            replies.tasks.spawn(replies.clone().resume_queues());
            Ok(())
        })
        .await
    }

    /// At the start: continues with what an earlier process had not finished.
    pub(super) async fn resume_deletions(self) {
        if let Err(error) = self.database.drop_unfinished_forks().await {
            tracing::error!(%error, "what an earlier process left of forks is not removed; the next start does");
        }
        match self.database.unfinished_deletions().await {
            Ok(conversations) => {
                conversations.into_iter().for_each(|id| drop(self.tasks.spawn(self.clone().keep_finishing(id))));
            }
            Err(error) => tracing::error!(%error, "unfinished deletions could not be read; the next start does"),
        }
    }

    /// What has begun; `None`: something was in the way and is no more.
    pub(super) async fn begun<T>(&self, change: DeletionChange<T>) -> Result<Option<T>, Failure> {
        match change {
            DeletionChange::Begun(what) => return Ok(Some(what)),
            DeletionChange::Runs(replies) => self.end(replies).await?,
            DeletionChange::Unfinished(conversation) => self.finish_deletion(conversation).await?,
            DeletionChange::Changed => return Err(Failure::Changed),
            DeletionChange::Missing => return Err(Failure::NotFound),
        }
        Ok(None)
    }

    /// Ends replies that nobody is to see any more, and returns when their ends are written.
    async fn end(&self, replies: Vec<MessageId>) -> Result<(), Failure> {
        let running: Vec<_> = replies.into_iter().filter_map(|id| self.hub.running(id)).collect();
        running.iter().for_each(|running| running.gone());
        for running in running {
            timeout(STOP_TIMEOUT, running.over()).await.map_err(|_| Failure::Unavailable)?;
        }
        Ok(())
    }

    /// Finishes the deletion in a conversation that has begun, or has begun to be undone. If it cannot, that is tried until it
    /// can: what is hidden has to be removed in the end.
    async fn finish_deletion(&self, conversation: ConversationId) -> Result<(), Failure> {
        let finished = self.try_finish(conversation).await;
        if finished.is_err() {
            self.tasks.spawn(self.clone().keep_finishing(conversation));
        }
        finished
    }

    async fn keep_finishing(self, conversation: ConversationId) {
        let mut pause = MIN_PAUSE;
        while let Err(error) = self.try_finish(conversation).await {
            tracing::error!(%conversation, %error, "a deletion is not finished yet; trying again");
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                // The next start does.
                () = self.closing.cancelled() => return,
            }
        }
    }

    async fn try_finish(&self, conversation: ConversationId) -> Result<(), Failure> {
        while self.database.continue_deletion(conversation).await? {
            self.hub.changed(ListTopic::Messages(conversation));
        }
        self.hub.changed(ListTopic::Messages(conversation));
        // What waited for a reply that is back may be due.
        self.tasks.spawn(self.clone().resume_queues());
        Ok(())
    }

    pub(super) fn runs(&self, id: MessageId) -> bool {
        self.hub.running(id).is_some()
    }

    /// Wakes all who follow these conversations or their lists, each list once.
    fn conversations_changed(&self, changed: Vec<(ConversationId, SidebarTopic)>) -> Vec<ConversationId> {
        let lists: HashSet<SidebarTopic> = changed.iter().map(|(_, list)| *list).collect();
        lists.into_iter().for_each(|list| self.hub.changed(ListTopic::Conversations(list)));
        let ids = changed.into_iter().map(|(id, _)| id);
        ids.inspect(|id| self.hub.changed(ListTopic::Messages(*id))).collect()
    }
}
