//! The lists that a client follows: when it asks for one, and what the page is to take of what comes.

use super::{Client, Page, Postponed};
use crate::{
    conversation::{
        Conversation, ListPosition, MessageMeta, Sidebar,
        list::{Held, ListChanges, Row},
        marks::Mark,
    },
    ids::ConversationId,
    live::{ClientFrame, List},
};

/// What a page takes into one of its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListUpdate {
    Conversations(Sidebar, ListChanges<Conversation>),
    Messages(ConversationId, ListChanges<MessageMeta>),
    Marks(ListChanges<Mark>),
    /// The list is not, or no longer, for this person.
    Gone(List),
    /// What the page has leads nowhere: it has to load the list anew, replace what it has by that, and follow it again.
    Reset(List),
}

impl ListUpdate {
    /// Of which list it is.
    pub fn list(&self) -> List {
        match self {
            ListUpdate::Conversations(list, _) => List::Conversations(*list),
            ListUpdate::Messages(of, _) => List::Messages(*of),
            ListUpdate::Marks(_) => List::Marks,
            ListUpdate::Gone(list) | ListUpdate::Reset(list) => *list,
        }
    }

    /// Up to where it leads; nowhere if the list is not there, or has to be loaded anew.
    pub fn position(&self) -> Option<ListPosition> {
        match self {
            ListUpdate::Conversations(_, changes) => Some(changes.position),
            ListUpdate::Messages(_, changes) => Some(changes.position),
            ListUpdate::Marks(changes) => Some(changes.position),
            ListUpdate::Gone(_) | ListUpdate::Reset(_) => None,
        }
    }
}

impl<P: Page> Client<P> {
    /// Follows a list from where the page has it, until [`Client::leave_list`].
    pub fn follow_list(&mut self, list: List) {
        self.lists.insert(list, Postponed::default());
        self.ask_list(list);
    }

    /// Changes of a list have come. Whether the page is to take them.
    pub(super) fn list_came<R: Row>(&mut self, list: List, changes: &ListChanges<R>) -> bool {
        let Some(postponed) = self.lists.get_mut(&list) else { return false };
        postponed.reset();
        self.tries = 0;
        let ListChanges { from, seen, position: to, .. } = changes;
        let Some(Held { position: here, seen: newest }) = self.page.held(list) else { return *from == 0 };
        let is_same = here.lineage == to.lineage;
        if is_same && here.rev >= to.rev {
            // What was sent to a subscription before this one.
            return false;
        }
        // What has come to the page since it asked may be of a past that is another one by now.
        let leads_on = *from <= here.rev && (is_same || newest <= *seen);
        if !leads_on {
            self.ask_list(list);
        }
        leads_on
    }

    pub(super) fn ask_list(&mut self, list: List) {
        if let Some(postponed) = self.lists.get_mut(&list) {
            postponed.asked();
            let held = self.page.held(list);
            let (position, seen) = (held.map(|held| held.position), held.map_or(0, |held| held.seen));
            self.outbox.push(ClientFrame::List { list, position, seen });
        }
    }

    /// The server follows a list no more. Whether the page did.
    pub(super) fn list_ended(&mut self, list: List) -> bool {
        self.tries = 0;
        self.lists.remove(&list).is_some()
    }

    pub fn leave_list(&mut self, list: List) {
        if self.lists.remove(&list).is_some() {
            self.outbox.push(ClientFrame::LeaveList(list));
        }
    }
}
