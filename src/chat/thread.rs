//! A conversation: its messages, each its own signal, and what may change beside them.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{self, Sending},
    model_menu::Menu,
    outbox::Outbox,
};
use crate::{
    conversation::{Head, Stretch, first_words},
    error::Failure,
    ids::{ConversationId, MessageId},
    live::{
        List,
        connection::{self, Follower, Live, News},
    },
    message::{Message, Role},
};

/// What of a conversation is there to be shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Contents {
    Loading,
    Ready,
    Failed(Failure),
}

/// The stretch of a conversation that is loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Thread {
    pub id: ConversationId,
    pub contents: RwSignal<Contents>,
    /// What it was called when it was loaded.
    pub given_title: RwSignal<String>,
    pub outbox: Outbox,
    menu: Menu,
    /// Whether it begins with a message from this tab, of which the server may not have heard yet.
    pub begins_here: bool,
    /// The model that is chosen for what comes next.
    pub model: RwSignal<String>,
    /// The attempt that was paged to from here, and which way, until it has come.
    pub paged: StoredValue<Option<(MessageId, isize)>>,
    /// By place and attempt.
    heads: RwSignal<BTreeMap<(i64, i64), Head>>,
    messages: StoredValue<HashMap<MessageId, Live>>,
    rev: StoredValue<i64>,
    /// The place from which on it is loaded; `i64::MIN` if nothing is before it. Heads of earlier places are kept too,
    /// for when one scrolls there.
    from: RwSignal<i64>,
    /// Whether earlier messages are under way.
    loading: StoredValue<bool>,
    pub gone: RwSignal<bool>,
    /// Whether it is being deleted from here, which nobody needs to be told.
    pub deleting: RwSignal<bool>,
    /// While earlier messages are put in: the list takes every article out and in again, and the browser must not
    /// follow the one that it holds on to.
    pub settling: RwSignal<bool>,
    /// Whether this page may follow it already: not before hydration has ended.
    live: StoredValue<bool>,
}

impl Thread {
    /// Nothing of it is loaded yet.
    pub fn new(id: ConversationId, outbox: Outbox, menu: Menu) -> Thread {
        // One that begins with a message from this tab is all in hand; its list tells the rest.
        let first = untrack(|| outbox.pending(id)).filter(|sending| sending.opens);
        let contents = if first.is_some() { Contents::Ready } else { Contents::Loading };
        let model = first.as_ref().map(|first| first.model.clone());
        Thread {
            id,
            contents: RwSignal::new(contents),
            given_title: RwSignal::new(first.as_ref().map(|first| first_words(&first.text)).unwrap_or_default()),
            outbox,
            menu,
            begins_here: first.is_some(),
            model: RwSignal::new(menu.chosen(model)),
            paged: StoredValue::new(None),
            heads: RwSignal::new(BTreeMap::new()),
            messages: StoredValue::new(HashMap::new()),
            rev: StoredValue::new(0),
            from: RwSignal::new(i64::MIN),
            loading: StoredValue::new(false),
            gone: RwSignal::new(false),
            deleting: RwSignal::new(false),
            settling: RwSignal::new(false),
            live: StoredValue::new(false),
        }
    }

    /// Asks for what it opens with, if that is not there.
    pub fn load(self) {
        if self.contents.get_untracked() == Contents::Loading {
            spawn_local(async move {
                let loaded = api::messages(self.id, None).await;
                if !self.contents.is_disposed() {
                    self.open(loaded);
                }
            });
        }
    }

    /// Takes in what was loaded.
    pub fn open(self, loaded: Result<Stretch, Failure>) {
        let stretch = match loaded {
            Ok(stretch) => stretch,
            Err(failure) => return self.contents.set(Contents::Failed(failure)),
        };
        let last = stretch.messages.iter().rev().find_map(|message| message.model.clone());
        let chosen = self.model.get_untracked();
        self.model.set(self.menu.chosen(last.into_iter().chain([chosen])));
        self.given_title.set(stretch.conversation.title.clone());
        self.rev.set_value(stretch.rev);
        self.from.set(beginning(&stretch));
        self.sent(stretch.heads, stretch.messages);
        self.contents.set(Contents::Ready);
    }

    /// Whether what it was opened with is there.
    pub fn is_ready(self) -> bool {
        *self.contents.read() == Contents::Ready
    }

    /// What is shown, in order.
    pub fn shown(self) -> Vec<(MessageId, Role)> {
        let from = self.from.get();
        let heads = self.heads.read();
        let loaded = heads.range((from, i64::MIN)..).map(|(_, head)| head);
        let listed = loaded.filter(|head| head.shown).map(|head| (head.id, head.role));
        listed.chain(self.pending().map(|id| (id, Role::User))).collect()
    }

    /// What was sent from here and the list has not told of.
    pub fn pending(self) -> Option<MessageId> {
        self.outbox.pending(self.id).map(|sending| sending.id).filter(|id| !self.knows(*id))
    }

    /// Whether a message is on its way to the server.
    pub fn is_sending(self, id: MessageId) -> bool {
        self.outbox.is_sending(id)
    }

    /// The reply that runs, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.heads.read().values().find(|head| !head.status.is_final()).map(|head| head.id)
    }

    /// Whether the list has told of it.
    pub fn knows(self, id: MessageId) -> bool {
        self.heads.read().values().any(|head| head.id == id)
    }

    /// The attempts in a message's place, in order.
    pub fn attempts(self, id: MessageId) -> Vec<MessageId> {
        let heads = self.heads.read();
        let place = heads.values().find(|head| head.id == id).map(|head| head.place);
        let in_place =
            |place: i64| heads.range((place, i64::MIN)..=(place, i64::MAX)).map(|(_, head)| head.id).collect();
        place.map(in_place).unwrap_or_default()
    }

    pub fn message(self, id: MessageId, role: Role) -> Live {
        let own = || self.outbox.pending(self.id).filter(|sending| sending.id == id);
        let unseen = || Live::new(untrack(own).map_or_else(|| Message::unseen(id, role), Sending::message));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in messages with their heads, before the list tells.
    fn sent(self, heads: Vec<Head>, messages: Vec<Message>) {
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
        self.take(heads);
    }

    /// Takes in what the server said to what was sent from here, until the list tells of it.
    pub fn take_answer(self) {
        if let Some(sent) = self.outbox.answer(self.id) {
            untrack(|| self.sent(sent.heads, sent.messages));
        }
        if let Some(sending) = self.outbox.awaited(self.id)
            && self.knows(sending.id)
        {
            self.outbox.forget(sending.id);
        }
    }

    /// Takes in heads. Each applies only if it is newer.
    fn take(self, heads: Vec<Head>) {
        let mut newer = vec![];
        self.heads.update(|known| {
            for head in heads {
                let key = (head.place, head.attempt);
                if known.get(&key).is_none_or(|known| known.rev < head.rev) {
                    newer.push(head.clone());
                    known.insert(key, head);
                }
            }
        });
        newer.iter().for_each(|head| self.follow(head));
    }

    /// Follows all of which more may come.
    fn follow_running(self) {
        self.heads.read_untracked().values().for_each(|head| self.follow(head));
    }

    /// Follows a message if it is shown and runs, or the list knows more of it than its signal.
    fn follow(self, head: &Head) {
        if !self.live.get_value() || !head.shown || head.place < self.from.get_untracked() {
            return;
        }
        let live = self.message(head.id, head.role);
        let behind = live.message.with_untracked(|message| {
            !message.status.is_final() || head.epoch != message.epoch && head.epoch.counter >= message.epoch.counter
        });
        if behind {
            connection::follow(live, head.epoch, head.status.is_final());
        }
    }

    pub fn go_live(self) {
        if self.live.get_value() {
            return;
        }
        self.live.set_value(true);
        connection::follow_list(
            List::Messages(self.id),
            Follower {
                rev: Box::new(move || self.rev.get_value()),
                take: Rc::new(move |rev, news| match news {
                    News::Heads(heads) => {
                        self.rev.set_value(rev);
                        self.take(heads);
                    }
                    News::Gone => self.gone.set(true),
                    News::Conversations(_) => {}
                }),
            },
        );
        self.follow_running();
    }

    pub fn leave(self) {
        connection::leave_list(List::Messages(self.id));
        self.messages.with_value(|messages| messages.keys().copied().for_each(connection::leave));
    }

    /// The place before which there is more.
    pub fn first_place(self) -> Option<i64> {
        Some(self.from.get_untracked()).filter(|from| *from != i64::MIN)
    }

    pub fn load_earlier(self) {
        let Some(first) = self.first_place().filter(|_| !self.loading.get_value()) else { return };
        self.loading.set_value(true);
        spawn_local(async move {
            let earlier = api::messages(self.id, Some(first)).await;
            if self.from.is_disposed() {
                return;
            }
            self.loading.set_value(false);
            let Ok(earlier) = earlier else { return };
            self.settling.set(true);
            self.from.set(beginning(&earlier));
            self.sent(earlier.heads, earlier.messages);
            // Heads of these places may have been here before.
            self.follow_running();
            let settled = move || {
                self.settling.try_set(false);
            };
            request_animation_frame(move || request_animation_frame(settled));
        });
    }
}

/// The place from which on everything is known that a stretch leads up to.
fn beginning(stretch: &Stretch) -> i64 {
    let first = stretch.heads.iter().map(|head| head.place).min();
    first.filter(|_| stretch.more).unwrap_or(i64::MIN)
}
