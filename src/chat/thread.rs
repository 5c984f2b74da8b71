//! A conversation: its messages, each its own signal, and what may change beside them.

mod following;
mod queued;
mod reload;
mod windows;

use std::collections::HashMap;

use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{self, Clock, Sending},
    branch::Branch,
    model_menu::OfferedModels,
    outbox::Outbox,
    queue::Queue,
    ratings::Ratings,
};
use crate::{
    conversation::{Conversation, MessagePage, Window, first_words},
    error::Failure,
    ids::{ConversationId, MessageId, UserId},
    live::connection::{Connection, Live},
    message::{Message, Role},
};
use queued::queued_message;

/// What of a conversation is there to be shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Contents {
    Loading,
    Ready,
    Failed(Failure),
}

/// What stands in the place of one message.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    Message(MessageId, Role),
    /// The replies that were asked for together, below this message.
    Together(MessageId),
}

/// The page of a conversation that is loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Thread {
    pub id: ConversationId,
    pub contents: RwSignal<Contents>,
    /// What it was called when it was loaded.
    pub given_title: RwSignal<String>,
    /// Whether it is temporary.
    pub temporary: RwSignal<bool>,
    /// The conversation as it was loaded.
    pub given: RwSignal<Option<Conversation>>,
    connection: Connection,
    pub outbox: Outbox,
    pub queue: Queue,
    pub ratings: Ratings,
    menu: OfferedModels,
    /// Whether it begins with a message from this tab, of which the server may not have received anything yet.
    pub begins_here: bool,
    /// The model that is chosen for what comes next.
    pub model: RwSignal<String>,
    /// The sibling that was paged to from here, and which way, until it has come.
    pub paged: StoredValue<Option<(MessageId, isize)>>,
    /// Who reads.
    user: UserId,
    /// That of the page.
    pub clock: Clock,
    /// The message that the address named, around which the page opens.
    pub named: Option<MessageId>,
    pub branch: RwSignal<Branch>,
    messages: StoredValue<HashMap<MessageId, Live>>,
    /// The window that is under way, by its number, and how many were asked for.
    loading: StoredValue<Option<u32>>,
    requests: StoredValue<u32>,
    /// How often the reader went elsewhere on this page: the address by which they came is of no more use then.
    pub moves: RwSignal<u32>,
    /// Whether the reader is at the end of what is loaded.
    pub is_at_end: RwSignal<bool>,
    pub gone: RwSignal<bool>,
    /// Whether it is being deleted from here, which needs no notice.
    pub deleting: RwSignal<bool>,
    /// The message of which another version is being written.
    pub editing: RwSignal<Option<MessageId>>,
    /// The reply beside which another model is to be asked.
    pub retrying: RwSignal<Option<MessageId>>,
    /// What was quoted of a reply, on its way into the composer.
    pub quoted: RwSignal<Option<String>>,
    /// While messages are put in: the list takes every article out and in again, and the browser must not
    /// follow the one that it holds on to.
    pub settling: RwSignal<bool>,
    /// Whether this page may follow it already: not before hydration has ended.
    live: StoredValue<bool>,
}

impl Thread {
    /// Nothing of it is loaded yet.
    pub fn new(
        id: ConversationId,
        (user, clock): (UserId, Clock),
        named: Option<MessageId>,
        connection: Connection,
        outbox: Outbox,
        menu: OfferedModels,
    ) -> Thread {
        // One that begins with a message from this tab is all in hand; its list brings the rest.
        let first = untrack(|| outbox.with(|all| all.pending(id).filter(|sending| sending.opens).cloned()));
        let contents = if first.is_some() { Contents::Ready } else { Contents::Loading };
        let model = first.as_ref().map(|first| first.model.clone());
        Thread {
            id,
            contents: RwSignal::new(contents),
            given_title: RwSignal::new(first.as_ref().map(|first| first_words(&first.text)).unwrap_or_default()),
            temporary: RwSignal::new(first.as_ref().is_some_and(|first| first.temporary)),
            given: RwSignal::new(None),
            connection,
            outbox,
            queue: Queue::new(id),
            ratings: Ratings::new(id),
            menu,
            begins_here: first.is_some(),
            model: RwSignal::new(menu.chosen(model)),
            paged: StoredValue::new(None),
            user,
            clock,
            named,
            branch: RwSignal::new(Branch::default()),
            messages: StoredValue::new(HashMap::new()),
            loading: StoredValue::new(None),
            requests: StoredValue::new(0),
            moves: RwSignal::new(0),
            is_at_end: RwSignal::new(true),
            gone: RwSignal::new(false),
            deleting: RwSignal::new(false),
            editing: RwSignal::new(None),
            retrying: RwSignal::new(None),
            quoted: RwSignal::new(None),
            settling: RwSignal::new(false),
            live: StoredValue::new(false),
        }
    }

    /// Asks for what it opens with, if that is not there.
    pub fn load(self) {
        if self.contents.get_untracked() == Contents::Loading {
            spawn_local(async move {
                let loaded = api::messages(self.id, self.named.map_or(Window::Newest, Window::Around)).await;
                if !self.contents.is_disposed() {
                    self.open(loaded);
                }
            });
        }
    }

    /// Takes in what was loaded.
    pub fn open(self, loaded: Result<MessagePage, Failure>) {
        let page = match loaded {
            Ok(page) => page,
            Err(failure) => return self.contents.set(Contents::Failed(failure)),
        };
        let last = page.messages.iter().rev().find_map(|message| message.model.clone());
        let chosen = self.model.get_untracked();
        self.model.set(self.menu.chosen(last.into_iter().chain([chosen])));
        self.given_title.set(page.conversation.title.clone());
        self.temporary.set(page.conversation.expires_at.is_some());
        self.given.set(Some(page.conversation.clone()));
        self.branch.update(|branch| branch.open(&page));
        self.keep(page.messages.into_iter().chain(page.beside));
        self.follow_shown();
        self.contents.set(Contents::Ready);
    }

    /// Whether what it was opened with is there.
    pub fn is_ready(self) -> bool {
        *self.contents.read() == Contents::Ready
    }

    /// What is shown, in order.
    pub fn shown(self) -> Vec<Shown> {
        let branch = self.branch.read();
        let mut shown: Vec<Shown> = branch.shown().into_iter().map(|meta| Shown::Message(meta.id, meta.role)).collect();
        if let Some(parent) = branch.together().first().and_then(|meta| meta.parent) {
            shown.pop();
            shown.push(Shown::Together(parent));
        }
        shown.extend(self.pending().map(|id| Shown::Message(id, Role::User)));
        shown
    }

    /// The replies that are shown beside each other.
    pub fn together(self) -> Vec<MessageId> {
        self.branch.read().together().into_iter().map(|meta| meta.id).collect()
    }

    /// The replies that run in this conversation, on all branches that are known.
    pub fn all_running(self) -> Vec<MessageId> {
        self.branch.read().running().map(|meta| meta.id).collect()
    }

    /// The reader chooses one of the replies that are shown beside each other.
    pub fn choose(self, id: MessageId) {
        self.moves.update(|moves| *moves += 1);
        self.branch.update(|branch| branch.go_to(id));
        if let Some(model) = self.message(id, Role::Assistant).message.with_untracked(|message| message.model.clone()) {
            self.model.set(self.menu.chosen([model]));
        }
    }

    /// What was sent from here and is not in the list yet.
    pub fn pending(self) -> Option<MessageId> {
        self.outbox.with(|all| all.pending(self.id).map(|sending| sending.id)).filter(|id| !self.has(*id))
    }

    /// Whether a message is on its way to the server.
    pub fn is_sending(self, id: MessageId) -> bool {
        self.outbox.with(|all| all.is_sending(id))
    }

    /// The reply that runs on this branch, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.branch.read().shown().into_iter().find(|meta| !meta.status.is_final()).map(|meta| meta.id)
    }

    /// Whether there is something that can be summarised now.
    pub fn can_summarise(self) -> bool {
        let branch = self.branch.read();
        branch
            .leaf()
            .and_then(|leaf| branch.get(leaf))
            .is_some_and(|meta| meta.role.is_reply() && meta.status.is_final())
    }

    /// Whether the reader wrote it, and the server has it.
    pub fn is_own(self, id: MessageId) -> bool {
        self.branch.read().get(id).is_some_and(|meta| meta.role == Role::User && meta.author == self.user)
    }

    /// Whether the reader asked for this reply.
    pub fn is_own_reply(self, id: MessageId) -> bool {
        self.branch.read().get(id).is_some_and(|meta| meta.role == Role::Assistant && meta.author == self.user)
    }

    pub fn has_ended(self, id: MessageId) -> bool {
        self.branch.read().get(id).is_some_and(|meta| meta.status.is_final())
    }

    /// The reader's newest message that is shown.
    pub fn last_own(self) -> Option<MessageId> {
        let shown = self.branch.read_untracked();
        shown.shown().into_iter().rev().map(|meta| meta.id).find(|id| untrack(|| self.is_own(*id)))
    }

    /// Whether the list has it.
    pub fn has(self, id: MessageId) -> bool {
        self.branch.read().get(id).is_some()
    }

    pub fn message(self, id: MessageId, role: Role) -> Live {
        let own = || self.outbox.with(|all| all.pending(self.id).filter(|sending| sending.id == id).cloned());
        let was_queued = || untrack(|| self.queue.get(id)).map(queued_message);
        let here = || untrack(own).map(Sending::message).or_else(was_queued);
        let unseen = || Live::new(here().unwrap_or_else(|| Message::unseen(id, role)));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in messages as they were loaded.
    fn keep(self, messages: impl IntoIterator<Item = Message>) {
        self.messages.update_value(|known| {
            for message in messages {
                match known.get(&message.id) {
                    // What stood here since it was sent was not the server's.
                    Some(live) if live.message.read_untracked().is_unseen() => live.message.set(message),
                    Some(_) => {}
                    None => drop(known.insert(message.id, Live::new(message))),
                }
            }
        });
    }
}
