//! What each step does.

use rivulet::message::{Epoch, Status};

use super::{
    database::ended,
    design::{Design, Guard},
    server::{Running, Server, follow, grow},
    socket::Frame,
    tab::{Half, Page, misplaced},
    world::{Step, World},
};

impl World {
    /// All that the running reply has written.
    pub fn draft(&self) -> &rivulet::message::Message {
        self.truths.last().expect("an epoch was begun")
    }

    pub fn writes(&mut self, design: &Design, server: &mut Server) {
        let Some(written) = server.written.as_mut() else { return };
        let draft = self.truths.last_mut().expect("an epoch was begun");
        if let Some((kind, text)) = design.words(*written, self.resumed) {
            let events = grow(draft, kind, text);
            follow(draft, &events);
            server.queue.extend(events);
            *written += 1;
        }
    }

    /// The reply's last item; the first to end it wins.
    pub fn ends(&mut self, server: &mut Server, status: Status) {
        let draft = self.truths.last_mut().expect("an epoch was begun");
        let end = ended(draft, status);
        follow(draft, std::slice::from_ref(&end));
        server.queue.push(end);
        server.written = None;
    }

    /// A person presses Continue, and the server reads the row.
    pub fn presses(&mut self, design: &Design, server: &mut Server, at: usize) -> bool {
        let row = &self.database.row;
        let as_seen = row.epoch == self.tabs[at].message.epoch && row.can_resume();
        let fine = row.status.is_final() && (as_seen || !design.has(Guard::CompareAndSet));
        if fine {
            self.budget.continues -= 1;
            server.pressed.push(row.clone());
        }
        fine
    }

    /// The reply enters the hub before its row is committed, unless one runs already.
    pub fn enters(&mut self, design: &Design, server: &mut Server, press: usize) {
        let message = server.pressed.remove(press);
        if server.running.is_none() {
            let seen = message.epoch;
            // Instead of a random number: never the same one twice.
            let is_unique = design.has(Guard::Nonce) && design.has(Guard::EpochBump);
            self.resumed += 1;
            let next = Epoch {
                counter: seen.counter + u32::from(design.has(Guard::EpochBump)),
                nonce: seen.nonce + if is_unique { self.resumed } else { 0 },
            };
            server.running = Some(Running::new(message.resumed(next), Some(seen)));
        }
    }

    /// The row is changed, and the reply runs. Or another Continue was faster, and it is withdrawn.
    pub fn resumes(&mut self, design: &Design, server: &mut Server) {
        let Some(running) = &mut server.running else { return };
        let seen = running.continues_from.filter(|_| design.has(Guard::CompareAndSet));
        if !self.database.resume(seen, running.message.epoch) {
            return server.leave();
        }
        running.continues_from = None;
        self.truths.push(running.message.clone());
        server.written = Some(0);
        wake(server, None);
    }

    pub fn commits(&mut self, server: &mut Server) {
        if let Some(batch) = &mut server.batch {
            self.database.commit(batch);
            batch.committed = true;
            finish(server);
        }
    }

    /// It may have succeeded. The same is tried again; without that guard it is taken as done.
    pub fn commit_is_unknown(&mut self, design: &Design, server: &mut Server, step: Step) {
        self.budget.unknown -= 1;
        if let Some(batch) = &mut server.batch {
            if step == Step::CommitsUnnoticed {
                self.database.commit(batch);
            }
            batch.committed = !design.has(Guard::Repetition);
        }
    }

    pub fn crashes(&mut self) {
        self.budget.crashes -= 1;
        self.server = None;
    }

    /// Recovery ends what was left open, before anybody can connect.
    pub fn starts(&mut self, design: &Design) {
        self.database.recover();
        let restored = self.is_restored(design);
        let row = &self.database.row;
        match self.truths.last_mut() {
            Some(draft) if draft.epoch == row.epoch && !restored => *draft = row.clone(),
            _ => self.truths.push(row.clone()),
        }
        self.server = Some(Server::new(self.tabs.len()));
    }

    pub fn restores(&mut self) {
        if let Some(backup) = self.backup.take() {
            self.budget.restores -= 1;
            self.server = None;
            self.database = *backup;
        }
    }

    /// Whether an earlier copy of the database was restored.
    pub fn is_restored(&self, design: &Design) -> bool {
        self.budget.restores < design.budget.restores
    }

    /// A page is requested. The one that was open, and its connection, are gone.
    pub fn loads(&mut self, design: &Design, server: &mut Server, at: usize) {
        let tab = &mut self.tabs[at];
        self.budget.reloads = self.budget.reloads.saturating_sub(u8::from(tab.page == Page::Open));
        server.sockets[at] = None;
        let half = if design.has(Guard::HubBeforeRow) {
            Half::Hub(seen(server))
        } else {
            Half::Row(Box::new(self.database.clone()))
        };
        tab.page = Page::Rendering(half);
    }

    pub fn renders(&mut self, server: &Server, at: usize) {
        let tab = &mut self.tabs[at];
        match std::mem::replace(&mut tab.page, Page::Open) {
            Page::Rendering(Half::Hub(hub)) => tab.opens(hub.as_deref(), &self.database),
            Page::Rendering(Half::Row(row)) => tab.opens(seen(server).as_deref(), &row),
            Page::Closed | Page::Open => {}
        }
    }

    pub fn runs_on_socket(&mut self, design: &Design, server: &mut Server, step: Step) {
        let (Step::Reads(at)
        | Step::Registers(at)
        | Step::Turns(at)
        | Step::Beats(at)
        | Step::SendsList(at)
        | Step::Receives(at)) = step
        else {
            return;
        };
        let (database, running) = (&self.database, server.running.as_ref());
        let Some(socket) = &mut server.sockets[at] else { return };
        let registers_first = design.has(Guard::RegisterFirst);
        match step {
            Step::Reads(_) => socket.reads(database, running, registers_first),
            Step::Registers(_) => socket.registers(database, running),
            Step::Turns(_) => socket.turns(database, running, registers_first, design.has(Guard::AwaitNextEpoch)),
            Step::Beats(_) => socket.beats(),
            Step::SendsList(_) => {
                socket.list_rev = database.rev;
                socket.to_page.push_back(Frame::MessageMeta(database.rev, database.row.epoch));
            }
            _ => {
                let tab = &mut self.tabs[at];
                let frame = match socket.to_page.pop_front() {
                    Some(Frame::Event(event)) if !design.has(Guard::ByteOffset) => {
                        Some(Frame::Event(misplaced(event, &tab.message)))
                    }
                    frame => frame,
                };
                socket.asked.extend(frame.and_then(|frame| tab.receives(design, frame)));
            }
        }
    }
}

/// Shows what the batch holds, and wakes all who follow it, except for one that misses it.
pub fn publishes(server: &mut Server, unnoticed_by: Option<usize>) {
    if let (Some(batch), Some(running)) = (&mut server.batch, &mut server.running) {
        running.publish(&batch.events);
        batch.published = true;
        wake(server, unnoticed_by);
        finish(server);
    }
}

fn wake(server: &mut Server, unnoticed_by: Option<usize>) {
    let sockets = server.sockets.iter_mut().enumerate().filter(|(at, _)| Some(*at) != unnoticed_by);
    sockets.filter_map(|(_, socket)| socket.as_mut()).for_each(|socket| socket.wakes());
}

/// Removes a batch that is committed and shown, and the reply if that was its end.
fn finish(server: &mut Server) {
    if let Some(batch) = server.batch.take_if(|batch| batch.committed && batch.published)
        && batch.last.is_some()
    {
        server.leave();
    }
}

/// The running message, if it may be seen.
fn seen(server: &Server) -> Option<Box<rivulet::message::Message>> {
    let open = server.running.as_ref().filter(|running| running.continues_from.is_none());
    open.map(|running| Box::new(running.message.clone()))
}
