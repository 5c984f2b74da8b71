//! A conversation: its messages, each its own signal, and what may change beside them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::{
    api::{self, Sending, Sent},
    branch::{Branch, Reader},
    model_menu::OfferedModels,
    outbox::Outbox,
    scroll::{self, Anchor, is_selecting},
};
use crate::{
    conversation::{MessageMeta, MessagePage, Window, first_words},
    error::Failure,
    ids::{ConversationId, MessageId, UserId},
    live::{
        List,
        connection::{Connection, Follower, ListUpdate, Live},
    },
    message::{Message, Role},
};

/// How long until a conversation is loaded anew that could not be.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

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
    /// The sibling that was paged to from here, and which way, until it has come.
    pub paged: StoredValue<Option<(MessageId, isize)>>,
    /// Who reads.
    user: UserId,
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
    pub is_at_end: StoredValue<bool>,
    pub gone: RwSignal<bool>,
    /// Whether it is being deleted from here, which needs no notice.
    pub deleting: RwSignal<bool>,
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
        user: UserId,
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
            connection,
            outbox,
            menu,
            begins_here: first.is_some(),
            model: RwSignal::new(menu.chosen(model)),
            paged: StoredValue::new(None),
            user,
            named,
            branch: RwSignal::new(Branch::default()),
            messages: StoredValue::new(HashMap::new()),
            loading: StoredValue::new(None),
            requests: StoredValue::new(0),
            moves: RwSignal::new(0),
            is_at_end: StoredValue::new(true),
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
        self.branch.update(|branch| branch.open(&page));
        self.keep(page.messages);
        self.follow_shown();
        self.contents.set(Contents::Ready);
    }

    /// Takes in a window as `show` does. False if it is of another past than the list, which is loaded anew then.
    fn show(self, page: MessagePage, show: fn(&mut Branch, &MessagePage) -> bool) -> bool {
        let mut is_taken = false;
        self.branch.maybe_update(|branch| {
            is_taken = show(branch, &page);
            is_taken
        });
        if is_taken {
            self.keep(page.messages);
            // Messages may have been here before, and have grown since.
            self.follow_shown();
        }
        is_taken
    }

    /// Whether what it was opened with is there.
    pub fn is_ready(self) -> bool {
        *self.contents.read() == Contents::Ready
    }

    /// What is shown, in order.
    pub fn shown(self) -> Vec<(MessageId, Role)> {
        let branch = self.branch.read();
        let listed = branch.shown().into_iter().map(|meta| (meta.id, meta.role));
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

    /// The reply that runs on this branch, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.branch.read().shown().into_iter().find(|meta| !meta.status.is_final()).map(|meta| meta.id)
    }

    /// Whether the list has it.
    pub fn has(self, id: MessageId) -> bool {
        self.branch.read().get(id).is_some()
    }

    pub fn message(self, id: MessageId, role: Role) -> Live {
        let own = || self.outbox.with(|all| all.pending(self.id).filter(|sending| sending.id == id).cloned());
        let unseen = || Live::new(untrack(own).map_or_else(|| Message::unseen(id, role), Sending::message));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in messages as they were loaded.
    fn keep(self, messages: Vec<Message>) {
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

    /// Takes in what the server said to what was sent from here, until the list has it. What one sends, one sees.
    pub fn take_answer(self) {
        if !self.is_ready() {
            return;
        }
        if let Some(sent) = self.outbox.with(|all| all.answered(self.id).cloned()) {
            untrack(|| self.take_aside(sent));
        }
        if let Some(id) = self.outbox.with(|all| all.awaited(self.id).map(|sending| sending.id))
            && self.has(id)
        {
            self.outbox.has_arrived(id);
            untrack(|| self.go_to(id));
        }
    }

    /// Takes in a reply that was asked for here, and goes there.
    pub fn asked_for(self, sent: Sent) {
        let id = sent.metas.last().map(|meta| meta.id);
        self.take_aside(sent);
        if let Some(id) = id {
            self.go_to(id);
        }
    }

    fn go_to(self, id: MessageId) {
        if self.branch.with_untracked(|branch| branch.last().is_some()) {
            // What stands between the window that is shown and this is not here.
            return self.request(Window::Around(id), Wish::Reader, move |page| {
                self.show(page, Branch::show);
            });
        }
        self.branch.update(|branch| branch.go_to(id));
        self.follow_shown();
    }

    /// Takes in what an answer brings before the list does, if both count in the same past.
    fn take_aside(self, sent: Sent) {
        let (read, reader, mut newer) = (sent.position(), self.reader(), None);
        let Sent { metas, messages, .. } = sent;
        self.branch.maybe_update(|branch| {
            newer = branch.take_aside(read, metas, reader);
            newer.as_ref().is_some_and(|newer| !newer.is_empty())
        });
        if let Some(newer) = newer {
            self.keep(messages);
            self.follow_newer(newer);
        }
    }

    fn reader(self) -> Reader {
        Reader { user: self.user, is_at_end: self.is_at_end.get_value() && !is_selecting() }
    }

    fn follow_newer(self, newer: Vec<MessageMeta>) {
        let newer: HashSet<_> = newer.into_iter().map(|meta| meta.id).collect();
        self.follow(|meta| newer.contains(&meta.id));
    }

    fn follow_shown(self) {
        self.follow(|_| true);
    }

    /// Follows of the messages that are shown those that run, or of which the list has more than their signals.
    fn follow(self, which: impl Fn(&MessageMeta) -> bool) {
        if !self.live.get_value() {
            return;
        }
        let branch = self.branch.read_untracked();
        for meta in branch.shown().into_iter().filter(|meta| which(meta)) {
            let live = self.message(meta.id, meta.role);
            let behind = live.message.with_untracked(|message| {
                !message.status.is_final() || meta.epoch != message.epoch && meta.epoch.counter >= message.epoch.counter
            });
            if behind {
                self.connection.follow(live, meta.epoch, meta.status.is_final());
            }
        }
    }

    pub fn go_live(self) {
        if self.live.get_value() {
            return;
        }
        self.live.set_value(true);
        self.follow_list();
        self.follow_shown();
    }

    fn follow_list(self) {
        self.connection.follow_list(
            List::Messages(self.id),
            Follower {
                held: Box::new(move || self.branch.with_untracked(Branch::held)),
                take: Box::new(move |update| match update {
                    ListUpdate::Messages(_, changes) => {
                        let (reader, mut newer) = (self.reader(), vec![]);
                        self.branch.update(|branch| newer = branch.take(changes, reader));
                        self.follow_newer(newer);
                    }
                    ListUpdate::Gone(_) => self.gone.set(true),
                    ListUpdate::Reset(_) => self.load_anew(),
                    ListUpdate::Conversations(..) => {}
                }),
            },
        );
    }

    /// What is here leads nowhere: it is replaced by what there is now, where the reader is.
    fn load_anew(self) {
        spawn_local(async move {
            let Some(page) = self.fetch_anew().await else { return };
            let mut there: HashSet<_> = page.metas.iter().map(|meta| meta.id).collect();
            // Of what was sent from here, some may be there, elsewhere in the tree.
            for id in self.outbox.with_untracked(|all| all.arrived(self.id)) {
                if !there.contains(&id) {
                    let Some(around) = self.fetch(Window::Around(id)).await else { return };
                    there.extend(around.metas.iter().map(|meta| meta.id).filter(|other| *other == id));
                }
            }
            self.replace(page, &there);
        });
    }

    /// What there is now around the message that is read, or else at the end of the branch.
    async fn fetch_anew(self) -> Option<MessagePage> {
        let reading = self.reading();
        let (leaf, before, shown) = self.branch.try_with_untracked(|branch| {
            let before = reading.and_then(|id| branch.get(id)).and_then(|meta| meta.parent);
            (branch.leaf(), before, branch.shown().iter().map(|meta| meta.id).collect::<HashSet<_>>())
        })?;
        let page = self.fetch(reading.or(leaf).map_or(Window::Newest, Window::Around)).await?;
        let is_other_branch = page.leaf.is_some_and(|leaf| !shown.contains(&leaf));
        let Some((message, leaf)) = before.zip(leaf).filter(|_| is_other_branch) else { return Some(page) };
        // That one is newer, but this one may be there, too.
        let same = api::messages(self.id, Window::After { message, leaf }).await;
        (!self.contents.is_disposed()).then(|| same.unwrap_or(page))
    }

    /// The message that the reader is at, unless that is the end of the branch.
    fn reading(self) -> Option<MessageId> {
        let is_at_end = self.is_at_end.try_get_value().unwrap_or(true);
        if is_at_end { None } else { scroll::first_seen().filter(|id| untrack(|| self.has(*id))) }
    }

    /// A window, however often it has to be asked for. None if there is none for this page any more.
    async fn fetch(self, window: Window) -> Option<MessagePage> {
        loop {
            let loaded = api::messages(self.id, window).await;
            if self.contents.is_disposed() {
                return None;
            }
            match loaded {
                Ok(page) => return Some(page),
                Err(failure) if failure.may_pass() => sleep(RETRY_INTERVAL).await,
                Err(Failure::NotFound) => {
                    self.gone.set(true);
                    return None;
                }
                Err(_) => return None,
            }
        }
    }

    fn replace(self, page: MessagePage, there: &HashSet<MessageId>) {
        self.outbox.take_lost(self.id, |id| !there.contains(&id));
        self.in_place(self.reading(), || {
            self.branch.update(|branch| branch.open(&page));
            true
        });
        self.messages.update_value(|messages| {
            messages.keys().for_each(|id| self.connection.leave(*id));
            messages.retain(|id, _| page.messages.iter().any(|message| message.id == *id));
            for message in page.messages {
                match messages.get(&message.id) {
                    Some(live) => live.replace(message),
                    None => drop(messages.insert(message.id, Live::new(message))),
                }
            }
        });
        self.follow_list();
        self.follow_shown();
    }

    pub fn leave(self) {
        self.connection.leave_list(List::Messages(self.id));
        self.messages.with_value(|messages| messages.keys().for_each(|id| self.connection.leave(*id)));
    }

    /// Loads what is before the first message that is shown.
    pub fn load_earlier(self) {
        if let Some(first) = self.branch.read_untracked().first() {
            self.load_more(Window::Before(first), Wish::Scrolling, first, Branch::prepend);
        }
    }

    /// Loads what is after the last message that is shown.
    pub fn load_later(self) {
        let branch = self.branch.read_untracked();
        if let Some((message, leaf)) = branch.last().zip(branch.leaf()) {
            self.load_more(Window::After { message, leaf }, Wish::Scrolling, message, Branch::append);
        }
    }

    /// Shows the end of the branch on which the page is.
    pub fn load_newest(self) {
        let leaf = self.branch.read_untracked().leaf();
        if let Some(leaf) = leaf {
            self.load_more(Window::Around(leaf), Wish::Reader, leaf, Branch::show);
        }
    }

    /// Shows what the conversation's plain address opens, if that is another branch.
    pub fn load_plain(self) {
        if self.branch.with_untracked(|branch| branch.in_address().is_some()) {
            self.request(Window::Newest, Wish::Reader, move |page| {
                if self.show(page, Branch::show) {
                    scroll::to_end();
                }
            });
        }
    }

    /// Goes to a sibling of a message that is shown, and to what follows it.
    pub fn page_to(self, from: MessageId, to: MessageId, step: isize) {
        self.paged.set_value(Some((to, step)));
        let anchor = Anchor::at(from);
        self.request(Window::Around(to), Wish::Reader, move |page| {
            if self.show(page, Branch::show) {
                anchor.restore(to);
            }
        });
    }

    /// Loads a window, with `anchor` kept in its place.
    fn load_more(self, window: Window, wish: Wish, anchor: MessageId, show: fn(&mut Branch, &MessagePage) -> bool) {
        self.request(window, wish, move |page| {
            self.in_place(Some(anchor), || self.show(page, show));
        });
    }

    /// Changes what is shown, with a message kept in its place. `change` gives whether it did.
    fn in_place(self, anchor: Option<MessageId>, change: impl FnOnce() -> bool) {
        let place = anchor.map(|id| (id, Anchor::at(id)));
        self.settling.set(true);
        if !change() {
            // What is settled is looked at again at once, and there is nothing new to see.
            return self.settling.set(false);
        }
        if let Some((id, place)) = place {
            place.restore(id);
        }
        let settled = move || {
            self.settling.try_set(false);
        };
        request_animation_frame(move || request_animation_frame(settled));
    }

    /// Asks for a window. What the reader wishes takes the place of what is under way; what scrolling wishes waits for it.
    fn request(self, window: Window, wish: Wish, then: impl FnOnce(MessagePage) + 'static) {
        if wish == Wish::Scrolling && self.loading.get_value().is_some() {
            return;
        }
        if wish == Wish::Reader {
            self.moves.update(|moves| *moves += 1);
        }
        let number = self.requests.get_value() + 1;
        self.requests.set_value(number);
        self.loading.set_value(Some(number));
        spawn_local(async move {
            let loaded = api::messages(self.id, window).await;
            if self.branch.is_disposed() || self.loading.get_value() != Some(number) {
                return;
            }
            self.loading.set_value(None);
            match loaded {
                Ok(page) => then(page),
                Err(error) => {
                    self.paged.set_value(None);
                    leptos::logging::warn!("{error}");
                }
            }
        });
    }
}

/// Why a window is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Reader,
    Scrolling,
}
