//! A page's half of the protocol, pure: frames and monotonic time in, frames out. No clock, no I/O, no signals.
//!
//! The browser's [`connection`](super::connection), the tests, the faults and the bench all drive this one. A driver
//! opens a socket and calls [`Client::opened`]; gives each text to [`Client::read`] and the frame that comes of it to
//! [`Client::take`]; sends what [`Client::frames`] gives; calls [`Client::tick`] when [`Client::wait`] has passed; drops
//! the socket when [`Client::is_silent`]; and after [`Client::closed`] opens the next one when [`Client::pause`] has
//! passed. Every `now` is the time since one fixed instant, by a clock that is never set.

mod backoff;
mod link;
mod lists;
mod subscriptions;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use super::{ClientFrame, List, ServerFrame, close};
use crate::{
    conversation::list::Held,
    ids::MessageId,
    message::{Event, Message, Outcome, Position},
};
use backoff::Postponed;
use link::Link;
pub use link::{CONNECT_TIMEOUT, LOST_AFTER};
pub use lists::ListUpdate;
use subscriptions::{Followed, MIN_ROOM};

/// Where a page keeps what it follows.
pub trait Page {
    /// Reads a message, if the page has it.
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R>;
    /// Takes an event into a message that is followed.
    fn apply(&mut self, id: MessageId, event: Event) -> Outcome;
    /// A message is no longer followed: it has ended, or was left, or is not for this person.
    fn release(&mut self, id: MessageId);
    /// How much of a list the page has, if it has any of it.
    fn held(&self, list: List) -> Option<Held>;
}

/// A connection that was open for so long was a good one.
const STABLE: Duration = Duration::from_secs(10);
/// The longest between two [`Client::tick`]s.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Who follows what, and how the connection is.
pub struct Client<P> {
    pub page: P,
    messages: HashMap<MessageId, Followed>,
    lists: HashMap<List, Postponed>,
    /// What is to be asked for, in order, as soon as there is room for it.
    queue: VecDeque<MessageId>,
    /// What the server was asked for on this connection and has not finished.
    outstanding: HashSet<MessageId>,
    numbers: HashMap<u32, MessageId>,
    outbox: Vec<ClientFrame>,
    link: Option<Link>,
    /// When the last try to connect began.
    tried: Option<Duration>,
    /// Since when there has been no connection.
    down_since: Option<Duration>,
    /// Tries in a row that came to nothing.
    tries: u32,
    /// Whether the server ended the last connection because of this page: it did not understand it, or there are too many.
    refused: bool,
}

impl<P: Page> Client<P> {
    pub fn new(page: P) -> Client<P> {
        Client {
            page,
            messages: HashMap::new(),
            lists: HashMap::new(),
            queue: VecDeque::new(),
            outstanding: HashSet::new(),
            numbers: HashMap::new(),
            outbox: vec![],
            link: None,
            tried: None,
            down_since: None,
            tries: 0,
            refused: false,
        }
    }

    /// A socket begins to open: all that is followed is asked for, each from where the page is, newest first.
    pub fn opened(&mut self, now: Duration) {
        self.tried = Some(now);
        self.link = Some(Link { opened: now, received: None, beaten: now, answer_by: None, misunderstood: false });
        self.numbers.clear();
        self.outstanding.clear();
        self.outbox.clear();
        let lists: Vec<List> = self.lists.keys().copied().collect();
        lists.into_iter().for_each(|list| self.ask_list(list));
        let mut ids: Vec<MessageId> = self.messages.keys().copied().collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        self.queue.clear();
        for followed in self.messages.values_mut() {
            followed.begin_anew();
        }
        ids.into_iter().for_each(|id| self.ask(id));
    }

    /// The socket is gone, with this close code if the server gave one.
    pub fn closed(&mut self, code: Option<u16>, now: Duration) {
        // Who sends that is about to close, and the close itself may be lost.
        let misunderstood = self.link.take().is_some_and(|link| link.misunderstood);
        self.down_since.get_or_insert(now);
        self.refused = matches!(code, Some(close::NONSENSE | close::TOO_MANY)) || misunderstood;
    }

    /// The frame that a text is.
    pub fn read(&mut self, text: &str, now: Duration) -> Result<ServerFrame, serde_json::Error> {
        if let Some(link) = &mut self.link {
            (link.received, link.answer_by) = (Some(now), None);
            self.down_since = None;
        }
        serde_json::from_str(text)
    }

    /// Takes a frame in. Gives what is to be taken into a list. `random`: at least 0, less than 1.
    pub fn take(&mut self, frame: ServerFrame, now: Duration, random: f64) -> Option<ListUpdate> {
        let change = self.take_in(frame, now, random);
        self.beat_if_due(now);
        change
    }

    fn take_in(&mut self, frame: ServerFrame, now: Duration, random: f64) -> Option<ListUpdate> {
        match frame {
            ServerFrame::Number(number, id) => {
                self.name(number, id);
                self.answered(id);
            }
            ServerFrame::Event(number, epoch, change) => self.apply(number, Event { epoch, change }),
            ServerFrame::Conversations(list, changes) => {
                let leads_on = self.list_came(List::Conversations(list), &changes);
                return leads_on.then_some(ListUpdate::Conversations(list, changes));
            }
            ServerFrame::Messages(of, changes) => {
                let leads_on = self.list_came(List::Messages(of), &changes);
                return leads_on.then_some(ListUpdate::Messages(of, changes));
            }
            ServerFrame::Marks(changes) => {
                let leads_on = self.list_came(List::Marks, &changes);
                return leads_on.then_some(ListUpdate::Marks(changes));
            }
            ServerFrame::Beat(positions) => self.compare(positions, now),
            ServerFrame::Gone(id) => {
                self.answered(id);
                self.release(id);
            }
            ServerFrame::Later(id) => self.postpone(id, now, random),
            ServerFrame::LaterList(list) => {
                if let Some(postponed) = self.lists.get_mut(&list) {
                    postponed.put_off(now, random);
                }
            }
            ServerFrame::ListGone(list) => return self.list_ended(list).then_some(ListUpdate::Gone(list)),
            ServerFrame::ListReset(list) => return self.list_ended(list).then_some(ListUpdate::Reset(list)),
            ServerFrame::Error(_) => {
                if let Some(link) = &mut self.link {
                    link.misunderstood = true;
                }
            }
        }
        None
    }

    /// Answers a heartbeat, and asks again for what the server has sent further, or less far, than it came.
    fn compare(&mut self, positions: Vec<(u32, Position)>, now: Duration) {
        self.beat(now);
        for (number, position) in positions {
            let Some(id) = self.numbers.get(&number).copied() else { continue };
            let here = self.messages.get(&id).and_then(|followed| followed.position(&self.page, id));
            if here.is_some_and(|here| here != position) {
                self.ask(id);
            }
        }
    }

    /// What is to be sent now, in order.
    pub fn frames(&mut self) -> Vec<ClientFrame> {
        if self.link.is_none() {
            return vec![];
        }
        self.ask_queued(MIN_ROOM);
        std::mem::take(&mut self.outbox)
    }

    /// What time brings: a connection that has proved good, and what was to be asked for later.
    pub fn tick(&mut self, now: Duration) {
        let Some(link) = &self.link else { return };
        if link.received.is_some() && now.saturating_sub(link.opened) >= STABLE {
            self.tries = 0;
        }
        self.beat_if_due(now);
        let due = |postponed: &Postponed| postponed.due().is_some_and(|due| due <= now);
        let lists: Vec<List> = self.lists.iter().filter(|(_, wait)| due(wait)).map(|(list, _)| *list).collect();
        lists.into_iter().for_each(|list| self.ask_list(list));
        let ids = self.messages.iter().filter(|(_, followed)| due(&followed.postponed)).map(|(id, _)| *id);
        ids.collect::<Vec<_>>().into_iter().for_each(|id| self.ask(id));
        self.ask_queued(1);
    }

    /// How long until there may be something to do without a frame.
    pub fn wait(&self, now: Duration) -> Duration {
        let postponed = self.messages.values().map(|followed| &followed.postponed).chain(self.lists.values());
        let dues = postponed.filter_map(Postponed::due).chain(self.link.as_ref().and_then(|link| link.answer_by));
        dues.map(|due| due.saturating_sub(now)).min().unwrap_or(MAX_WAIT).min(MAX_WAIT)
    }
}
