//! The messages that a client follows: when it asks for one, and what it makes of the events that come.

use std::time::Duration;

use super::{Client, Page, Postponed};
use crate::{
    ids::MessageId,
    live::{ClientFrame, MAX_OUTSTANDING},
    message::{Epoch, Event, Message, NewerEpoch, Outcome, Position},
};

/// While many wait, more are asked for when so many may be: in few frames, then, and not in one for each that ends.
pub(super) const MIN_ROOM: usize = MAX_OUTSTANDING / 4;
pub(super) struct Followed {
    /// The newest epoch that its list names: its end, or that of a later one, is the end of following.
    newest: Epoch,
    /// Whether its list has it that it has ended there.
    over: bool,
    /// Gaps in a row: after two the position itself is not trusted.
    gaps: u32,
    queued: bool,
    /// Whether it was asked for and is not answered yet. What still comes then belongs to the question before.
    asking: bool,
    /// What the server calls it on this connection.
    number: Option<u32>,
    /// How much of it the page last said that it has, on this connection.
    acknowledged: Option<Position>,
    newer: NewerEpoch,
    pub postponed: Postponed,
}

impl Followed {
    fn new(newest: Epoch, over: bool) -> Followed {
        Followed {
            newest,
            over,
            gaps: 0,
            queued: false,
            asking: false,
            number: None,
            acknowledged: None,
            newer: NewerEpoch::default(),
            postponed: Postponed::default(),
        }
    }

    /// How much the page has of it, shown or not.
    pub fn position(&self, page: &impl Page, id: MessageId) -> Option<Position> {
        page.read(id, |shown| self.newer.position(shown))
    }

    /// A connection begins, on which nothing was asked.
    pub fn begin_anew(&mut self) {
        (self.gaps, self.queued, self.asking, self.number, self.acknowledged) = (0, false, false, None, None);
    }
}

impl<P: Page> Client<P> {
    /// Follows a message, which the page has, until it has ended in the `newest` epoch that its list names, or
    /// [`Client::leave`]. `over`: the list has it that it has ended there. What is followed in that epoch is not asked for
    /// again, except when its end is new.
    pub fn follow(&mut self, id: MessageId, newest: Epoch, over: bool) {
        let followed = self.messages.get_mut(&id);
        if followed.as_ref().is_some_and(|known| known.newest == newest && (known.over || !over)) {
            return;
        }
        match followed {
            Some(known) => (known.newest, known.over, known.gaps) = (newest, over, 0),
            None => {
                self.messages.insert(id, Followed::new(newest, over));
            }
        }
        self.ask(id);
    }

    pub fn leave(&mut self, id: MessageId) {
        let asked = self.outstanding.contains(&id);
        if self.release(id) && asked {
            self.outbox.push(ClientFrame::Leave(id));
        }
    }

    pub fn follows(&self, id: MessageId) -> bool {
        self.messages.contains_key(&id)
    }

    /// From now on the server means this message by this number, and no longer by another one.
    pub(super) fn name(&mut self, number: u32, id: MessageId) {
        let Some(followed) = self.messages.get_mut(&id) else { return };
        let before = followed.number.replace(number).filter(|before| *before != number);
        self.forget(before);
        self.numbers.insert(number, id);
    }

    fn forget(&mut self, number: Option<u32>) {
        if let Some(number) = number {
            self.numbers.remove(&number);
        }
    }

    /// Ends the following of a message. Whether it was followed.
    pub(super) fn release(&mut self, id: MessageId) -> bool {
        self.outstanding.remove(&id);
        let Some(followed) = self.messages.remove(&id) else { return false };
        self.forget(followed.number);
        self.page.release(id);
        true
    }

    pub(super) fn ask(&mut self, id: MessageId) {
        if let Some(followed) = self.messages.get_mut(&id) {
            followed.postponed.asked();
            if !std::mem::replace(&mut followed.queued, true) {
                if self.outstanding.contains(&id) { self.queue.push_front(id) } else { self.queue.push_back(id) }
            }
        }
    }

    /// Asks for what is queued, all in a frame, as far as the server follows so many at once; and for less than all only
    /// if there is room for so many.
    pub(super) fn ask_queued(&mut self, least: usize) {
        let mut questions = vec![];
        let room = MAX_OUTSTANDING.saturating_sub(self.outstanding.len());
        let most = if room >= least.min(self.queue.len()) { MAX_OUTSTANDING } else { 0 };
        while let Some(id) = self.queue.front().copied() {
            let room = self.outstanding.len() < most || self.outstanding.contains(&id);
            // What was left meanwhile, or asked for already, is queued no more.
            let Some(followed) = self.messages.get_mut(&id).filter(|followed| followed.queued) else {
                self.queue.pop_front();
                continue;
            };
            if !room {
                break;
            }
            self.queue.pop_front();
            (followed.queued, followed.asking) = (false, true);
            self.outstanding.insert(id);
            followed.acknowledged = followed.position(&self.page, id);
            questions.push((id, followed.acknowledged.filter(|_| followed.gaps < 2)));
        }
        if !questions.is_empty() {
            self.outbox.push(question(questions));
        }
    }

    /// A subscription was answered: the server can be reached, and could read it.
    pub(super) fn answered(&mut self, id: MessageId) {
        if let Some(followed) = self.messages.get_mut(&id) {
            self.tries = 0;
            followed.asking = false;
            followed.postponed.reset();
        }
    }

    /// The server could not read the message now.
    pub(super) fn postpone(&mut self, id: MessageId, now: Duration, random: f64) {
        self.outstanding.remove(&id);
        if let Some(followed) = self.messages.get_mut(&id) {
            followed.asking = false;
            followed.postponed.put_off(now, random);
        }
    }

    pub(super) fn apply(&mut self, number: u32, event: Event) {
        let Some(id) = self.numbers.get(&number).copied() else { return };
        let Some(followed) = self.messages.get_mut(&id) else { return };
        let outcome = match self.page.read(id, |shown| followed.newer.take(shown, event)) {
            Some(Ok(event)) => self.page.apply(id, event),
            Some(Err(outcome)) => outcome,
            None => return,
        };
        match outcome {
            Outcome::Gap if !followed.asking => {
                followed.gaps += 1;
                self.ask(id);
            }
            Outcome::Gap => {}
            Outcome::Applied | Outcome::Stale => followed.gaps = 0,
        }
        if self.has_ended(id) {
            // The server ends its subscription too; a later epoch is announced by the list.
            self.release(id);
        }
    }

    /// How much the page has of each message of which something came since this was last called.
    pub(super) fn acknowledge(&mut self) -> Vec<(u32, Position)> {
        let mut positions = vec![];
        for (number, id) in &self.numbers {
            let Some(followed) = self.messages.get_mut(id) else { continue };
            let position = followed.position(&self.page, *id);
            if position.is_some() && position != followed.acknowledged {
                followed.acknowledged = position;
                positions.extend(position.map(|position| (*number, position)));
            }
        }
        positions
    }

    /// Whether the page has the end of what is followed: in its newest epoch, or in a later one.
    pub(super) fn has_ended(&self, id: MessageId) -> bool {
        let Some(Followed { newest, .. }) = self.messages.get(&id) else { return true };
        let ended = |message: &Message| {
            message.status.is_final() && (message.epoch == *newest || message.epoch.counter > newest.counter)
        };
        self.page.read(id, ended).unwrap_or(true)
    }
}

fn question(mut questions: Vec<(MessageId, Option<Position>)>) -> ClientFrame {
    match questions.pop() {
        Some((id, position)) if questions.is_empty() => ClientFrame::Message { id, position },
        last => {
            questions.extend(last);
            ClientFrame::Messages(questions)
        }
    }
}
