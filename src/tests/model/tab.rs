//! A tab: a page that the server rendered, and what `live/client.rs` and `chat/thread.rs` do with frames from then on.

use rivulet::message::{Change, Epoch, Event, Message, NewerEpoch, Outcome, Position};

use super::{
    database::Database,
    design::{Design, Guard},
    properties::is_earlier,
    socket::Frame,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tab {
    pub page: Page,
    /// What the person sees, or saw before the page was reloaded.
    pub message: Message,
    /// What has come of a newer epoch and is not shown yet.
    newer: NewerEpoch,
    /// It is followed until its end in this epoch or a later one.
    pub follows: Option<Epoch>,
    /// Gaps in a row.
    gaps: u8,
    /// The `rev` of the list that the page has.
    pub rev: u8,
    /// Whether words that were seen, or a final state, were taken away.
    pub went_back: bool,
    pub reopened: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    Closed,
    /// The server renders it, and has read one half of what it needs.
    Rendering(Half),
    Open,
}

/// The hub's copy, which is read before the row; without that guard, the row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Half {
    Hub(Option<Box<Message>>),
    Row(Box<Database>),
}

impl Tab {
    pub fn closed(nothing: Message) -> Tab {
        Tab {
            page: Page::Closed,
            message: nothing,
            newer: NewerEpoch::default(),
            follows: None,
            gaps: 0,
            rev: 0,
            went_back: false,
            reopened: false,
        }
    }

    /// Opens with what the server reads, as `chat/api/server.rs` does: the row merged into the hub's copy.
    pub fn opens(&mut self, hub: Option<&Message>, database: &Database) {
        let row = &database.row;
        let mut message = hub.unwrap_or(row).clone();
        if let Some(snapshot) = row.next(None, usize::MAX) {
            let _ = message.apply(snapshot);
        }
        self.shows(message);
        self.newer = NewerEpoch::default();
        (self.page, self.rev, self.gaps) = (Page::Open, database.rev, 0);
        self.follows = Some(row.epoch).filter(|meta| self.is_behind(*meta));
    }

    /// Whether it runs, or the list has a newer state of it.
    fn is_behind(&self, meta: Epoch) -> bool {
        let here = &self.message;
        !here.status.is_final() || meta != here.epoch && meta.counter >= here.epoch.counter
    }

    /// Takes a frame. Returns what it asks for, if anything: what follows its position, or the whole.
    pub fn receives(&mut self, design: &Design, frame: Frame) -> Option<Option<Position>> {
        match frame {
            Frame::Event(event) if self.follows.is_some() => self.applies(design, event),
            Frame::Beat(position) if self.follows.is_some() && position != self.position() => self.asks(true),
            Frame::MessageMeta(rev, epoch) => {
                self.rev = rev;
                if !self.is_behind(epoch) {
                    return None;
                }
                (self.follows, self.gaps) = (Some(epoch), 0);
                self.asks(true)
            }
            Frame::Gone => {
                self.follows = None;
                None
            }
            Frame::Event(_) | Frame::Beat(_) => None,
        }
    }

    pub fn asks(&self, with_position: bool) -> Option<Option<Position>> {
        Some(with_position.then(|| self.position()))
    }

    fn position(&self) -> Position {
        self.newer.position(&self.message)
    }

    fn applies(&mut self, design: &Design, event: Event) -> Option<Option<Position>> {
        let event = if design.has(Guard::KeepShown) { self.newer.take(&self.message, event) } else { Ok(event) };
        let outcome = event.map_or_else(
            |outcome| outcome,
            |event| {
                let mut message = self.message.clone();
                let outcome = message.apply(event);
                self.shows(message);
                outcome
            },
        );
        self.gaps = if outcome == Outcome::Gap { (self.gaps + 1).min(2) } else { 0 };
        let here = &self.message;
        // Without the guard: it is followed only until it has ended in any epoch.
        let any_end = !design.has(Guard::NewestEnd);
        let newest = |meta: &Epoch| here.epoch == *meta || here.epoch.counter > meta.counter || any_end;
        self.follows = self.follows.filter(|meta| !here.status.is_final() || !newest(meta));
        if self.gaps > 0 && self.follows.is_some() { self.asks(self.gaps < 2) } else { None }
    }

    /// Shows this from now on, and notes whether that takes anything away.
    fn shows(&mut self, message: Message) {
        let before = std::mem::replace(&mut self.message, message);
        let after = &self.message;
        self.went_back |= !is_earlier(&before, after) || after.epoch.counter < before.epoch.counter;
        self.reopened |= before.status.is_final() && before.epoch == after.epoch && before != *after;
    }
}

/// Without the byte offset: a text is appended, wherever it belongs.
pub fn misplaced(mut event: Event, message: &Message) -> Event {
    if let (Change::Text(text), Some(last)) = (&mut event.change, message.parts.last()) {
        (text.part, text.at) = (message.parts.len() - 1, last.text.len());
    }
    event
}
