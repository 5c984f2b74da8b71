//! What a socket sends, a frame a turn: subscriptions take turns, so that a long text delays no heartbeat, no
//! revocation and no other message.

use std::time::Instant;

use serde::Serialize;

use super::{Closed, Socket, Source, Subscription};
use crate::{
    conversation::list::{Changed, Held, ListChanges, Row, fitting, store::Since},
    ids::MessageId,
    live::{
        ENVELOPE, List, ServerFrame, encode,
        hub::{ListAsk, ListFrame, Next, Topic},
    },
    message::Event,
};

/// What a list's frame takes beside its rows, in bytes.
const LIST_ENVELOPE: usize = 192;
/// About the least that a row takes, in bytes: no more of them are read for a frame than could fit.
const MIN_ROW: usize = 96;

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
        let Some(held) = self.lists.get(&list).copied() else {
            return Ok(());
        };
        let ask = ListAsk { held, limit: self.frame_size.limit() };
        match self.app.hub.list_frame(self.tab.viewer, list, ask, || self.list_frame(list, ask)).await {
            Ok(ListFrame::Changes { position, more, frame }) => {
                self.lists.insert(list, Some(Held::up_to(position)));
                if more {
                    self.enqueue(Topic::List(list));
                }
                if held.is_some_and(|held| held.position == position) { Ok(()) } else { self.send_text(frame).await }
            }
            Ok(ListFrame::Reset) => self.end_list(list, ServerFrame::ListReset(list)).await,
            Ok(ListFrame::Gone) => self.end_list(list, ServerFrame::ListGone(list)).await,
            Err(error) => {
                tracing::error!(?list, %error, "a list could not be read");
                self.send(&ServerFrame::LaterList(list)).await
            }
        }
    }

    /// What leads on from there, as it is sent.
    async fn list_frame(&self, list: List, ask: ListAsk) -> sqlx::Result<ListFrame> {
        let (viewer, database) = (self.tab.viewer, &self.app.database);
        let most = ask.limit / MIN_ROW;
        Ok(match list {
            List::Conversations(list) => match database.conversations_since(viewer, list, ask.held, most).await? {
                Some(since) => encoded(since, ask, |changes| ServerFrame::Conversations(list, changes)),
                None => ListFrame::Gone,
            },
            List::Marks => match database.marks_since(viewer, ask.held, most).await? {
                Some(since) => encoded(since, ask, ServerFrame::Marks),
                None => ListFrame::Gone,
            },
            List::Messages(of) => match database.metas_since(viewer, of, ask.held, most).await? {
                Some(since) => encoded(since, ask, |changes| ServerFrame::Messages(of, changes)),
                None => ListFrame::Gone,
            },
        })
    }
}

/// As much of what changed as fits into a frame.
fn encoded<R>(since: Since<R>, ask: ListAsk, frame: impl Fn(ListChanges<R>) -> ServerFrame) -> ListFrame
where
    R: Row + Serialize,
    R::Id: Serialize,
{
    let Since::Changed { now, changed, more } = since else { return ListFrame::Reset };
    let room = ask.limit.saturating_sub(LIST_ENVELOPE);
    let (changes, more) = fitting((ask.held, now), changed, more, room, |changed| match changed {
        Changed::Row(row) => length(row),
        Changed::Gone(id, rev) => length(&(id, rev)),
    });
    ListFrame::Changes { position: changes.position, more, frame: encode(&frame(changes)) }
}

/// The bytes of a row on the wire, and of what stands between two of them.
fn length(row: &impl Serialize) -> usize {
    // Nothing of it can fail, as in `encode`.
    serde_json::to_string(row).map_or(0, |json| json.len()) + 1
}
