//! What each step does.

use rivulet::{
    conversation::list::{Changed, Held, ListPosition, fitting, start},
    ids::Lineage,
};

use super::{
    Design, Guard,
    database::id_of,
    tab::{Asked, Frame, Request, What},
    world::{Counters, Socket, Step, World},
};

impl World {
    /// Takes a step that can be taken.
    pub fn take(&mut self, design: &Design, step: Step) {
        match step {
            Step::ChangesFirst | Step::ChangesLast => {
                self.budget.changes -= 1;
                let title = self.writes();
                self.database.changes(step == Step::ChangesFirst, title);
                self.wakes();
            }
            Step::DeletesAll => {
                self.budget.deletes -= 1;
                self.database.deletes_all(design);
                self.wakes();
            }
            Step::Purges => {
                self.budget.purges -= 1;
                self.database.purges();
            }
            Step::Crashes => {
                self.budget.crashes -= 1;
                self.crashes();
            }
            Step::Starts => {
                self.runs = true;
                if design.has(Guard::NewLineage) {
                    self.database.begins(Lineage(self.begun));
                    self.begun += 1;
                }
            }
            Step::BacksUp => self.backup = Some(Box::new(self.database.clone())),
            Step::Restores => {
                self.budget.restores -= 1;
                if let Some(backup) = self.backup.take() {
                    self.database = *backup;
                }
            }
            _ => self.take_in_tab(design, step),
        }
    }

    fn writes(&mut self) -> u8 {
        self.written += 1;
        self.written
    }

    fn wakes(&mut self) {
        self.sockets.iter_mut().flatten().for_each(|socket| socket.dirty = true);
    }

    /// What is on its way to the server is lost; a page asks again for what it has to load.
    fn crashes(&mut self) {
        self.runs = false;
        self.sockets.fill(None);
        for tab in &mut self.tabs {
            tab.aside.take_if(|aside| matches!(aside, Request::Asked(_)));
        }
    }

    fn take_in_tab(&mut self, design: &Design, step: Step) {
        match step {
            Step::Sends(at) => {
                self.budget.sends -= 1;
                self.tabs[at].aside = Some(Request::Asked(What::Send));
            }
            Step::LoadsEarlier(at) => {
                self.budget.earlier -= 1;
                self.tabs[at].aside = Some(Request::Asked(What::Earlier));
            }
            Step::AnswersLoad(at) => self.tabs[at].load = Some(self.answer(at, What::Page)),
            Step::AnswersAside(at) => {
                let Some(Request::Asked(what)) = self.tabs[at].aside else { return };
                self.tabs[at].aside = Some(self.answer(at, what));
            }
            Step::Loads(at) => {
                if let Some(Request::Answered(position, rows, from)) = self.tabs[at].load.take() {
                    self.tabs[at].loads(design, position, rows, from.unwrap_or(id_of(0)));
                    self.asks(design, at);
                }
            }
            Step::TakesAside(at) => {
                if let Some(Request::Answered(position, rows, from)) = self.tabs[at].aside.take() {
                    self.tabs[at].takes(design, position, rows, from);
                }
            }
            _ => self.take_on_socket(design, step),
        }
    }

    /// What a function gives.
    fn answer(&mut self, at: usize, what: What) -> Request {
        match what {
            What::Page => {
                let (rows, from) = self.database.page();
                Request::Answered(self.database.position(), rows, Some(from))
            }
            What::Earlier => {
                let from = self.tabs[at].from;
                let rows = self.database.rows().filter(|row| row.id < from).collect();
                Request::Answered(self.database.position(), rows, Some(id_of(0)))
            }
            What::Send => {
                let title = self.writes();
                let row = self.database.adds(title);
                self.wakes();
                let position = ListPosition { rev: row.rev, ..self.database.position() };
                Request::Answered(position, vec![row], None)
            }
        }
    }

    /// The page follows the list from now on, on the connection that there is.
    fn asks(&mut self, design: &Design, at: usize) {
        if let Some(socket) = &mut self.sockets[at] {
            socket.asked.extend(self.tabs[at].asks(design));
        }
    }

    fn take_on_socket(&mut self, design: &Design, step: Step) {
        match step {
            Step::Connects(at) => {
                let asked = self.tabs[at].asks(design).into();
                self.sockets[at] = Some(Socket { asked, ..Socket::default() });
            }
            Step::Loses(at) => {
                self.budget.cuts -= 1;
                self.sockets[at] = None;
            }
            Step::Returns(at) => {
                self.budget.returns -= 1;
                self.tabs[at].returns();
                self.sockets[at].iter_mut().for_each(|socket| socket.asked.push_back(Asked::Leave));
            }
            Step::Reads(at) => {
                if let Some(socket) = &mut self.sockets[at] {
                    (socket.list, socket.read) = match socket.asked.pop_front() {
                        Some(Asked::List(held)) => (Some(held), None),
                        _ => (None, None),
                    };
                    socket.dirty = true;
                }
            }
            Step::SendsList(at) => self.sends_list(design, at),
            Step::Receives(at) => {
                let Some(socket) = &mut self.sockets[at] else { return };
                if let Some(frame) = socket.to_page.pop_front() {
                    socket.asked.extend(self.tabs[at].receives(design, frame));
                }
            }
            _ => {}
        }
    }

    /// As `server/socket/turns.rs` does, with frames of one row.
    fn sends_list(&mut self, design: &Design, at: usize) {
        let database = &self.database;
        let Some(socket) = &mut self.sockets[at] else { return };
        let Some(held) = socket.list else { return };
        let mut state = database.state(held, design);
        if !design.has(Guard::OneMoment) {
            let Some(read) = socket.read.take() else {
                socket.read = Some(Counters(Held::up_to(state.now), state.floor, state.reached));
                return;
            };
            state = read.state();
        }
        let Some(from) = start(held, &state) else {
            (socket.list, socket.dirty) = (None, false);
            return socket.to_page.push_back(Frame::Reset);
        };
        let (changes, more) = fitting((held, state.now), database.since(from), false, 1, |_: &Changed<_>| 1);
        (socket.list, socket.dirty) = (Some(Some(Held::up_to(changes.position))), more);
        if held.is_none_or(|held| held.position != changes.position) {
            socket.to_page.push_back(Frame::Changes(changes));
        }
    }
}
