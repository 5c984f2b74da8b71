//! A reply that runs: its message as far as it is committed, under its own lock, and who follows it.

use std::sync::{Arc, Mutex, Weak};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::watch;

use super::{Tab, Topic, lock};
use crate::{
    access::Viewer,
    ids::{ConversationId, MessageId},
    live::{ENVELOPE, ServerFrame, encode},
    message::{Event, Message, Outcome, Position, Status},
};

/// A reply that runs, as far as it may be seen.
pub struct Running {
    pub id: MessageId,
    /// Who asked for it.
    pub viewer: Viewer,
    pub conversation: ConversationId,
    pub number: u32,
    state: Mutex<Shown>,
    /// Held by who wakes the tabs.
    waking: Mutex<()>,
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
    Starting,
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
    /// A frame that others get too, and whether there is more after it.
    Shared(Utf8Bytes, bool),
    /// An event of its own, to be encoded outside the lock.
    Own(Event),
    Nothing,
    /// Its row is not committed yet: it wakes its readers when it is.
    Starting,
    /// It did not come to be: look at the row.
    Withdrawn,
    /// The message was deleted.
    Gone,
}

impl Running {
    pub(super) fn new(viewer: Viewer, conversation: ConversationId, number: u32, message: Message) -> Running {
        Running {
            id: message.id,
            viewer,
            conversation,
            number,
            state: Mutex::new(Shown { message, latest: vec![], tabs: vec![], phase: Phase::Starting }),
            waking: Mutex::default(),
            stop: watch::Sender::new(None),
            over: watch::Sender::new(false),
        }
    }

    /// From now on the tab is woken when this grows.
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

    pub(super) fn tabs(&self) -> Vec<Weak<Tab>> {
        lock(&self.state).tabs.clone()
    }

    /// Shows what was committed.
    pub fn publish(&self, events: Vec<Event>) {
        let shown = lock(&self.state);
        let mut at = shown.message.position();
        let read = !shown.tabs.is_empty();
        drop(shown);
        // Encoded outside the lock: only the journal publishes, so nothing else moves the message meanwhile.
        let encode = |event: &Event| {
            let from = at;
            at.advance(event);
            let frame = encode(&ServerFrame::Event(self.number, event.epoch, &event.change));
            Encoded { from, to: at, frame }
        };
        let latest = if read { events.iter().map(encode).collect() } else { vec![] };
        let mut shown = lock(&self.state);
        shown.latest = latest;
        for event in events {
            if shown.message.apply(event) != Outcome::Applied {
                tracing::error!(message = %self.id, "a committed event did not apply");
            }
        }
        drop(shown);
        self.wake();
    }

    /// What leads on from what a reader was sent, which is moved on by it, in a frame of at most `limit` bytes.
    pub fn next(&self, sent: &mut Option<Position>, limit: usize) -> Next {
        let shown = lock(&self.state);
        match shown.phase {
            Phase::Open => {}
            Phase::Starting => return Next::Starting,
            Phase::Withdrawn => return Next::Withdrawn,
            Phase::Gone => return Next::Gone,
        }
        if let Some(at) = sent
            && let Some(found) = shown.latest.iter().position(|encoded| encoded.from == *at)
            && let encoded = &shown.latest[found]
            && encoded.frame.len() <= limit
        {
            *at = encoded.to;
            return Next::Shared(encoded.frame.clone(), found + 1 < shown.latest.len());
        }
        match shown.message.next(sent.as_ref(), limit.saturating_sub(ENVELOPE)) {
            Some(event) => {
                sent.get_or_insert_with(|| shown.message.position()).advance(&event);
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

    /// The message with events that are about to be committed: what the row will have.
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

    /// Whether it has left the hub.
    pub fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// The row is committed: from now on it may be seen.
    pub fn open(&self) {
        let mut state = lock(&self.state);
        // It may be gone already.
        if state.phase == Phase::Starting {
            state.phase = Phase::Open;
        }
        drop(state);
        self.wake();
    }

    /// The message was deleted: its readers are woken, its reply ends.
    pub fn gone(&self) {
        self.turn(Phase::Gone);
        self.stop(Status::Stopped);
    }

    /// Its row never came to be: its readers look at the row instead.
    pub(super) fn set_withdrawn(&self) {
        self.turn(Phase::Withdrawn);
    }

    /// It has left the hub.
    pub(super) fn set_over(&self) {
        self.over.send_replace(true);
    }

    fn turn(&self, phase: Phase) {
        lock(&self.state).phase = phase;
        self.wake();
    }

    /// Marks every tab that follows, without the lock that each of them wants next.
    fn wake(&self) {
        // One after the other: who comes second would find nobody to wake.
        let _turn = lock(&self.waking);
        let mut tabs = std::mem::take(&mut lock(&self.state).tabs);
        tabs.retain(|tab| match tab.upgrade() {
            Some(tab) => {
                tab.mark(Topic::Message(self.id));
                true
            }
            None => false,
        });
        // Who came meanwhile has registered before reading, and so has read what this wakes for.
        lock(&self.state).tabs.append(&mut tabs);
    }
}
