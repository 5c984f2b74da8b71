//! Sending the queue: what waits for a reply is sent when that has completed, or when a person asks for it.

pub mod changes {
    //! What people change in it.
    pub mod store;
}
pub mod store;

use tokio::time::sleep;

use super::{MAX_PAUSE, MIN_PAUSE, Replies, not_entered, store::Started};
use crate::{
    access::Viewer,
    conversation::queue::{MAX_QUEUED, Queued, Sender},
    error::Failure,
    ids::{MessageId, Rev, mint, now},
    language::t,
    live::hub::ListTopic,
    message::{Message, Part},
};
use changes::store::{NewQueued, QueueChange};
use store::Sendable;

impl Replies {
    /// Queues a message until a reply has ended; `None` if it had come before. If the reply has completed already, it is
    /// sent at once.
    pub async fn enqueue(&self, viewer: Viewer, new: NewQueued) -> Result<Option<Queued>, Failure> {
        let replies = self.clone();
        self.detached(async move {
            let changed = replies.database.enqueue(viewer, &new).await;
            // Whatever came of it: a commit that was reported to have failed may have gone through.
            replies.tasks.spawn(replies.clone().send_next(new.after));
            replies.queue_changed(changed?)
        })
        .await
    }

    /// Replaces what a person has queued; `seen` is the row's rev that they saw.
    pub async fn edit_queued(
        &self,
        viewer: Viewer,
        id: MessageId,
        seen: Rev,
        parts: Vec<Part>,
        model: String,
    ) -> Result<Option<Queued>, Failure> {
        let changed = self.database.edit_queued(viewer, id, seen, parts, model).await?;
        self.queue_changed(changed)
    }

    /// Removes what a person has queued. What was sent meanwhile is not there to be removed any more.
    pub async fn remove_queued(&self, viewer: Viewer, id: MessageId) -> Result<(), Failure> {
        let replies = self.clone();
        self.detached(async move {
            let changed = replies.database.remove_queued(viewer, id, now()).await?;
            let removed = replies.queue_changed(changed)?;
            // What it held back may be due now.
            removed.into_iter().for_each(|row| drop(replies.tasks.spawn(replies.clone().send_next(row.wait.after))));
            Ok(())
        })
        .await
    }

    /// Sends a queued message now, before all others: stops the reply that it waits for, if that still runs, and keeps what
    /// came of it. `after` is that reply as the person saw it: if the queue waits for another one by now, nothing is done.
    pub async fn send_queued(&self, viewer: Viewer, id: MessageId, after: MessageId) -> Result<Started, Failure> {
        self.check_open()?;
        let replies = self.clone();
        self.detached(async move {
            let Some(row) = replies.database.queued(viewer, id).await? else {
                // It may have been sent just now.
                let sent = replies.database.message(viewer, id).await?;
                return sent.map(|_| Started::Repeated).ok_or(Failure::NotFound);
            };
            if row.queued.wait.after != after {
                return Err(Failure::Changed);
            }
            // Nothing is stopped for what could not be sent.
            replies.providers.find(&row.queued.model)?;
            replies.stop(viewer, after).await?;
            match replies.database.queued(viewer, id).await? {
                Some(row) if row.queued.wait.after == after => replies.send_row(row, Sender::Person).await,
                Some(_) => Err(Failure::Changed),
                None => Ok(Started::Repeated),
            }
        })
        .await
    }

    /// At the start: sends what an earlier process had not sent yet when it ended.
    pub(super) async fn resume_queues(self) {
        let mut pause = MIN_PAUSE;
        loop {
            match self.database.replies_with_queue().await {
                Ok(replies) => {
                    return replies.into_iter().for_each(|after| drop(self.tasks.spawn(self.clone().send_next(after))));
                }
                Err(error) => tracing::error!(%error, "what waits to be sent cannot be read; looking again"),
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                () = self.closing.cancelled() => return,
            }
        }
    }

    /// Sends the first row that waits for a completed reply, if it is not held; safe to repeat. Waits where there is no
    /// room, and has the rows wait for a person where the first one cannot be sent.
    pub(super) async fn send_next(self, after: MessageId) {
        let mut pause = MIN_PAUSE;
        while !self.closing.is_cancelled() {
            match self.try_send_next(after).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(reply = %after, %error, "what waits for a reply is not sent yet"),
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                () = self.closing.cancelled() => {}
            }
        }
    }

    async fn try_send_next(&self, after: MessageId) -> Result<(), Failure> {
        let Some(row) = self.database.next_queued(after).await? else { return Ok(()) };
        let (id, conversation) = (row.queued.id, row.conversation);
        match self.send_row(row, Sender::Server).await {
            Err(error @ (Failure::UnknownModel | Failure::NotFound)) => {
                tracing::warn!(message = %id, %error, "what was queued cannot be sent; it waits for a person");
                self.database.hold_queue(conversation, after).await?;
                self.hub.changed(ListTopic::Messages(conversation));
                Ok(())
            }
            sent => sent.map(drop),
        }
    }

    async fn send_row(&self, row: Sendable, sender: Sender) -> Result<Started, Failure> {
        self.check_open()?;
        let model = self.providers.find(&row.queued.model)?;
        let reply = Message::asked(mint(), row.queued.model.clone());
        let running = match self.hub.enter(row.author, row.conversation, reply.clone()) {
            Ok(running) => running,
            // Its id is new, so it runs nowhere.
            Err(why) => return not_entered(why, Err(Failure::Changed)),
        };
        let started = self.database.send_queued(&row, sender, &reply, now(), self.node).await;
        self.run_if_started(vec![(running, model)], started, false)
    }

    /// What a page is answered after a change of the queue, of which those who follow the conversation learn.
    fn queue_changed(&self, changed: QueueChange) -> Result<Option<Queued>, Failure> {
        match changed {
            QueueChange::Done(conversation, row) => {
                self.hub.changed(ListTopic::Messages(conversation));
                Ok(Some(row))
            }
            QueueChange::Repeated => Ok(None),
            QueueChange::Full => Err(Failure::Limited((t().server.replies.queue_full)(MAX_QUEUED))),
            QueueChange::Changed => Err(Failure::Changed),
            QueueChange::Missing => Err(Failure::NotFound),
        }
    }
}
