//! A page's half of the protocol, pure: frames and monotonic time in, frames out. No clock, no I/O, no signals.
//!
//! The browser's [`connection`](super::connection), the tests, the faults and the bench all drive this one. A driver
//! opens a socket and calls [`Client::opened`]; gives each text to [`Client::read`] and the frame that comes of it to
//! [`Client::take`]; sends what [`Client::frames`] gives; calls [`Client::tick`] when [`Client::wait`] has passed; drops
//! the socket when [`Client::is_silent`]; and after [`Client::closed`] opens the next one when [`Client::pause`] has
//! passed. Every `now` is the time since one fixed instant, by a clock that is never set.

mod backoff;
mod subscriptions;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use super::{BEAT_IDLE, BEAT_STREAMING, ClientFrame, List, ServerFrame, close};
use crate::{
    conversation::{
        Conversation, ListPosition, MessageMeta, Sidebar,
        list::{Held, ListChanges, Row},
    },
    ids::{ConversationId, MessageId},
    message::{Event, Message, Outcome, Position},
};
use backoff::{Postponed, backoff};
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

/// What a page takes into one of its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListUpdate {
    Conversations(Sidebar, ListChanges<Conversation>),
    Messages(ConversationId, ListChanges<MessageMeta>),
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
            ListUpdate::Gone(list) | ListUpdate::Reset(list) => *list,
        }
    }

    /// Up to where it leads; nowhere if the list is not there, or has to be loaded anew.
    pub fn position(&self) -> Option<ListPosition> {
        match self {
            ListUpdate::Conversations(_, changes) => Some(changes.position),
            ListUpdate::Messages(_, changes) => Some(changes.position),
            ListUpdate::Gone(_) | ListUpdate::Reset(_) => None,
        }
    }
}

/// How long a connection may take until its first frame.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may take to answer when the page is looked at again.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// The least between two tries, however often a person asks for one.
const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// A connection that was open for so long was a good one.
const STABLE: Duration = Duration::from_secs(10);
/// How long a page is without a connection before it is said: most people never see a shorter one.
pub const LOST_AFTER: Duration = Duration::from_millis(1_500);
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

/// One connection.
struct Link {
    opened: Duration,
    /// When the last frame came.
    received: Option<Duration>,
    /// When the last heartbeat was sent.
    beaten: Duration,
    /// Until when the answer to a ping has to come.
    answer_by: Option<Duration>,
    /// Whether the server said that it did not understand.
    misunderstood: bool,
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

    /// Changes of a list have come. Whether the page is to take them.
    fn list_came<R: Row>(&mut self, list: List, changes: &ListChanges<R>) -> bool {
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

    /// The server follows a list no more. Whether the page did.
    fn list_ended(&mut self, list: List) -> bool {
        self.tries = 0;
        self.lists.remove(&list).is_some()
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

    /// A heartbeat without one to answer: those may wait behind much that is on its way.
    fn beat_if_due(&mut self, now: Duration) {
        let interval = Duration::from_millis(if self.is_streaming() { BEAT_STREAMING } else { BEAT_IDLE }.into());
        let is_due = |link: &Link| link.received.is_some() && now.saturating_sub(link.beaten) >= interval * 2;
        if self.link.as_ref().is_some_and(is_due) {
            self.beat(now);
        }
    }

    fn beat(&mut self, now: Duration) {
        if let Some(link) = &mut self.link {
            link.beaten = now;
        }
        let beat = ClientFrame::Beat(self.acknowledge());
        self.outbox.push(beat);
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

    /// The page is looked at again: the server is asked whether it is there.
    pub fn ping(&mut self, now: Duration) {
        // While it is not yet open there is nobody to ask.
        if let Some(link) = self.link.as_mut().filter(|link| link.received.is_some() && link.answer_by.is_none()) {
            link.answer_by = Some(now + PING_TIMEOUT);
            self.outbox.push(ClientFrame::Ping);
        }
    }

    /// Whether something should have come by now: then the connection is dead, whatever it seems.
    pub fn is_silent(&self, now: Duration) -> bool {
        let Some(link) = &self.link else { return false };
        let Some(received) = link.received else { return now.saturating_sub(link.opened) > CONNECT_TIMEOUT };
        let patience = if self.is_streaming() { BEAT_STREAMING * 6 } else { BEAT_IDLE * 8 / 5 };
        now.saturating_sub(received) > Duration::from_millis(patience.into())
            || link.answer_by.is_some_and(|by| now >= by)
    }

    /// Whether the server, too, has something of which more is to come, and so sends heartbeats often.
    fn is_streaming(&self) -> bool {
        self.outstanding.iter().any(|id| !self.has_ended(*id))
    }

    /// Whether the server has answered on this connection.
    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.received.is_some())
    }

    /// Whether there has been no connection for so long that a person should know.
    pub fn is_lost(&self, now: Duration) -> bool {
        self.down_since.is_some_and(|since| now.saturating_sub(since) >= LOST_AFTER)
    }

    /// How long to wait before the next try, and counts it. `visible`: somebody looks at the page. `random`: at least
    /// 0, less than 1, so that a thousand tabs do not come back in the same instant.
    pub fn pause(&mut self, visible: bool, random: f64) -> Duration {
        if self.refused {
            // It would only be refused again.
            self.tries = u32::MAX;
        }
        let pause = backoff(self.tries, visible && !self.refused, random);
        self.tries = self.tries.saturating_add(1);
        pause
    }

    /// From when on a person may have the next try begin.
    pub fn earliest_try(&self) -> Duration {
        self.tried.map_or(Duration::ZERO, |tried| tried + MIN_RETRY_INTERVAL)
    }
}
