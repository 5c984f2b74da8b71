//! The state of everything, and the steps that it can take.

use std::hash::{DefaultHasher, Hash, Hasher};

use rivulet::message::{Message, Role, Status};

use super::{
    database::Database,
    design::{Budget, Design, Guard},
    server::{Running, Server},
    socket::Socket,
    steps::publishes,
    tab::{Page, Tab},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub database: Database,
    /// `None` while it is down.
    pub server: Option<Server>,
    pub tabs: Vec<Tab>,
    pub budget: Budget,
    /// A copy of the database that can be restored.
    pub backup: Option<Box<Database>>,
    /// What was written in each epoch, seen or not. The last of them is the running reply's draft.
    pub truths: Vec<Message>,
    /// How often a reply was continued.
    pub resumed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    // The reply, and the person who stops or continues it.
    Writes,
    Finishes,
    Stops,
    Presses(usize),
    PressesElsewhere,
    Enters(usize),
    Resumes,
    // The committer.
    Gathers,
    Commits,
    CommitsUnnoticed,
    CommitFails,
    Publishes,
    PublishesUnnoticedBy(usize),
    // The process and its disk.
    Crashes,
    Starts,
    BacksUp,
    Restores,
    // A tab and its socket.
    Loads(usize),
    Renders(usize),
    Connects(usize),
    Loses(usize),
    Reads(usize),
    Registers(usize),
    Turns(usize),
    Beats(usize),
    SendsList(usize),
    Receives(usize),
}

impl World {
    /// A reply runs; no page is open yet.
    pub fn begin(design: &Design) -> World {
        let database = Database::new();
        let mut server = Server::new(design.tabs);
        server.running = Some(Running::new(database.row.clone(), None));
        server.written = Some(0);
        World {
            tabs: vec![Tab::closed(Message::unseen(database.row.id, Role::Assistant)); design.tabs],
            budget: design.budget,
            backup: None,
            resumed: 0,
            truths: vec![database.row.clone()],
            server: Some(server),
            database,
        }
    }

    /// The steps that can be taken now.
    pub fn steps(&self, design: &Design, steps: &mut Vec<Step>) {
        let mut may = |yes: bool, step: Step| {
            if yes {
                steps.push(step);
            }
        };
        let Some(server) = &self.server else {
            may(true, Step::Starts);
            return;
        };
        let more = server.written.is_some_and(|written| design.words(written, self.resumed).is_some());
        may(more, Step::Writes);
        may(server.written.is_some() && !more, Step::Finishes);
        may(server.written.is_some() && self.budget.stops > 0, Step::Stops);
        may(server.running.as_ref().is_some_and(|running| running.continues_from.is_some()), Step::Resumes);
        may(server.batch.is_none() && !server.queue.is_empty(), Step::Gathers);
        if let Some(batch) = &server.batch {
            may(!batch.committed, Step::Commits);
            may(!batch.committed && self.budget.unknown > 0, Step::CommitsUnnoticed);
            may(!batch.committed && self.budget.unknown > 0, Step::CommitFails);
            may(!batch.published && (batch.committed || !design.has(Guard::CommitFirst)), Step::Publishes);
        }
        for press in 0..server.pressed.len() {
            may(true, Step::Enters(press));
        }
        may(self.budget.elsewhere > 0 && self.database.row.can_resume(), Step::PressesElsewhere);
        may(self.budget.crashes > 0, Step::Crashes);
        let over = self.database.row.status.is_final();
        may(self.budget.restores > 0 && self.backup.is_none() && over, Step::BacksUp);
        may(self.budget.restores > 0 && self.backup.is_some(), Step::Restores);
        for (at, tab) in self.tabs.iter().enumerate() {
            may(tab.page == Page::Closed || tab.page == Page::Open && self.budget.reloads > 0, Step::Loads(at));
            may(matches!(tab.page, Page::Rendering(_)), Step::Renders(at));
            let open = tab.page == Page::Open;
            may(open && self.budget.continues > 0 && tab.message.can_resume(), Step::Presses(at));
            let Some(socket) = &server.sockets[at] else {
                may(open, Step::Connects(at));
                continue;
            };
            may(self.budget.cuts > 0, Step::Loses(at));
            may(!socket.asked.is_empty(), Step::Reads(at));
            may(socket.has_room(design) && socket.list_rev < self.database.rev, Step::SendsList(at));
            may(!socket.to_page.is_empty() && socket.asked.len() < design.requests, Step::Receives(at));
            if let Some(subscription) = &socket.subscription {
                may(subscription.turn && socket.has_room(design), Step::Turns(at));
                may(!subscription.turn && !subscription.registered, Step::Registers(at));
                may(socket.may_beat(design), Step::Beats(at));
                let shows = server.batch.as_ref().is_some_and(|batch| batch.committed && !batch.published);
                may(self.budget.lost_wakes > 0 && shows && subscription.registered, Step::PublishesUnnoticedBy(at));
            }
        }
    }

    /// Takes a step that can be taken. False if it changed nothing.
    pub fn take(&mut self, design: &Design, step: Step) -> bool {
        match step {
            Step::Starts => self.starts(design),
            Step::Restores => self.restores(),
            Step::BacksUp => self.backup = Some(Box::new(self.database.clone())),
            Step::Crashes => self.crashes(),
            _ => {
                let Some(mut server) = self.server.take() else { return false };
                let done = self.runs(design, &mut server, step);
                self.server = Some(server);
                self.arrange();
                return done;
            }
        }
        self.arrange();
        true
    }

    /// Orders two tabs, because states that differ only in which tab is which need to be checked once.
    fn arrange(&mut self) {
        let fingerprint = |at: usize| {
            let mut hasher = DefaultHasher::new();
            self.tabs[at].hash(&mut hasher);
            self.server.as_ref().map(|server| &server.sockets[at]).hash(&mut hasher);
            hasher.finish()
        };
        if self.tabs.len() == 2 && fingerprint(0) > fingerprint(1) {
            self.tabs.swap(0, 1);
            if let Some(server) = &mut self.server {
                server.sockets.swap(0, 1);
            }
        }
    }

    fn runs(&mut self, design: &Design, server: &mut Server, step: Step) -> bool {
        match step {
            Step::Writes => self.writes(design, server),
            Step::Finishes => self.ends(server, Status::Completed),
            Step::Stops => {
                self.budget.stops -= 1;
                self.ends(server, Status::Stopped);
            }
            Step::Presses(at) => return self.presses(design, server, at),
            Step::PressesElsewhere => {
                self.budget.elsewhere -= 1;
                server.pressed.push(self.database.row.clone());
            }
            Step::Enters(press) => self.enters(design, server, press),
            Step::Resumes => self.resumes(design, server),
            Step::Gathers => server.gather(),
            Step::Commits => self.commits(server),
            Step::CommitsUnnoticed | Step::CommitFails => self.commit_is_unknown(design, server, step),
            Step::Publishes => publishes(server, None),
            Step::PublishesUnnoticedBy(at) => {
                self.budget.lost_wakes -= 1;
                publishes(server, Some(at));
            }
            Step::Loads(at) => self.loads(design, server, at),
            Step::Renders(at) => self.renders(server, at),
            Step::Connects(at) => {
                let mut socket = Socket::new(self.tabs[at].rev);
                socket.asked.extend(self.tabs[at].asks(true).filter(|_| self.tabs[at].follows.is_some()));
                server.sockets[at] = Some(socket);
            }
            Step::Loses(at) => {
                self.budget.cuts -= 1;
                server.sockets[at] = None;
            }
            _ => self.runs_on_socket(design, server, step),
        }
        true
    }
}
