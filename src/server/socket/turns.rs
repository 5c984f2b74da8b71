//! What a socket sends, a frame a turn: subscriptions take turns, so that a long text delays no heartbeat, no
//! revocation and no other message.

use std::time::Instant;

use super::{Closed, Socket, Source, Subscription};
use crate::{
    conversation::store::Changes,
    ids::MessageId,
    live::{
        ENVELOPE, List, ServerFrame, encode,
        hub::{ListFrame, Next, Topic},
    },
    message::{Change, Event},
};

impl Subscription {
    /// What leads on from what was sent, which then counts as sent, in a frame of at most `limit` bytes.
    fn next(&mut self, limit: usize) -> Next {
        let message = match &self.source {
            Source::Running(running) => return running.next(&mut self.sent, limit),
            Source::Row(message) => message,
        };
        match message.next(self.sent.as_ref(), limit.saturating_sub(ENVELOPE)) {
            Some(event) => {
                self.sent.get_or_insert_with(|| message.position()).advance(&event);
                Next::Own(event)
            }
            None => Next::Nothing,
        }
    }
}

impl Socket {
    /// Sends one frame of what is dirty, and puts it at the end of the row if there is more.
    pub(super) async fn turn(&mut self) -> Result<(), Closed> {
        match self.turns.pop_front() {
            Some(Topic::Message(id)) => self.message_turn(id).await,
            Some(Topic::List(list)) => self.list_turn(list).await,
            Some(Topic::Access) => self.access_turn().await,
            None => Ok(()),
        }
    }

    async fn message_turn(&mut self, id: MessageId) -> Result<(), Closed> {
        let limit = self.frame_size.limit();
        let Some(subscription) = self.messages.get_mut(&id) else {
            return Ok(());
        };
        let next = subscription.next(limit);
        let (number, sent) = (subscription.number, subscription.sent);
        let over = sent.is_some_and(|sent| sent.ended);
        match next {
            // A turn that would find nothing is spared: this is what every tab does for every commit.
            Next::Shared(frame, more) => {
                self.frame_size.sends(number, sent, frame.len(), Instant::now());
                match more {
                    true => self.enqueue(Topic::Message(id)),
                    false if over => self.leave(id),
                    false => {}
                }
                self.send_text(frame).await?;
            }
            Next::Own(Event { epoch, change }) => {
                let frame = encode(&ServerFrame::Event(number, epoch, change));
                self.frame_size.sends(number, sent, frame.len(), Instant::now());
                // The page asks for others when it has the end, and then this one must not count any more.
                if over {
                    self.leave(id);
                } else {
                    self.enqueue(Topic::Message(id));
                }
                self.send_text(frame).await?;
            }
            // A later epoch of it is announced by its list.
            Next::Nothing if over => self.leave(id),
            // That it stands at the end of the epoch before is no end of what opens.
            Next::Nothing | Next::Starting => {}
            Next::Withdrawn => {
                let sent = self.messages.remove(&id).and_then(|subscription| subscription.sent);
                Box::pin(self.subscribe(id, sent)).await?;
            }
            Next::Gone => {
                self.leave(id);
                self.send(&ServerFrame::Gone(id)).await?;
            }
        }
        Ok(())
    }

    async fn list_turn(&mut self, list: List) -> Result<(), Closed> {
        let Some(since) = self.lists.get(&list).copied() else {
            return Ok(());
        };
        match self.app.hub.list_frame(self.tab.viewer, list, since, || self.changes(list, since)).await {
            Ok(Some(ListFrame { rev, more, frame })) => {
                self.lists.insert(list, rev);
                if more {
                    self.enqueue(Topic::List(list));
                }
                if rev == since { Ok(()) } else { self.send_text(frame).await }
            }
            Ok(None) => self.lose_list(list).await,
            Err(error) => {
                tracing::error!(?list, %error, "a list could not be read");
                self.send(&ServerFrame::LaterList(list)).await
            }
        }
    }

    /// What changed in a list since this rev, as it is sent; nothing if it is not for this viewer.
    async fn changes(&self, list: List, since: i64) -> sqlx::Result<Option<ListFrame>> {
        let (viewer, database) = (self.tab.viewer, &self.app.database);
        Ok(match list {
            List::Conversations(list) => {
                database.conversations_since(viewer, list, since).await?.map(|Changes { rev, rows, more }| {
                    let frame = encode(&ServerFrame::<Change>::Conversations { list, rev, rows });
                    ListFrame { rev, more, frame }
                })
            }
            List::Messages(of) => database.metas_since(viewer, of, since).await?.map(|Changes { rev, rows, more }| {
                ListFrame { rev, more, frame: encode(&ServerFrame::<Change>::Messages { of, rev, metas: rows }) }
            }),
        })
    }
}
