//! What each step does.

use rivulet::message::{Epoch, Status};

use super::{
    database::{continued, ended},
    design::{Design, Guard},
    server::{Running, Server, follow, grow},
    socket::Frame,
    tab::{Half, Page, misplaced},
    world::{Step, World},
};

impl World {
    /// What the running reply has said in all.
    pub fn draft(&self) -> &rivulet::message::Message {
        self.truths.last().expect("an epoch was begun")
    }

    pub fn says(&mut self, design: &Design, server: &mut Server) {
        let Some(said) = server.said.as_mut() else { return };
        let draft = self.truths.last_mut().expect("an epoch was begun");
        if let Some((kind, text)) = design.words(*said, self.went_on) {
            let events = grow(draft, kind, text);
            follow(draft, &events);
            server.queue.extend(events);
            *said += 1;
        }
    }

    /// The reply's last item; the first to end it wins.
    pub fn ends(&mut self, server: &mut Server, status: Status) {
        let draft = self.truths.last_mut().expect("an epoch was begun");
        let end = ended(draft, status);
        follow(draft, std::slice::from_ref(&end));
        server.queue.push(end);
        server.said = None;
    }

    /// Continue, up to where the row was looked at.
    pub fn presses(&mut self, design: &Design, server: &mut Server, at: usize) -> bool {
        let row = &self.database.row;
        let as_seen = row.epoch == self.tabs[at].message.epoch && row.status.can_resume();
        let fine = row.status.is_final() && (as_seen || !design.has(Guard::CompareAndSet));
        if fine {
            self.luck.continues -= 1;
            server.pressed.push(row.clone());
        }
        fine
    }

    /// The reply enters the hub before its row is committed, unless one runs already.
    pub fn enters(&mut self, design: &Design, server: &mut Server, press: usize) {
        let message = server.pressed.remove(press);
        if server.running.is_none() {
            let seen = message.epoch;
            // A random number, as far as it matters: never the same twice.
            let unlike = design.has(Guard::Nonce) && design.has(Guard::EpochBump);
            self.went_on += 1;
            let next = Epoch {
                counter: seen.counter + u32::from(design.has(Guard::EpochBump)),
                nonce: seen.nonce + if unlike { self.went_on } else { 0 },
            };
            server.running = Some(Running::new(continued(&message, next), Some(seen)));
        }
    }

    /// The row says so: the reply opens and runs. Or somebody was faster, and it is withdrawn.
    pub fn goes_on(&mut self, design: &Design, server: &mut Server) {
        let Some(running) = &mut server.running else { return };
        let seen = running.opening.filter(|_| design.has(Guard::CompareAndSet));
        if !self.database.resume(seen, running.message.epoch) {
            return server.leave();
        }
        running.opening = None;
        self.truths.push(running.message.clone());
        server.said = Some(0);
        wake(server, None);
    }

    pub fn commits(&mut self, server: &mut Server) {
        if let Some(batch) = &mut server.batch {
            self.database.commit(batch);
            batch.committed = true;
            over(server);
        }
    }

    /// It may have gone through. The same is tried again; taken away, it counts as done.
    pub fn commit_is_unknown(&mut self, design: &Design, server: &mut Server, step: Step) {
        self.luck.unknown -= 1;
        if let Some(batch) = &mut server.batch {
            if step == Step::CommitsUnnoticed {
                self.database.commit(batch);
            }
            batch.committed = !design.has(Guard::Repetition);
        }
    }

    pub fn crashes(&mut self) {
        self.luck.crashes -= 1;
        self.server = None;
    }

    /// What was left open is ended before anybody is let in.
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
            self.luck.restores -= 1;
            self.server = None;
            self.database = *backup;
        }
    }

    /// Whether the database was put back.
    pub fn is_restored(&self, design: &Design) -> bool {
        self.luck.restores < design.luck.restores
    }

    /// A page is asked for. The one that was open, and its connection, are gone.
    pub fn loads(&mut self, design: &Design, server: &mut Server, at: usize) {
        let tab = &mut self.tabs[at];
        self.luck.reloads = self.luck.reloads.saturating_sub(u8::from(tab.page == Page::Open));
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

    pub fn goes_over_the_wire(&mut self, design: &Design, server: &mut Server, step: Step) {
        let (Step::Hears(at)
        | Step::Registers(at)
        | Step::Turns(at)
        | Step::Beats(at)
        | Step::Tells(at)
        | Step::Receives(at)) = step
        else {
            return;
        };
        let (database, running) = (&self.database, server.running.as_ref());
        let Some(socket) = &mut server.sockets[at] else { return };
        let joins_as_one = design.has(Guard::JoinAsOne);
        match step {
            Step::Hears(_) => socket.hears(database, running, joins_as_one),
            Step::Registers(_) => socket.registers(database, running),
            Step::Turns(_) => socket.turns(database, running, joins_as_one, design.has(Guard::Patience)),
            Step::Beats(_) => socket.beats(),
            Step::Tells(_) => {
                socket.told = database.rev;
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
                socket.asked.extend(frame.and_then(|frame| tab.receives(frame, !design.has(Guard::NewestEnd))));
            }
        }
    }
}

/// Shows what the batch holds, and wakes who follows it but for the one who does not hear.
pub fn publishes(server: &mut Server, unheard: Option<usize>) {
    if let (Some(batch), Some(running)) = (&mut server.batch, &mut server.running) {
        running.publish(&batch.events);
        batch.published = true;
        wake(server, unheard);
        over(server);
    }
}

fn wake(server: &mut Server, unheard: Option<usize>) {
    let sockets = server.sockets.iter_mut().enumerate().filter(|(at, _)| Some(*at) != unheard);
    sockets.filter_map(|(_, socket)| socket.as_mut()).for_each(|socket| socket.wakes());
}

/// A batch that is committed and shown is over, and with a reply's end the reply.
fn over(server: &mut Server) {
    if let Some(batch) = server.batch.take_if(|batch| batch.committed && batch.published)
        && batch.last.is_some()
    {
        server.leave();
    }
}

/// The running message, if it may be seen.
fn seen(server: &Server) -> Option<Box<rivulet::message::Message>> {
    let open = server.running.as_ref().filter(|running| running.opening.is_none());
    open.map(|running| Box::new(running.message.clone()))
}
