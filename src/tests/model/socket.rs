//! One tab's socket as the server has it, by the rules of `server/socket.rs`, and the frames that are on their way. It
//! ends with its connection.

use std::collections::VecDeque;

use rivulet::message::{Epoch, Event, Message, Position};

use super::{
    database::Database,
    design::{Design, Guard},
    server::{Running, next},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Socket {
    pub to_page: VecDeque<Frame>,
    /// The positions from which the page asked to be sent what follows.
    pub asked: VecDeque<Option<Position>>,
    pub subscription: Option<Subscription>,
    /// The `rev` of the list that it was sent.
    pub list_rev: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    Event(Event),
    Beat(Position),
    /// A change of the list: its `rev`, and the message's epoch.
    MessageMeta(u8, Epoch),
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscription {
    pub sent: Option<Position>,
    source: Source,
    /// Whether it is woken by what is published.
    pub registered: bool,
    /// Whether it is due to send.
    pub turn: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// The hub's running reply.
    Running,
    /// A message that does not grow: its row, or a reply that has left the hub.
    Kept(Box<Message>),
    /// A reply that was withdrawn before it ran.
    Withdrawn,
}

impl Socket {
    pub fn new(list_rev: u8) -> Socket {
        Socket { to_page: VecDeque::new(), asked: VecDeque::new(), subscription: None, list_rev }
    }

    /// Whether the reader is not slow: one more frame may be on its way.
    pub fn has_room(&self, design: &Design) -> bool {
        self.to_page.len() < design.room
    }

    /// Reads a request of the page. `registers_first`: nothing is read before the subscription is registered.
    pub fn reads(&mut self, database: &Database, running: Option<&Running>, registers_first: bool) {
        if let Some(position) = self.asked.pop_front() {
            self.subscribes(position, database, running, registers_first);
        }
    }

    fn subscribes(
        &mut self,
        from: Option<Position>,
        database: &Database,
        running: Option<&Running>,
        registers_first: bool,
    ) {
        self.subscription = None;
        match find(database, running) {
            None => self.to_page.push_back(Frame::Gone),
            Some(source) => {
                // Without the guard, what is there is read first.
                let source = match (source, running) {
                    (Source::Running, Some(running)) if !registers_first && running.continues_from.is_none() => {
                        Source::Kept(Box::new(running.message.clone()))
                    }
                    (source, _) => source,
                };
                let subscription = Subscription { sent: from, source, registered: registers_first, turn: true };
                self.subscription = Some(subscription);
            }
        }
    }

    /// Without that guard only: it is registered now, and continues from what is there now.
    pub fn registers(&mut self, database: &Database, running: Option<&Running>) {
        if let Some((subscription, source)) = self.subscription.as_mut().zip(find(database, running)) {
            let now = running.map_or(&database.row, |running| &running.message);
            (subscription.registered, subscription.source) = (true, source);
            subscription.sent = Some(now.position());
        }
    }

    /// Sends one frame of the message, and stays due if there may be more. `waits`: it does not end with an epoch while the
    /// next one opens.
    pub fn turns(&mut self, database: &Database, running: Option<&Running>, registers_first: bool, waits: bool) {
        let Some(subscription) = &mut self.subscription else { return };
        let event = match &subscription.source {
            Source::Running => running.and_then(|running| running.next(&mut subscription.sent)),
            Source::Kept(message) => next(message, &mut subscription.sent),
            Source::Withdrawn => {
                let sent = subscription.sent.take();
                return self.subscribes(sent, database, running, registers_first);
            }
        };
        let continues_from =
            subscription.source == Source::Running && running.is_some_and(|running| running.continues_from.is_some());
        let over = subscription.sent.as_ref().is_some_and(|sent| sent.ended) && !(continues_from && waits);
        subscription.turn = event.is_some();
        match event {
            Some(event) => self.to_page.push_back(Frame::Event(event)),
            None if over => self.subscription = None,
            None => {}
        }
    }

    /// Something was published.
    pub fn wakes(&mut self) {
        if let Some(subscription) = self.subscription.as_mut().filter(|subscription| subscription.registered) {
            subscription.turn = true;
        }
    }

    pub fn may_beat(&self, design: &Design) -> bool {
        let beats = self.to_page.iter().any(|frame| matches!(frame, Frame::Beat(_)));
        design.has(Guard::Beat) && self.has_room(design) && !beats
    }

    /// Sends the position that it has sent, and checks for more.
    pub fn beats(&mut self) {
        if let Some(subscription) = &mut self.subscription {
            subscription.turn = true;
            self.to_page.extend(subscription.sent.map(Frame::Beat));
        }
    }

    /// The reply left the hub: it has ended, or was withdrawn.
    pub fn keeps(&mut self, running: &Running) {
        if let Some(subscription) = &mut self.subscription
            && subscription.source == Source::Running
        {
            (subscription.source, subscription.turn) = match running.continues_from {
                None => (Source::Kept(Box::new(running.message.clone())), subscription.turn),
                Some(_) => (Source::Withdrawn, true),
            };
        }
    }
}

/// The message where it runs, else its row, which then is final.
fn find(database: &Database, running: Option<&Running>) -> Option<Source> {
    match running {
        Some(_) => Some(Source::Running),
        None => database.row.status.is_final().then(|| Source::Kept(Box::new(database.row.clone()))),
    }
}
