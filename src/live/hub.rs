//! The running messages in memory, and whom to wake.
//!
//! What stands here was committed: the journal alone calls [`Running::publish`]. A reader registers first and then
//! reads, so that nothing can fall between the two.

mod lists;
mod running;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::Notify;

use super::List;
use crate::{
    access::{Viewer, store::AccessChange},
    config::Limits,
    conversation::SidebarTopic,
    ids::{AccountId, ConversationId, MessageId, UserId},
    message::Message,
};
use lists::{Followers, Latest};
pub use lists::{ListAsk, ListFrame};
pub use running::{Next, Running};

/// Locks without fear of a panic elsewhere: what is behind these locks is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a tab may have to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Message(MessageId),
    List(List),
    /// All that is open: somebody may have lost access to it.
    Access,
}

/// A list as those who follow it have it: what changes in it wakes them, and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListTopic {
    Conversations(SidebarTopic),
    Messages(ConversationId),
    /// What a person has marked in an account.
    Marks(AccountId, UserId),
}

impl ListTopic {
    /// What the viewer means by the list.
    fn of(list: List, viewer: Viewer) -> ListTopic {
        match list {
            List::Conversations(list) => ListTopic::Conversations(SidebarTopic::of(list, viewer)),
            List::Messages(conversation) => ListTopic::Messages(conversation),
            List::Marks => ListTopic::Marks(viewer.account, viewer.user),
        }
    }

    fn list(self) -> List {
        match self {
            ListTopic::Conversations(topic) => List::Conversations(topic.list()),
            ListTopic::Messages(conversation) => List::Messages(conversation),
            ListTopic::Marks(..) => List::Marks,
        }
    }
}

/// Why a tab's socket is closed by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    SignedOut,
    /// The session has another token now, which the browser has: the page comes back with it.
    Renewed,
    Restarting,
}

/// A tab as the hub has it: what is dirty, and how to wake it. It queues nothing.
pub struct Tab {
    pub viewer: Viewer,
    /// The hash of the session's token, by which signing out finds it.
    pub session: String,
    dirty: Mutex<Vec<Topic>>,
    closing: Mutex<Option<Closing>>,
    wake: Notify,
}

impl Tab {
    pub fn new(viewer: Viewer, session: String) -> Arc<Tab> {
        Arc::new(Tab { viewer, session, dirty: Mutex::default(), closing: Mutex::default(), wake: Notify::new() })
    }

    pub fn mark(&self, topic: Topic) {
        let mut dirty = lock(&self.dirty);
        // A handful at the most between two looks.
        if !dirty.contains(&topic) {
            dirty.push(topic);
            drop(dirty);
            self.wake.notify_one();
        }
    }

    fn close(&self, why: Closing) {
        lock(&self.closing).get_or_insert(why);
        self.wake.notify_one();
    }

    /// Waits until there is something to look at.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// What may have changed since the last look, in the order in which it did.
    pub fn take_dirty(&self, mut take: impl FnMut(Topic)) {
        lock(&self.dirty).drain(..).for_each(&mut take);
    }

    pub fn closing(&self) -> Option<Closing> {
        *lock(&self.closing)
    }
}

/// Why a reply cannot run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEntered {
    /// This message runs already.
    Running,
    /// The person has as many running as they may.
    TooMany,
    /// The server has.
    Full,
}

pub struct Hub {
    state: Mutex<State>,
    next_number: AtomicU32,
    limits: Limits,
}

#[derive(Default)]
struct State {
    running: HashMap<MessageId, Arc<Running>>,
    lists: HashMap<ListTopic, Followers>,
    tabs: Vec<Weak<Tab>>,
}

impl Default for Hub {
    fn default() -> Hub {
        Hub::new(Limits::default())
    }
}

impl Hub {
    pub fn new(limits: Limits) -> Hub {
        Hub { state: Mutex::default(), next_number: AtomicU32::default(), limits }
    }

    /// Takes a reply in, before its row commits, so that who finds the row finds it here too. Nothing of it is seen
    /// until it is [`Running::open`]ed.
    pub fn enter(
        &self,
        viewer: Viewer,
        conversation: ConversationId,
        message: Message,
    ) -> Result<Arc<Running>, NotEntered> {
        let running = Arc::new(Running::new(viewer, conversation, self.number(), message));
        let mut state = lock(&self.state);
        if state.running.contains_key(&running.id) {
            return Err(NotEntered::Running);
        }
        if state.running.len() >= self.limits.replies {
            return Err(NotEntered::Full);
        }
        if state.running.values().filter(|other| other.viewer.user == viewer.user).count()
            >= self.limits.replies_per_person
        {
            return Err(NotEntered::TooMany);
        }
        state.running.insert(running.id, running.clone());
        Ok(running)
    }

    /// Removes a reply, after its end was applied here.
    pub fn leave(&self, running: &Running) {
        lock(&self.state).running.remove(&running.id);
        running.set_over();
    }

    /// Removes a reply whose row never came to be: who waits for it looks at the row instead.
    pub fn withdraw(&self, running: &Running) {
        self.leave(running);
        running.set_withdrawn();
    }

    pub fn running(&self, id: MessageId) -> Option<Arc<Running>> {
        lock(&self.state).running.get(&id).cloned()
    }

    /// The replies that run now, of one conversation or of all.
    pub fn all_running(&self, conversation: Option<ConversationId>) -> Vec<Arc<Running>> {
        (lock(&self.state).running.values())
            .filter(|running| conversation.is_none_or(|id| running.conversation == id))
            .cloned()
            .collect()
    }

    /// A short number for a message on the wire, the same for every tab that follows it.
    pub fn number(&self) -> u32 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes a tab in. False if its person has too many already, or its session a quarter of that.
    pub fn connect(&self, tab: &Arc<Tab>) -> bool {
        let mut state = lock(&self.state);
        let (mut session, mut person) = (0, 0);
        state.tabs.retain(|other| match other.upgrade() {
            Some(other) => {
                session += usize::from(other.session == tab.session);
                person += usize::from(other.viewer.user == tab.viewer.user);
                true
            }
            None => false,
        });
        let room = person < self.limits.tabs_per_person && session < self.limits.tabs_per_person.div_ceil(4);
        if room {
            state.tabs.push(Arc::downgrade(tab));
        }
        room
    }

    /// From now on the tab is woken when the list changes.
    pub fn follow(&self, list: List, tab: &Arc<Tab>) {
        lock(&self.state).lists.entry(ListTopic::of(list, tab.viewer)).or_default().add(tab);
    }

    pub fn unfollow(&self, list: List, tab: &Arc<Tab>) {
        if let Entry::Occupied(mut followers) = lock(&self.state).lists.entry(ListTopic::of(list, tab.viewer)) {
            followers.get_mut().remove(tab);
            if followers.get().is_empty() {
                followers.remove();
            }
        }
    }

    /// Whether a tab follows the list.
    pub fn is_followed(&self, topic: ListTopic) -> bool {
        let tabs = lock(&self.state).lists.get(&topic).map(Followers::tabs).unwrap_or_default();
        tabs.iter().any(|tab| tab.strong_count() > 0)
    }

    /// Wakes those who follow a list that has changed (after the commit).
    pub fn changed(&self, topic: ListTopic) {
        let tabs = lock(&self.state).lists.get_mut(&topic).map(Followers::change).unwrap_or_default();
        for tab in tabs.iter().filter_map(Weak::upgrade) {
            tab.mark(Topic::List(topic.list()));
        }
    }

    /// What changed in a list that is followed, since this rev, as it is sent to a person: `read` once for all of their
    /// tabs that ask in the same moment.
    pub async fn list_frame<E, F>(
        &self,
        viewer: Viewer,
        list: List,
        ask: ListAsk,
        read: impl FnOnce() -> F,
    ) -> Result<ListFrame, E>
    where
        F: Future<Output = Result<ListFrame, E>>,
    {
        let topic = ListTopic::of(list, viewer);
        let place = || lock(&self.state).lists.get_mut(&topic).map(|followers| followers.latest(viewer.user));
        let Some((_, latest)) = place() else { return read().await };
        let mut latest = latest.lock().await;
        // Counted before it is read: what changes meanwhile is read again.
        let Some((changes, _)) = place() else { return read().await };
        if let Some(frame) = latest.as_ref().and_then(|latest| latest.does(changes, ask)) {
            return Ok(frame);
        }
        let frame = read().await?;
        *latest = Some(Latest::new(changes, ask, frame.clone()));
        Ok(frame)
    }

    /// Has those whom a loss of access may concern check what they have open.
    pub fn recheck(&self, change: AccessChange) {
        let mut state = lock(&self.state);
        // They must not be sent what was read while it was theirs.
        state.lists.values_mut().for_each(Followers::outdate);
        let tabs = match change.conversation {
            Some(id) => {
                let followers = state.lists.get(&ListTopic::Messages(id)).map(Followers::tabs).unwrap_or_default();
                let running = state.running.values().filter(|running| running.conversation == id);
                running.flat_map(|running| running.tabs()).chain(followers).collect()
            }
            None => state.tabs.clone(),
        };
        drop(state);
        let is_concerned = |tab: &Arc<Tab>| {
            change.user.is_none_or(|user| tab.viewer.user == user)
                && change.account.is_none_or(|account| tab.viewer.account == account)
        };
        tabs.iter().filter_map(Weak::upgrade).filter(is_concerned).for_each(|tab| tab.mark(Topic::Access));
    }

    /// Ends every socket of a session that is no more.
    pub fn signed_out(&self, session: &str) {
        self.close(Closing::SignedOut, |tab| tab.session == session);
    }

    /// Has every socket of a session come back: its token is another one now.
    pub fn renewed(&self, session: &str) {
        self.close(Closing::Renewed, |tab| tab.session == session);
    }

    pub fn restarting(&self) {
        self.close(Closing::Restarting, |_| true);
    }

    fn close(&self, why: Closing, which: impl Fn(&Tab) -> bool) {
        let tabs = lock(&self.state).tabs.clone();
        for tab in tabs.iter().filter_map(Weak::upgrade).filter(|tab| which(tab)) {
            tab.close(why);
        }
    }
}
