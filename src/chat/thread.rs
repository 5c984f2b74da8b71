//! A conversation: its messages, each its own signal, and what may change beside them.

use std::collections::{BTreeMap, HashMap};

use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{self, Sending},
    model_menu::OfferedModels,
    outbox::Outbox,
};
use crate::{
    conversation::{MessageMeta, MessagePage, first_words},
    error::Failure,
    ids::{ConversationId, MessageId},
    live::{
        List,
        connection::{Connection, Follower, ListUpdate, Live},
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

/// The page of a conversation that is loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Thread {
    pub id: ConversationId,
    pub contents: RwSignal<Contents>,
    /// What it was called when it was loaded.
    pub given_title: RwSignal<String>,
    connection: Connection,
    pub outbox: Outbox,
    menu: OfferedModels,
    /// Whether it begins with a message from this tab, of which the server may not have received anything yet.
    pub begins_here: bool,
    /// The model that is chosen for what comes next.
    pub model: RwSignal<String>,
    /// The attempt that was paged to from here, and which way, until it has come.
    pub paged: StoredValue<Option<(MessageId, isize)>>,
    /// By place and attempt.
    metas: RwSignal<BTreeMap<(i64, i64), MessageMeta>>,
    messages: StoredValue<HashMap<MessageId, Live>>,
    rev: StoredValue<i64>,
    /// The place from which on it is loaded; `i64::MIN` if nothing is before it. Messages of earlier places are kept too,
    /// for when one scrolls there.
    from: RwSignal<i64>,
    /// Whether earlier messages are under way.
    loading: StoredValue<bool>,
    pub gone: RwSignal<bool>,
    /// Whether it is being deleted from here, which needs no notice.
    pub deleting: RwSignal<bool>,
    /// While earlier messages are put in: the list takes every article out and in again, and the browser must not
    /// follow the one that it holds on to.
    pub settling: RwSignal<bool>,
    /// Whether this page may follow it already: not before hydration has ended.
    live: StoredValue<bool>,
}

impl Thread {
    /// Nothing of it is loaded yet.
    pub fn new(id: ConversationId, connection: Connection, outbox: Outbox, menu: OfferedModels) -> Thread {
        // One that begins with a message from this tab is all in hand; its list brings the rest.
        let first = untrack(|| outbox.with(|all| all.pending(id).filter(|sending| sending.opens).cloned()));
        let contents = if first.is_some() { Contents::Ready } else { Contents::Loading };
        let model = first.as_ref().map(|first| first.model.clone());
        Thread {
            id,
            contents: RwSignal::new(contents),
            given_title: RwSignal::new(first.as_ref().map(|first| first_words(&first.text)).unwrap_or_default()),
            connection,
            outbox,
            menu,
            begins_here: first.is_some(),
            model: RwSignal::new(menu.chosen(model)),
            paged: StoredValue::new(None),
            metas: RwSignal::new(BTreeMap::new()),
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
    pub fn open(self, loaded: Result<MessagePage, Failure>) {
        let page = match loaded {
            Ok(page) => page,
            Err(failure) => return self.contents.set(Contents::Failed(failure)),
        };
        let last = page.messages.iter().rev().find_map(|message| message.model.clone());
        let chosen = self.model.get_untracked();
        self.model.set(self.menu.chosen(last.into_iter().chain([chosen])));
        self.given_title.set(page.conversation.title.clone());
        self.rev.set_value(page.rev);
        self.from.set(beginning(&page));
        self.sent(page.metas, page.messages);
        self.contents.set(Contents::Ready);
    }

    /// Whether what it was opened with is there.
    pub fn is_ready(self) -> bool {
        *self.contents.read() == Contents::Ready
    }

    /// What is shown, in order.
    pub fn shown(self) -> Vec<(MessageId, Role)> {
        let from = self.from.get();
        let metas = self.metas.read();
        let loaded = metas.range((from, i64::MIN)..).map(|(_, meta)| meta);
        let listed = loaded.filter(|meta| meta.shown).map(|meta| (meta.id, meta.role));
        listed.chain(self.pending().map(|id| (id, Role::User))).collect()
    }

    /// What was sent from here and is not in the list yet.
    pub fn pending(self) -> Option<MessageId> {
        self.outbox.with(|all| all.pending(self.id).map(|sending| sending.id)).filter(|id| !self.has(*id))
    }

    /// Whether a message is on its way to the server.
    pub fn is_sending(self, id: MessageId) -> bool {
        self.outbox.with(|all| all.is_sending(id))
    }

    /// The reply that runs, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.metas.read().values().find(|meta| !meta.status.is_final()).map(|meta| meta.id)
    }

    /// Whether the list has it.
    pub fn has(self, id: MessageId) -> bool {
        self.metas.read().values().any(|meta| meta.id == id)
    }

    /// The attempts in a message's place, in order.
    pub fn attempts(self, id: MessageId) -> Vec<MessageId> {
        let metas = self.metas.read();
        let place = metas.values().find(|meta| meta.id == id).map(|meta| meta.place);
        let in_place =
            |place: i64| metas.range((place, i64::MIN)..=(place, i64::MAX)).map(|(_, meta)| meta.id).collect();
        place.map(in_place).unwrap_or_default()
    }

    pub fn message(self, id: MessageId, role: Role) -> Live {
        let own = || self.outbox.with(|all| all.pending(self.id).filter(|sending| sending.id == id).cloned());
        let unseen = || Live::new(untrack(own).map_or_else(|| Message::unseen(id, role), Sending::message));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in messages with their metas, before the list brings them.
    fn sent(self, metas: Vec<MessageMeta>, messages: Vec<Message>) {
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
        self.take(metas);
    }

    /// Takes in what the server said to what was sent from here, until the list has it.
    pub fn take_answer(self) {
        if let Some(sent) = self.outbox.with(|all| all.answered(self.id).cloned()) {
            untrack(|| self.sent(sent.metas, sent.messages));
        }
        if let Some(id) = self.outbox.with(|all| all.awaited(self.id).map(|sending| sending.id))
            && self.has(id)
        {
            self.outbox.forget(id);
        }
    }

    /// Takes in metas. Each applies only if it is newer.
    fn take(self, metas: Vec<MessageMeta>) {
        let mut newer = vec![];
        self.metas.update(|known| {
            for meta in metas {
                let key = (meta.place, meta.attempt);
                if known.get(&key).is_none_or(|known| known.rev < meta.rev) {
                    newer.push(meta.clone());
                    known.insert(key, meta);
                }
            }
        });
        newer.iter().for_each(|meta| self.follow(meta));
    }

    /// Follows all of which more may come.
    fn follow_running(self) {
        self.metas.read_untracked().values().for_each(|meta| self.follow(meta));
    }

    /// Follows a message if it is shown and runs, or the list has more of it than its signal.
    fn follow(self, meta: &MessageMeta) {
        if !self.live.get_value() || !meta.shown || meta.place < self.from.get_untracked() {
            return;
        }
        let live = self.message(meta.id, meta.role);
        let behind = live.message.with_untracked(|message| {
            !message.status.is_final() || meta.epoch != message.epoch && meta.epoch.counter >= message.epoch.counter
        });
        if behind {
            self.connection.follow(live, meta.epoch, meta.status.is_final());
        }
    }

    pub fn go_live(self) {
        if self.live.get_value() {
            return;
        }
        self.live.set_value(true);
        self.connection.follow_list(
            List::Messages(self.id),
            Follower {
                rev: Box::new(move || self.rev.get_value()),
                take: Box::new(move |rev, update| match update {
                    ListUpdate::Messages(metas) => {
                        self.rev.set_value(rev);
                        self.take(metas);
                    }
                    ListUpdate::Gone => self.gone.set(true),
                    ListUpdate::Conversations(_) => {}
                }),
            },
        );
        self.follow_running();
    }

    pub fn leave(self) {
        self.connection.leave_list(List::Messages(self.id));
        self.messages.with_value(|messages| messages.keys().for_each(|id| self.connection.leave(*id)));
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
            self.sent(earlier.metas, earlier.messages);
            // Messages of these places may have been here before.
            self.follow_running();
            let settled = move || {
                self.settling.try_set(false);
            };
            request_animation_frame(move || request_animation_frame(settled));
        });
    }
}

/// The place from which on everything is known that a page leads up to.
fn beginning(page: &MessagePage) -> i64 {
    let first = page.metas.iter().map(|meta| meta.place).min();
    first.filter(|_| page.more).unwrap_or(i64::MIN)
}
