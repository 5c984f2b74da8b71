//! What a socket does when its person may have lost access to something: it checks all that is open.

use std::{collections::BTreeSet, slice, time::Duration};

use super::{Closed, SESSION_OVER, Socket, UNREADABLE};
use crate::{
    ids::{ConversationId, MessageId, now},
    live::{List, ServerFrame, hub::Topic},
};

/// For so long whoever ended the session in this process may take to say why.
const GRACE: Duration = Duration::from_millis(100);

impl Socket {
    pub(super) async fn access_turn(&mut self) -> Result<(), Closed> {
        match self.check_session().await {
            Err(SESSION_OVER) => {
                tokio::time::sleep(GRACE).await;
                // If the tab is closing by now, it is known why.
                return if self.tab.closing().is_some() { Ok(()) } else { Err(SESSION_OVER) };
            }
            checked => checked?,
        }
        let listed = self.lists.keys().filter_map(|list| match list {
            List::Messages(of) => Some(*of),
            List::Conversations(_) | List::Marks => None,
        });
        let open: BTreeSet<ConversationId> =
            self.messages.values().map(|subscription| subscription.conversation).chain(listed).collect();
        let visible = self.app.database.visible(self.tab.viewer, &open).await.map_err(|error| {
            tracing::error!(%error, "what a person may see could not be read");
            UNREADABLE
        })?;
        for list in self.lists.keys().copied().collect::<Vec<_>>() {
            match list {
                List::Messages(of) if !visible.contains(&of) => {
                    self.end_list(list, ServerFrame::ListGone(list)).await?
                }
                List::Messages(_) => {}
                // They are read for members alone.
                List::Conversations(_) | List::Marks => self.enqueue(Topic::List(list)),
            }
        }
        let is_lost = |subscription: &super::Subscription| !visible.contains(&subscription.conversation);
        let lost = self.messages.iter().filter(|(_, subscription)| is_lost(subscription)).map(|(id, _)| *id);
        for id in lost.collect::<Vec<MessageId>>() {
            self.leave(id);
            self.send(&ServerFrame::Gone(id)).await?;
        }
        Ok(())
    }

    /// A session can end without anybody signing out: by its time.
    pub(super) async fn check_session(&self) -> Result<(), Closed> {
        match self.app.database.session(slice::from_ref(&self.tab.session), now()).await {
            Ok(None) => Err(SESSION_OVER),
            Ok(Some(_)) => Ok(()),
            Err(error) => {
                tracing::error!(%error, "a session could not be read");
                Err(UNREADABLE)
            }
        }
    }

    /// A subscription to a list has ended, and the page learns `why`.
    pub(super) async fn end_list(&mut self, list: List, why: ServerFrame) -> Result<(), Closed> {
        self.lists.remove(&list);
        self.app.hub.unfollow(list, &self.tab);
        self.send(&why).await
    }
}
