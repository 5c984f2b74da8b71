//! A page: the real `ListRows`, and the real `Client` around it, which is made for each step from what it has of the list.

use std::time::Duration;

use rivulet::{
    chat::list_rows::ListRows,
    conversation::{
        Conversation, ListPosition, Sidebar,
        list::{Held, ListChanges},
    },
    ids::{ConversationId, MessageId},
    live::{
        ClientFrame, List, ServerFrame,
        client::{Client, ListUpdate, Page},
    },
    message::{Event, Message, Outcome},
};

use super::{Design, Guard, database::Database};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tab {
    pub rows: ListRows<Conversation>,
    /// The row from which on all are loaded.
    pub from: ConversationId,
    /// Whether it follows the list, by its client.
    pub follows: bool,
    /// It loads the list, for the first time or anew.
    pub load: Option<Request>,
    /// It has asked for something aside of the list.
    pub aside: Option<Request>,
}

/// A function that the page has called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// The server has not read it yet.
    Asked(What),
    /// The answer, on its way; from which row on all are loaded then.
    Answered(ListPosition, Vec<Conversation>, Option<ConversationId>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Page,
    Earlier,
    Send,
}

/// What a page sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    List(Option<Held>),
    Leave,
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    Changes(ListChanges<Conversation>),
    Reset,
}

impl Tab {
    /// A page as the server has rendered it.
    pub fn open(database: &Database) -> Tab {
        let (rows, from) = database.page();
        let rows = ListRows::loaded(database.position(), rows);
        Tab { rows, from, follows: true, load: None, aside: None }
    }

    /// A connection begins, or the list is followed anew.
    pub fn asks(&self, design: &Design) -> Vec<Asked> {
        sent(&mut self.client(), design)
    }

    pub fn receives(&mut self, design: &Design, frame: Frame) -> Vec<Asked> {
        let here = self.rows.held();
        let frame = match frame {
            Frame::Changes(changes) if !design.has(Guard::Stale) && is_stale(&changes, here) => {
                self.rows.take(changes);
                return vec![];
            }
            Frame::Changes(mut changes) => {
                if !design.has(Guard::From) {
                    changes.from = 0;
                }
                if !design.has(Guard::Found) {
                    changes.seen = i64::MAX;
                }
                ServerFrame::Conversations(Sidebar::Mine, changes)
            }
            Frame::Reset => ServerFrame::ListReset(List::Conversations(Sidebar::Mine)),
        };
        let mut client = self.client();
        client.frames();
        match client.take(frame, Duration::ZERO, 0.0) {
            Some(ListUpdate::Conversations(_, changes)) => {
                self.rows.take(changes);
                if !design.has(Guard::Tombstones) {
                    self.forgets_tombstones();
                }
            }
            Some(ListUpdate::Reset(_)) => {
                self.follows = false;
                self.load = Some(Request::Asked(What::Page));
            }
            _ => {}
        }
        sent(&mut client, design)
    }

    /// Leaves the list, loads it, and then follows it again, while a connection is open.
    pub fn returns(&mut self) {
        self.follows = false;
        self.load = Some(Request::Asked(What::Page));
    }

    /// The list has been loaded.
    pub fn loads(&mut self, design: &Design, position: ListPosition, rows: Vec<Conversation>, from: ConversationId) {
        let before = self.rows.rows().filter(|_| !design.has(Guard::Replace)).cloned();
        self.rows = ListRows::loaded(position, before.chain(rows).collect::<Vec<_>>());
        self.from = from;
        self.follows = true;
    }

    /// Takes an answer that is no part of the list.
    pub fn takes(
        &mut self,
        design: &Design,
        mut read: ListPosition,
        rows: Vec<Conversation>,
        from: Option<ConversationId>,
    ) {
        if let Some(position) = self.rows.position() {
            if !design.has(Guard::SameLineage) {
                read.lineage = position.lineage;
            }
            if !design.has(Guard::ReadBefore) {
                read.rev = i64::MAX;
            }
            if !design.has(Guard::NewerOnly) {
                let kept: Vec<_> = self.rows.rows().cloned().chain(rows.iter().cloned()).collect();
                self.rows = ListRows::loaded(position, kept);
            }
        }
        let taken = self.rows.take_aside(read, rows);
        self.from = from.filter(|_| taken.is_some()).unwrap_or(self.from);
    }

    /// Whether it has what there is from where it is loaded, and nothing else.
    pub fn is_right(&self, database: &Database) -> bool {
        let there: Vec<Conversation> = database.rows().collect();
        self.rows.rows().all(|row| there.contains(row))
            && there.iter().all(|row| row.id < self.from || self.rows.get(row.id) == Some(row))
    }

    /// Its client, which has just asked.
    fn client(&self) -> Client<Rows> {
        let mut client = Client::new(Rows(self.rows.held()));
        if self.follows {
            client.follow_list(List::Conversations(Sidebar::Mine));
        }
        client.opened(Duration::ZERO);
        client
    }

    fn forgets_tombstones(&mut self) {
        let Some(position) = self.rows.position() else { return };
        let rows = self.rows.rows().cloned().collect();
        self.rows = ListRows::default();
        self.rows.take(ListChanges { from: 0, seen: 0, position, rows, gone: vec![] });
    }
}

/// What a client sends.
fn sent(client: &mut Client<Rows>, design: &Design) -> Vec<Asked> {
    let asked = client.frames().into_iter().filter_map(|frame| match frame {
        ClientFrame::List { position, seen, .. } => Some(Asked::List(position.map(|position| {
            let seen = if design.has(Guard::Seen) { seen } else { position.rev };
            Held { position, seen }
        }))),
        ClientFrame::LeaveList(_) => Some(Asked::Leave),
        _ => None,
    });
    asked.collect()
}

fn is_stale(changes: &ListChanges<Conversation>, here: Option<Held>) -> bool {
    let is_before = |here: ListPosition| here.lineage == changes.position.lineage && here.rev >= changes.position.rev;
    here.is_some_and(|held| is_before(held.position))
}

/// How much of the list the page has.
struct Rows(Option<Held>);

impl Page for Rows {
    fn read<R>(&self, _: MessageId, _: impl FnOnce(&Message) -> R) -> Option<R> {
        None
    }

    fn apply(&mut self, _: MessageId, _: Event) -> Outcome {
        Outcome::Stale
    }

    fn release(&mut self, _: MessageId) {}

    fn held(&self, _: List) -> Option<Held> {
        self.0
    }
}
