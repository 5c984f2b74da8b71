//! The queue's tables, the server that looks after it, and people's requests, by the rules of `reply/queue.rs`, its store
//! and `reply/store.rs`.

use rivulet::{
    conversation::queue::{ReplyChange, Sender, Wait},
    ids::MessageId,
    message::Status,
};

use super::design::{Budget, Design, Guard};

/// Whether a reply that has ended has not completed.
pub fn ended_early(status: Status) -> bool {
    status.is_final() && status != Status::Completed
}

/// A row of the queue. A text is a set of edits, a bit each: whoever edits keeps what they saw.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub id: u8,
    pub wait: Wait,
    pub rev: u8,
    pub text: u8,
    /// Whether people expect it to be sent without them. Not in the database.
    pub is_expected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    pub status: Status,
    /// The message of the queue that it answers; the first reply answers another one.
    pub answers: Option<u8>,
}

/// A row that became a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    pub id: u8,
    pub text: u8,
    pub parent: usize,
    pub sender: Sender,
    /// How its reply was when it was sent, and the row.
    pub after: Status,
    pub was_held: bool,
}

/// What a page asks for, as it saw things then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Queues { id: u8, after: usize },
    Edits { id: u8, rev: u8, text: u8 },
    Removes { id: u8 },
    SendsNow { id: u8, after: usize },
}

/// What the server is in the middle of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Looks whether something is due after a reply, and has perhaps read the row.
    Looks {
        after: usize,
        read: Option<Row>,
    },
    /// Has stopped the reply, if need be, and perhaps read the row.
    SendsNow {
        id: u8,
        after: usize,
        read: Option<Row>,
    },
    /// Second halves of what is one transaction.
    Holds {
        after: usize,
    },
    Moves {
        after: usize,
        reply: usize,
    },
    Deletes {
        id: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Asks(Request),
    Arrives(usize),
    /// It arrives, and comes once more.
    Repeats(usize),
    Completes(usize),
    Fails(usize),
    Retries(usize),
    Continues(usize),
    Does(usize),
    Crashes,
    Starts,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub budget: Budget,
    pub rows: Vec<Row>,
    pub removed: Vec<u8>,
    pub replies: Vec<Reply>,
    pub sent: Vec<Sent>,
    pub rev: u8,
    /// `None`: the process is dead.
    pub tasks: Option<Vec<Task>>,
    pub requests: Vec<Request>,
    /// The rows that were queued, in their order, each with the edits that were accepted.
    pub accepted: Vec<(u8, u8)>,
    /// Whether a reply was stopped that nobody asked to stop.
    pub stopped_another: bool,
}

/// A reply's id.
pub fn id(reply: usize) -> MessageId {
    MessageId::from_uuid(uuid::Uuid::from_u128(reply as u128))
}

impl World {
    /// A reply runs.
    pub fn begin(design: &Design) -> World {
        World {
            budget: design.budget,
            rows: vec![],
            removed: vec![],
            replies: vec![Reply { status: Status::Streaming, answers: None }],
            sent: vec![],
            rev: 0,
            tasks: Some(vec![]),
            requests: vec![],
            accepted: vec![],
            stopped_another: false,
        }
    }

    pub fn status_after(&self, wait: Wait) -> Status {
        let found = (0..self.replies.len()).find(|reply| id(*reply) == wait.after);
        self.replies[found.expect("a reply")].status
    }

    fn waits_for(&self, row: &Row) -> usize {
        (0..self.replies.len()).find(|reply| id(*reply) == row.wait.after).expect("a reply")
    }

    pub fn is_followed(&self, reply: usize) -> bool {
        self.sent.iter().any(|sent| sent.parent == reply)
    }

    pub fn takes(&mut self, design: &Design, step: Step) {
        match step {
            Step::Asks(request) => {
                self.pays(&request);
                self.requests.push(request);
            }
            Step::Arrives(at) => {
                let request = self.requests.remove(at);
                self.arrives(design, request);
            }
            Step::Repeats(at) => {
                self.budget.repeats -= 1;
                self.arrives(design, self.requests[at].clone());
            }
            Step::Completes(reply) => self.ends(design, reply, Status::Completed),
            Step::Fails(reply) => {
                self.budget.failures -= 1;
                self.ends(design, reply, Status::Failed);
            }
            Step::Retries(of) => {
                self.budget.retries -= 1;
                let answers = self.replies[of].answers;
                self.replies.push(Reply { status: Status::Streaming, answers });
                self.sets_going(design, of, ReplyChange::Retried(id(self.replies.len() - 1)));
            }
            Step::Continues(of) => {
                self.budget.continues -= 1;
                self.replies[of].status = Status::Streaming;
                self.sets_going(design, of, ReplyChange::Continued);
            }
            Step::Does(at) => self.does(design, at),
            Step::Crashes => {
                self.budget.crashes -= 1;
                self.tasks = None;
            }
            Step::Starts => self.starts(design),
        }
    }

    fn pays(&mut self, request: &Request) {
        let budget = match request {
            Request::Queues { .. } => &mut self.budget.rows,
            Request::Edits { .. } => &mut self.budget.edits,
            Request::Removes { .. } => &mut self.budget.removals,
            Request::SendsNow { .. } => &mut self.budget.sends,
        };
        *budget -= 1;
    }

    fn arrives(&mut self, design: &Design, request: Request) {
        match request {
            Request::Queues { id, after } => self.enqueues(design, id, after),
            Request::Edits { id, rev, text } => {
                self.rev += 1;
                let next = self.rev;
                let compares = design.has(Guard::CompareEdits);
                let found = self.rows.iter_mut().find(|row| row.id == id && (!compares || row.rev == rev));
                if let Some(row) = found {
                    let added = text & !row.text;
                    (row.text, row.rev) = (text, next);
                    let accepted = self.accepted.iter_mut().find(|(accepted, _)| *accepted == id);
                    accepted.expect("it was queued").1 |= added;
                }
            }
            Request::Removes { id } => {
                if let Some(at) = self.rows.iter().position(|row| row.id == id) {
                    let after = self.waits_for(&self.rows[at]);
                    self.rows.remove(at);
                    self.removed.push(id);
                    self.looks(after);
                }
            }
            Request::SendsNow { id, after } => self.sends_now(design, id, after),
        }
    }

    fn enqueues(&mut self, design: &Design, row: u8, after: usize) {
        let was_removed = design.has(Guard::Tombstone) && self.removed.contains(&row);
        let was_sent = design.has(Guard::SentId) && self.sent.iter().any(|sent| sent.id == row);
        let status = self.replies[after].status;
        let is_late = design.has(Guard::NotFollowed) && status.is_final() && self.is_followed(after);
        if was_removed || was_sent || is_late || self.rows.iter().any(|other| other.id == row) {
            return;
        }
        self.rev += 1;
        let wait = Wait { after: id(after), held: false }.next(ReplyChange::Is(status));
        let is_expected = !ended_early(status);
        self.rows.push(Row { id: row, wait, rev: self.rev, text: 1, is_expected });
        if !self.accepted.iter().any(|(accepted, _)| *accepted == row) {
            self.accepted.push((row, 1));
        }
        if design.has(Guard::LookWhenQueued) {
            self.looks(after);
        }
    }

    fn sends_now(&mut self, design: &Design, row: u8, after: usize) {
        let Some(found) = self.rows.iter().find(|found| found.id == row) else { return };
        let waits_for = self.waits_for(found);
        if design.has(Guard::NamedReply) && waits_for != after {
            return;
        }
        if !self.replies[waits_for].status.is_final() {
            self.stopped_another |= waits_for != after;
            self.ends(design, waits_for, Status::Stopped);
        }
        self.does_later(Task::SendsNow { id: row, after: waits_for, read: None });
    }

    /// The end of a reply, and what it does to the queue.
    fn ends(&mut self, design: &Design, reply: usize, status: Status) {
        self.replies[reply].status = status;
        if ended_early(status) {
            self.rows.iter_mut().filter(|row| row.wait.after == id(reply)).for_each(|row| row.is_expected = false);
        }
        if design.has(Guard::HoldWithEnd) {
            self.moves(reply, ReplyChange::Is(status))
        } else {
            self.does_later(Task::Holds { after: reply })
        }
        if status == Status::Completed && design.has(Guard::LookAtEnd) {
            self.looks(reply);
        }
    }

    /// What a person sets going again goes without them from then on.
    fn sets_going(&mut self, design: &Design, reply: usize, change: ReplyChange) {
        self.rows.iter_mut().filter(|row| row.wait.after == id(reply)).for_each(|row| row.is_expected = true);
        if design.has(Guard::TakeAlong) {
            self.moves(reply, change);
        }
    }

    fn moves(&mut self, after: usize, change: ReplyChange) {
        for row in self.rows.iter_mut().filter(|row| row.wait.after == id(after)) {
            let next = row.wait.next(change);
            if next != row.wait {
                self.rev += 1;
                (row.wait, row.rev) = (next, self.rev);
            }
        }
    }

    fn looks(&mut self, after: usize) {
        let task = Task::Looks { after, read: None };
        // A second one that has read nothing yet would do the same.
        if !self.tasks.iter().flatten().any(|other| *other == task) {
            self.does_later(task);
        }
    }

    fn does_later(&mut self, task: Task) {
        self.tasks.as_mut().expect("a process that runs").push(task);
    }

    fn does(&mut self, design: &Design, at: usize) {
        let task = self.tasks.as_mut().expect("a process that runs").remove(at);
        match task {
            Task::Looks { after, read: None } => {
                if let Some(row) = self.first_due(design, after) {
                    self.does_later(Task::Looks { after, read: Some(row) });
                }
            }
            Task::Looks { after, read: Some(row) } => {
                if !self.sends(design, &row, Sender::Server) {
                    self.looks(after);
                }
            }
            Task::SendsNow { id: row, after, read: None } => {
                let found = self.rows.iter().find(|found| found.id == row && found.wait.after == id(after));
                if let Some(found) = found.cloned() {
                    self.does_later(Task::SendsNow { id: row, after, read: Some(found) });
                }
            }
            Task::SendsNow { read: Some(row), .. } => {
                self.sends(design, &row, Sender::Person);
            }
            Task::Holds { after } => self.moves(after, ReplyChange::Is(self.replies[after].status)),
            Task::Moves { after, reply } => self.moves(after, ReplyChange::Answered(id(reply))),
            Task::Deletes { id } => self.rows.retain(|row| row.id != id),
        }
    }

    fn first_due(&self, design: &Design, after: usize) -> Option<Row> {
        let mut waiting = self.rows.iter().filter(|row| row.wait.after == id(after));
        let first = if design.has(Guard::InOrder) { waiting.next() } else { waiting.next_back() };
        let status = self.replies[after].status;
        first.filter(|row| row.wait.may_be_sent(status, Sender::Server)).cloned()
    }

    /// The transaction that makes a row a message; false if it found another row than was read.
    fn sends(&mut self, design: &Design, row: &Row, sender: Sender) -> bool {
        let parent = self.waits_for(row);
        let after = self.replies[parent].status;
        let as_read = |found: &Row| found.id == row.id && (!design.has(Guard::CompareRows) || found.rev == row.rev);
        let found = self.rows.iter().position(as_read);
        let is_there = found.is_some() || !design.has(Guard::RowCount);
        if !is_there || design.has(Guard::CheckStatus) && !row.wait.may_be_sent(after, sender) {
            return false;
        }
        self.sent.push(Sent { id: row.id, text: row.text, parent, sender, after, was_held: row.wait.held });
        self.replies.push(Reply { status: Status::Streaming, answers: Some(row.id) });
        let reply = self.replies.len() - 1;
        match found {
            Some(at) if design.has(Guard::DeleteWithInsert) => drop(self.rows.remove(at)),
            Some(_) => self.does_later(Task::Deletes { id: row.id }),
            None => {}
        }
        let rest = self.rows.iter_mut().filter(|other| other.wait.after == row.wait.after && other.id != row.id);
        rest.for_each(|other| other.is_expected = true);
        if design.has(Guard::MoveWithInsert) {
            self.moves(parent, ReplyChange::Answered(id(reply)))
        } else {
            self.does_later(Task::Moves { after: parent, reply })
        }
        true
    }

    /// Recovery, and the look at what waits.
    fn starts(&mut self, design: &Design) {
        self.tasks = Some(vec![]);
        for reply in 0..self.replies.len() {
            if !self.replies[reply].status.is_final() {
                self.ends(design, reply, Status::Interrupted);
            }
        }
        for reply in 0..self.replies.len() {
            let waits = self.rows.iter().any(|row| row.wait.after == id(reply));
            if waits && self.replies[reply].status == Status::Completed && design.has(Guard::LookAtStart) {
                self.looks(reply);
            }
        }
    }
}
