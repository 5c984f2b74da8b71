//! The running messages in memory, and whom to wake.
//!
//! What stands here was committed: the journal alone calls [`Running::publish`]. A reader registers first and then
//! reads, so that nothing can fall between the two.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{Notify, watch};

use crate::{
    ids::{AccountId, ConversationId, MessageId},
    live::{FRAME_LIMIT, List, ServerFrame, encode},
    message::{Event, Message, Outcome, Position, Status},
};

/// Locks without fear of a panic elsewhere: what is behind these locks is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a tab may have to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Message(MessageId),
    List(List),
}

/// Why a tab's socket is closed by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    SignedOut,
    Restarting,
}

/// A tab as the hub knows it: what is dirty, and how to wake it. It queues nothing.
pub struct Tab {
    pub account: AccountId,
    /// The hash of the session's token, by which signing out finds it.
    pub session: String,
    dirty: Mutex<HashSet<Topic>>,
    closing: Mutex<Option<Closing>>,
    wake: Notify,
}

impl Tab {
    pub fn new(account: AccountId, session: String) -> Arc<Tab> {
        Arc::new(Tab { account, session, dirty: Mutex::default(), closing: Mutex::default(), wake: Notify::new() })
    }

    pub fn mark(&self, topic: Topic) {
        if lock(&self.dirty).insert(topic) {
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

    pub fn take_dirty(&self) -> HashSet<Topic> {
        std::mem::take(&mut *lock(&self.dirty))
    }

    pub fn closing(&self) -> Option<Closing> {
        *lock(&self.closing)
    }
}

#[derive(Default)]
pub struct Hub {
    state: Mutex<State>,
    next_number: AtomicU32,
}

#[derive(Default)]
struct State {
    running: HashMap<MessageId, Arc<Running>>,
    lists: HashMap<List, Vec<Weak<Tab>>>,
    tabs: Vec<Weak<Tab>>,
}

impl Hub {
    /// Takes a reply in, before its row commits, so that who finds the row finds it here too. Nothing of it is seen
    /// until it is [`Running::open`]ed. `None` if this message runs already.
    pub fn enter(&self, account: AccountId, conversation: ConversationId, message: Message) -> Option<Arc<Running>> {
        let running = Arc::new(Running {
            id: message.id,
            account,
            conversation,
            number: self.number(),
            state: Mutex::new(Shown { message, latest: vec![], tabs: vec![], phase: Phase::Opening }),
            stop: watch::Sender::new(None),
            over: watch::Sender::new(false),
        });
        match lock(&self.state).running.entry(running.id) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => Some(place.insert(running).clone()),
        }
    }

    /// Lets a reply go, after its end was applied here.
    pub fn leave(&self, running: &Running) {
        lock(&self.state).running.remove(&running.id);
        running.over.send_replace(true);
    }

    /// Lets a reply go whose row never came to be: who waits for it looks at the row instead.
    pub fn withdraw(&self, running: &Running) {
        self.leave(running);
        running.turn(Phase::Withdrawn);
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

    pub fn connect(&self, tab: &Arc<Tab>) {
        let mut state = lock(&self.state);
        state.tabs.retain(|tab| tab.strong_count() > 0);
        state.tabs.push(Arc::downgrade(tab));
    }

    /// From now on the tab is told when the list changes.
    pub fn follow(&self, list: List, tab: &Arc<Tab>) {
        let mut state = lock(&self.state);
        let tabs = state.lists.entry(list).or_default();
        tabs.retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tab)));
        tabs.push(Arc::downgrade(tab));
    }

    pub fn unfollow(&self, list: List, tab: &Arc<Tab>) {
        let mut state = lock(&self.state);
        if let Some(tabs) = state.lists.get_mut(&list) {
            tabs.retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tab)));
            if tabs.is_empty() {
                state.lists.remove(&list);
            }
        }
    }

    /// Tells those who follow a list that it has changed (after the commit).
    pub fn changed(&self, list: List) {
        let tabs = lock(&self.state).lists.get(&list).cloned().unwrap_or_default();
        for tab in tabs.iter().filter_map(Weak::upgrade) {
            tab.mark(Topic::List(list));
        }
    }

    /// Ends every socket of a session that is no more.
    pub fn signed_out(&self, session: &str) {
        self.close(Closing::SignedOut, |tab| tab.session == session);
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

/// A reply that runs, as far as it may be seen.
pub struct Running {
    pub id: MessageId,
    pub account: AccountId,
    pub conversation: ConversationId,
    pub number: u32,
    state: Mutex<Shown>,
    stop: watch::Sender<Option<Status>>,
    over: watch::Sender<bool>,
}

struct Shown {
    message: Message,
    /// The frames of the last commit, encoded once for all who stand where they start.
    latest: Vec<Encoded>,
    tabs: Vec<Weak<Tab>>,
    phase: Phase,
}

/// Whether a reply may be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its row is not committed yet.
    Opening,
    Open,
    /// Its row never was.
    Withdrawn,
    /// Its message was deleted.
    Gone,
}

struct Encoded {
    from: Position,
    to: Position,
    frame: Utf8Bytes,
}

/// What a reader gets next.
pub enum Next {
    /// A frame that others get too.
    Shared(Utf8Bytes),
    /// An event of its own, to be encoded outside the lock.
    Own(Event),
    Nothing,
    /// It did not come to be: look at the row.
    Withdrawn,
    /// The message was deleted.
    Gone,
}

impl Running {
    /// From now on the tab is told when this grows.
    pub fn follow(&self, tab: &Arc<Tab>) {
        let mut shown = lock(&self.state);
        shown.tabs.retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tab)));
        shown.tabs.push(Arc::downgrade(tab));
    }

    pub fn unfollow(&self, tab: &Arc<Tab>) {
        lock(&self.state)
            .tabs
            .retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tab)));
    }

    /// Shows what was committed.
    pub fn publish(&self, events: Vec<Event>) {
        let mut shown = lock(&self.state);
        let mut at = shown.message.position();
        drop(shown);
        // Encoded outside the lock: only the journal publishes, so nothing else moves the message meanwhile.
        let latest = (events.iter())
            .map(|event| {
                let from = at.clone();
                at.advance(event);
                let frame = encode(&ServerFrame::Event(self.number, event.epoch, &event.change));
                Encoded { from, to: at.clone(), frame }
            })
            .collect();
        shown = lock(&self.state);
        shown.latest = latest;
        for event in events {
            if shown.message.apply(event) != Outcome::Applied {
                tracing::error!(message = %self.id, "a committed event did not apply");
            }
        }
        shown.wake();
    }

    /// What leads on from what a reader was sent, which is moved on by it.
    pub fn next(&self, sent: &mut Option<Position>) -> Next {
        let shown = lock(&self.state);
        match shown.phase {
            Phase::Open => {}
            Phase::Opening => return Next::Nothing,
            Phase::Withdrawn => return Next::Withdrawn,
            Phase::Gone => return Next::Gone,
        }
        if let Some(at) = sent
            && let Some(encoded) =
                shown.latest.iter().find(|encoded| encoded.from == *at && encoded.frame.len() <= FRAME_LIMIT)
        {
            at.clone_from(&encoded.to);
            return Next::Shared(encoded.frame.clone());
        }
        match shown.message.next(sent.as_ref(), FRAME_LIMIT / 2) {
            Some(event) => {
                let position = sent.get_or_insert_with(|| shown.message.position());
                position.advance(&event);
                Next::Own(event)
            }
            None => Next::Nothing,
        }
    }

    /// The message as far as it is committed.
    pub fn message(&self) -> Message {
        lock(&self.state).message.clone()
    }

    /// The message, if it may be seen.
    pub fn seen(&self) -> Option<Message> {
        let shown = lock(&self.state);
        (shown.phase == Phase::Open).then(|| shown.message.clone())
    }

    /// The message with events that are about to be committed: what the row will say.
    pub fn message_with(&self, events: &[Event]) -> Message {
        let mut message = self.message();
        for event in events {
            let _ = message.apply(event.clone());
        }
        message
    }

    /// Asks the reply to end as `status`. The first to ask wins.
    pub fn stop(&self, status: Status) {
        self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(status);
            first
        });
    }

    /// Waits until somebody asks the reply to end.
    pub async fn stopped(&self) -> Status {
        let mut stop = self.stop.subscribe();
        let status = stop.wait_for(Option::is_some).await.map(|status| *status);
        match status {
            Ok(Some(status)) => status,
            // The sender lives in `self`.
            _ => std::future::pending().await,
        }
    }

    /// Waits until the end is committed and shown.
    pub async fn over(&self) {
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// The row is committed: from now on it may be seen.
    pub fn open(&self) {
        self.turn(Phase::Open);
    }

    /// The message was deleted: its readers are told, its reply ends.
    pub fn gone(&self) {
        self.turn(Phase::Gone);
        self.stop(Status::Stopped);
    }

    fn turn(&self, phase: Phase) {
        let mut shown = lock(&self.state);
        shown.phase = phase;
        shown.wake();
    }
}

impl Shown {
    fn wake(&mut self) {
        let id = self.message.id;
        self.tabs.retain(|tab| match tab.upgrade() {
            Some(tab) => {
                tab.mark(Topic::Message(id));
                true
            }
            None => false,
        });
    }
}
