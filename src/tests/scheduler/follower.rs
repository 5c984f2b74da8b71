//! A follower: what a socket does for one subscription, and the page that receives it.

use std::sync::Arc;

use rivulet::{
    access::Viewer,
    ids::mint,
    live::{
        ENVELOPE, ServerFrame,
        hub::{Next, Running, Tab},
    },
    message::{Event, Message, Outcome, Position, Role},
};

/// The longest frame, in bytes: one with a few characters of text.
const LIMIT: usize = ENVELOPE + 6;

pub struct Follower {
    pub running: Arc<Running>,
    pub message: Message,
    tab: Arc<Tab>,
    sent: Option<Position>,
    /// Whether there may be something to read: it has just joined, was woken, or has not read everything.
    due: bool,
    pub is_gone: bool,
}

impl Follower {
    /// Registers first, and reads later. `page`: the message that the page has already.
    pub fn joins(running: Arc<Running>, page: Option<Message>) -> Follower {
        let tab = Tab::new(Viewer { user: mint(), account: mint() }, String::new());
        running.follow(&tab);
        let sent = page.as_ref().map(Message::position);
        let message = page.unwrap_or_else(|| Message::unseen(running.id, Role::Assistant));
        Follower { running, message, tab, sent, due: true, is_gone: false }
    }

    /// Reads at most so many frames, if it is due.
    pub fn reads(&mut self, frames: usize) {
        self.tab.take_dirty(|_| self.due = true);
        for _ in 0..frames {
            if !self.due {
                return;
            }
            match self.running.next(&mut self.sent, LIMIT) {
                Next::Shared(frame, more) => {
                    self.due = more;
                    let frame = serde_json::from_str(&frame).expect("a frame that the hub encoded");
                    let ServerFrame::Event(_, epoch, change) = frame else { panic!("{frame:?} is no event") };
                    self.applies(Event { epoch, change });
                }
                Next::Own(event) => self.applies(event),
                Next::Nothing => self.due = false,
                Next::Gone => (self.due, self.is_gone) = (false, true),
                Next::Starting | Next::Withdrawn => panic!("the reply's row was written"),
            }
        }
    }

    fn applies(&mut self, event: Event) {
        assert!(!self.message.status.is_final(), "{event:?} after the end");
        assert_eq!(self.message.apply(event.clone()), Outcome::Applied, "{event:?} to {:?}", self.message);
        assert_eq!(Some(self.message.position()), self.sent, "what was sent is what it has");
    }

    pub fn leaves(self) {
        self.running.unfollow(&self.tab);
    }
}
