//! What a page asks of its socket: frames in, subscriptions made and left.

use std::time::Instant;

use super::{Closed, Socket, Source, Subscription};
use crate::{
    conversation::list::Held,
    ids::{ConversationId, MessageId},
    live::{ClientFrame, MAX_SUBSCRIPTIONS, ServerFrame, close, hub::Topic},
    message::Position,
};

/// A page holds so much of messages that do not run, in bytes, before more are read for it; the last one may be longer.
const MAX_HELD: usize = 1024 * 1024;
/// How many frames that make no sense close a socket.
const MOST_NONSENSE: u32 = 3;
/// How often a message that is neither here nor ended is looked for, before its row is taken as it stands.
const ROUNDS: u32 = 10;

impl Socket {
    pub(super) async fn receive(&mut self, text: &str) -> Result<(), Closed> {
        let room = MAX_SUBSCRIPTIONS.saturating_sub(self.messages.len() + self.asked.len() + self.lists.len());
        match serde_json::from_str(text) {
            Ok(ClientFrame::Beat(positions)) => {
                self.frame_size.acknowledged(&positions, Instant::now());
                Ok(())
            }
            Ok(ClientFrame::Ping) => self.beat().await,
            Ok(ClientFrame::Leave(id)) => {
                self.asked.retain(|(asked, _)| *asked != id);
                self.leave(id);
                Ok(())
            }
            Ok(ClientFrame::LeaveList(list)) => {
                self.lists.remove(&list);
                self.app.hub.unfollow(list, &self.tab);
                Ok(())
            }
            Ok(ClientFrame::Message { .. } | ClientFrame::List { .. }) if room == 0 => {
                self.misunderstood("too many subscriptions").await
            }
            Ok(ClientFrame::Messages(asked)) if asked.len() > room => {
                self.misunderstood("too many subscriptions").await
            }
            Ok(ClientFrame::Message { id, position }) => {
                self.ask(id, position);
                Ok(())
            }
            Ok(ClientFrame::Messages(asked)) => {
                asked.into_iter().for_each(|(id, position)| self.ask(id, position));
                Ok(())
            }
            Ok(ClientFrame::List { list, position, seen }) => {
                // Register first, then read.
                self.app.hub.follow(list, &self.tab);
                self.lists.insert(list, position.map(|position| Held { position, seen }));
                self.enqueue(Topic::List(list));
                Ok(())
            }
            Err(error) => {
                tracing::debug!(%error, "a frame made no sense");
                self.misunderstood("that is not a frame that I know").await
            }
        }
    }

    fn ask(&mut self, id: MessageId, position: Option<Position>) {
        // The last question for a message is the one that counts.
        self.asked.retain(|(other, _)| *other != id);
        self.asked.push_back((id, position));
    }

    /// Which of those asked for comes next. While what is held is much already only what runs does: that is in memory
    /// anyway, and its words must not wait.
    pub(super) fn next_asked(&self) -> Option<usize> {
        if self.held() < MAX_HELD {
            (!self.asked.is_empty()).then_some(0)
        } else {
            self.asked.iter().position(|(id, _)| self.app.hub.running(*id).is_some())
        }
    }

    /// The bytes of text that are in memory for this page alone.
    pub(super) fn held(&self) -> usize {
        let held = |subscription: &Subscription| match &subscription.source {
            Source::Running(_) => 0,
            Source::Row(message) => message.size(),
        };
        self.messages.values().map(held).sum()
    }

    async fn misunderstood(&mut self, why: &str) -> Result<(), Closed> {
        self.nonsense += 1;
        self.send(&ServerFrame::Error(why.into())).await?;
        if self.nonsense < MOST_NONSENSE {
            Ok(())
        } else {
            Err(Closed::Because(close::NONSENSE, "Too many frames made no sense."))
        }
    }

    pub(super) async fn subscribe(&mut self, id: MessageId, position: Option<Position>) -> Result<(), Closed> {
        self.leave(id);
        let (conversation, source) = match self.find(id).await {
            Ok(Some(found)) => found,
            Ok(None) => return self.send(&ServerFrame::Gone(id)).await,
            Err(error) => {
                tracing::error!(message = %id, %error, "a message could not be read");
                return self.send(&ServerFrame::Later(id)).await;
            }
        };
        let number = match &source {
            Source::Running(running) => running.number,
            Source::Row(message) => {
                self.allowance.spend_bytes(message.size());
                self.app.hub.number()
            }
        };
        self.send(&ServerFrame::Number(number, id)).await?;
        self.messages.insert(id, Subscription { number, conversation, sent: position, source });
        self.enqueue(Topic::Message(id));
        Ok(())
    }

    /// The message where it runs, else its row; nothing if it is not for this viewer.
    async fn find(&self, id: MessageId) -> sqlx::Result<Option<(ConversationId, Source)>> {
        // A reply may begin or end between the two looks; then the next round finds it.
        for round in 1..=ROUNDS {
            if let Some(running) = self.app.hub.running(id) {
                // Register first, then ask whether they may.
                running.follow(&self.tab);
                if !self.app.database.may_see(self.tab.viewer, running.conversation).await? {
                    running.unfollow(&self.tab);
                    return Ok(None);
                }
                // It may have ended before it was followed; then its end is here to be read all the same.
                return Ok(Some((running.conversation, Source::Running(running))));
            }
            match self.app.database.message(self.tab.viewer, id).await? {
                Some((conversation, message)) if message.status.is_final() || round == ROUNDS => {
                    return Ok(Some((conversation, Source::Row(Box::new(message)))));
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    pub(super) fn leave(&mut self, id: MessageId) {
        let Some(Subscription { number, source, .. }) = self.messages.remove(&id) else { return };
        self.frame_size.leave(number);
        if let Source::Running(running) = source {
            running.unfollow(&self.tab);
        }
    }
}
