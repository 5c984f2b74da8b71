//! The committer and a database whose connection can be lost at any step, perhaps for one to a copy that lacks the last
//! commits: two replies, folding, sweeping, commits that succeed unnoticed or fail. It calls the real [`missing`],
//! [`replay`], [`Rows`] and `Message`; the database does what the store's transactions do.
//!
//! Law: what was shown is stored, once and in order; only from the moment in which such a copy takes over until the next
//! commit that is known to have succeeded, with which it is stored again and before which nothing newer is shown.

use std::{collections::BTreeMap, time::Duration};

use rivulet::{
    ids::{MessageId, mint},
    message::{Change, End, Epoch, Event, Kind, Message, Outcome, Role, Status},
    reply::journal::{
        missing, replay,
        rows::{FOLD_AFTER, Rows, Sweep},
    },
};
use stateright::{Checker, HasDiscoveries, Model, Property};

/// How much of each reply comes: a part with a text, so much more text, and the end.
const STEPS: [usize; 2] = [3, 2];
/// How many commits a copy may lack.
const LAG: usize = 2;
/// How often something fails.
const FAULTS: u8 = 2;
/// How often a minute passes.
const MINUTES: u8 = 1;
const KEPT: &str = "what was shown is stored, once and in order";

/// The committer's guards; the checker has to find what breaks without each of them.
#[derive(Clone, Copy)]
struct Design {
    /// What is committed is shown, and nothing else.
    commits_first: bool,
    /// After an error the database is asked how far it is.
    asks: bool,
    /// What is asked for and written again is that of all running replies, not only of those that have something new.
    repairs_quiet: bool,
    /// It is that of replies, too, whose end a copy may lack.
    remembers_ended: bool,
    /// A batch that was stored unnoticed is not written again.
    counts_unnoticed: bool,
    /// What is written again has rows of its own.
    numbers_anew: bool,
    /// Folds, ends and sweeps may be undone: what they gave up is needed again.
    goes_back: bool,
}

const REAL: Design = Design {
    commits_first: true,
    asks: true,
    repairs_quiet: true,
    remembers_ended: true,
    counts_unnoticed: true,
    numbers_anew: true,
    goes_back: true,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    rows: Rows<u8>,
    minute: u8,
    faults: u8,
    database: Database,
    /// As it was before each of the last commits.
    copies: Vec<Database>,
    /// A copy that lacked something has taken over, and no commit is known to have succeeded since.
    is_behind: bool,
    is_unsure: bool,
    replies: [Reply; 2],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Database {
    messages: [Message; 2],
    /// Whose each row is, with part, byte and body.
    journal: BTreeMap<i64, (usize, (i64, i64, String))>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Reply {
    /// How many of its steps have come, and are in a batch or shown.
    came: usize,
    taken: usize,
    /// As the hub and its readers have it.
    shown: Message,
    batch: Option<Batch>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Batch {
    seq: i64,
    events: Vec<Event>,
    new: Vec<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Comes(usize),
    /// All that waits is committed, and the committer is notified.
    Commits,
    /// The connection is lost: the commit succeeds, but the committer is notified of a failure; or it fails.
    LosesConnection {
        succeeds: bool,
    },
    /// The connection is lost, and the next one is to a copy that lacks so many commits.
    FailsOver(usize),
    Folds(usize),
    Sweeps,
    MinutePasses,
}

struct Committer {
    design: Design,
    ids: [MessageId; 2],
}

impl Committer {
    fn new(design: Design) -> Committer {
        Committer { design, ids: [mint(), mint()] }
    }

    /// What comes of a reply in one step.
    fn step(&self, of: usize, step: usize, message: &Message) -> Vec<Event> {
        let mut at = message.position();
        match step {
            0 => vec![at.begin_part(Kind::Text, 0), at.grow("é".into())],
            _ if step + 1 < STEPS[of] => vec![at.grow("b".into())],
            _ => vec![at.end(End {
                status: Status::Completed,
                stop_reason: None,
                ended_at: 1,
                error: None,
                usage: None,
            })],
        }
    }

    /// Puts into batches what has come, unless one is under way already.
    fn takes(&self, world: &mut World) {
        if world.replies.iter().any(|reply| reply.batch.is_some()) {
            return;
        }
        for of in 0..2 {
            let (rows, minute) = (&mut world.rows, world.minute);
            let reply = &mut world.replies[of];
            let mut whole = reply.shown.clone();
            let mut events = vec![];
            for step in reply.taken..reply.came {
                let step = self.step(of, step, &whole);
                applies(&mut whole, &step);
                events.extend(step);
            }
            if !events.is_empty() {
                reply.taken = reply.came;
                let seq = rows.number(self.ids[of], events.len(), minute);
                reply.batch = Some(Batch { seq, new: events.clone(), events });
            }
        }
    }

    /// What the committer does before the next commit when it is unsure.
    fn finds_out(&self, world: &mut World) {
        let stored = [0, 1].map(|of| world.database.recovered(of).unwrap_or(world.database.messages[of].clone()));
        let remembered = [0, 1].map(|of| self.remembers(world, of));
        if self.design.goes_back {
            let open = (0..2).filter(|of| remembered[*of] && !stored[*of].status.is_final()).map(|of| self.ids[of]);
            let first = world.database.journal.keys().next().copied();
            world.rows.go_back(first, open, world.minute);
        }
        for of in 0..2 {
            let reply = &mut world.replies[of];
            if reply.batch.is_none() && !(remembered[of] && self.design.repairs_quiet) {
                continue;
            }
            let is_quiet = reply.batch.is_none();
            let batch = reply.batch.take().unwrap_or(Batch { seq: 0, events: vec![], new: vec![] });
            let mut whole = reply.shown.clone();
            applies(&mut whole, &batch.new);
            let stored = stored[of].position();
            let mut events = missing(&whole, &stored).expect("an earlier state");
            let mut is_anew = events != batch.events && self.design.numbers_anew;
            if !self.design.counts_unnoticed && events.is_empty() {
                (events, is_anew) = (batch.new.clone(), true);
            }
            let seq = if is_anew { world.rows.number(self.ids[of], events.len(), world.minute) } else { batch.seq };
            // One that was under way stays, though all of it is stored by now: with it the reply's rows are given up.
            let lacks_nothing = events.is_empty();
            reply.batch = (!is_quiet || !lacks_nothing).then_some(Batch { seq, events, new: batch.new });
        }
        world.is_unsure = false;
    }

    /// Whether the committer can still write a reply again: it runs, or a copy may lack its end.
    fn remembers(&self, world: &World, of: usize) -> bool {
        let lacks_end = world.copies.iter().chain([&world.database]).any(|copy| !copy.messages[of].status.is_final());
        !world.replies[of].shown.status.is_final() || self.design.remembers_ended && lacks_end
    }

    fn commits(&self, world: &mut World, succeeds: bool, is_notified: bool) {
        self.takes(world);
        if world.is_unsure && self.design.asks {
            self.finds_out(world);
        }
        let whole = [0, 1].map(|of| {
            let reply = &world.replies[of];
            let mut whole = reply.shown.clone();
            reply.batch.iter().for_each(|batch| applies(&mut whole, &batch.new));
            whole
        });
        let ends = |of: &usize| world.replies[*of].batch.is_some() && whole[*of].status.is_final();
        let ending: Vec<MessageId> = (0..2).filter(ends).map(|of| self.ids[of]).collect();
        let sweep = world.rows.sweep(&ending, 1);
        if succeeds {
            world.keeps_a_copy();
            for (of, whole) in whole.iter().enumerate() {
                if let Some(batch) = &world.replies[of].batch {
                    world.database.writes(of, batch, whole);
                }
            }
            sweep.iter().for_each(|sweep| self.removes(world, sweep));
        }
        world.is_unsure = !is_notified;
        if is_notified {
            world.is_behind = false;
            sweep.iter().for_each(|sweep| world.rows.swept(sweep));
            ending.into_iter().for_each(|id| world.rows.close(id));
        }
        if is_notified || !self.design.commits_first {
            for (reply, whole) in world.replies.iter_mut().zip(whole) {
                reply.shown = whole;
                reply.batch = None;
            }
        }
    }

    fn removes(&self, world: &mut World, sweep: &Sweep) {
        world.database.journal.retain(|seq, (of, _)| {
            let id = self.ids[*of];
            !sweep.rows.contains(seq) || sweep.only.is_some_and(|only| only != id) || sweep.except.contains(&id)
        });
    }
}

fn applies(message: &mut Message, events: &[Event]) {
    for event in events {
        assert_eq!(message.apply(event.clone()), Outcome::Applied, "{event:?} to {message:?}");
    }
}

impl World {
    /// Before a commit that succeeds.
    fn keeps_a_copy(&mut self) {
        self.copies.push(self.database.clone());
        if self.copies.len() > LAG {
            self.copies.remove(0);
        }
    }
}

impl Database {
    /// One reply's part of a transaction, which is safe to repeat.
    fn writes(&mut self, of: usize, batch: &Batch, whole: &Message) {
        if self.messages[of].status.is_final() {
            return;
        }
        if whole.status.is_final() {
            self.messages[of] = whole.clone();
            return;
        }
        for (seq, event) in (batch.seq..).zip(&batch.events) {
            let row = match &event.change {
                Change::Part(birth) => {
                    (birth.part as i64, -1, serde_json::to_string(birth).expect("a birth that can be written"))
                }
                Change::Text(text) => (text.part as i64, text.at as i64, text.text.clone()),
                _ => continue,
            };
            self.journal.entry(seq).or_insert((of, row));
        }
    }

    /// What recovery would make of a message's row and journal. `None` if there is a gap, or something twice.
    fn recovered(&self, of: usize) -> Option<Message> {
        let row = &self.messages[of];
        let mut message = row.clone();
        if row.status.is_final() {
            return Some(message);
        }
        for (_, entry) in self.journal.values().filter(|(whose, _)| *whose == of) {
            let before = message.position();
            // A folded row has what is in the journal, too.
            let is_new = replay(&mut message, [entry.clone()]) && message.position() != before;
            if !is_new && !has(row, entry) {
                return None;
            }
        }
        Some(message)
    }
}

/// Whether a message has all of a journal's row.
fn has(message: &Message, (part, at, body): &(i64, i64, String)) -> bool {
    let part = message.parts.get(*part as usize);
    part.is_some_and(|part| *at < 0 || part.text.len() >= *at as usize + body.len())
}

/// Whether all that was shown of a reply is stored.
fn is_kept(world: &World, of: usize) -> bool {
    let shown = &world.replies[of].shown;
    world.database.recovered(of).is_some_and(|recovered| {
        let mut reader = shown.clone();
        match missing(&recovered, &shown.position()) {
            Some(events) => applies(&mut reader, &events),
            None => return false,
        }
        // A fold leaves the status as it was.
        reader.parts == recovered.parts && reader.position() == recovered.position()
    })
}

impl Model for Committer {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let epoch = Epoch { counter: 1, nonce: 1 };
        let messages = self.ids.map(|id| Message { epoch, ..Message::unseen(id, Role::Assistant) });
        let replies = messages.clone().map(|shown| Reply { came: 0, taken: 0, shown, batch: None });
        vec![World {
            rows: Rows::default(),
            minute: 0,
            faults: 0,
            database: Database { messages, journal: BTreeMap::new() },
            copies: vec![],
            is_behind: false,
            is_unsure: false,
            replies,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let comes = |of: &usize| world.replies[*of].came < STEPS[*of];
        actions.extend((0..2).filter(comes).map(Action::Comes));
        let waits = |reply: &Reply| reply.taken < reply.came || reply.batch.is_some();
        if world.is_unsure || world.replies.iter().any(waits) {
            actions.push(Action::Commits);
            if world.faults < FAULTS {
                actions.extend([true, false].map(|succeeds| Action::LosesConnection { succeeds }));
            }
        }
        if world.faults < FAULTS {
            actions.extend((1..=world.copies.len()).map(Action::FailsOver));
        }
        // Neither while an outcome is unknown.
        if !world.is_unsure && world.replies.iter().all(|reply| reply.batch.is_none()) {
            let old = world.rows.to_fold(|since| if world.minute > since { FOLD_AFTER } else { Duration::ZERO });
            actions.extend((0..2).filter(|of| old.contains(&self.ids[*of])).map(Action::Folds));
            actions.extend(world.rows.sweep(&[], 1).map(|_| Action::Sweeps));
        }
        if world.minute < MINUTES {
            actions.push(Action::MinutePasses);
        }
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        match action {
            Action::Comes(of) => world.replies[of].came += 1,
            Action::Commits => self.commits(&mut world, true, true),
            Action::LosesConnection { succeeds } => {
                world.faults += 1;
                self.commits(&mut world, succeeds, false);
            }
            Action::FailsOver(lacks) => {
                world.faults += 1;
                let at = world.copies.len() - lacks;
                world.database = world.copies.remove(at);
                world.copies.truncate(at);
                (world.is_behind, world.is_unsure) = (true, true);
            }
            Action::Folds(of) => {
                world.keeps_a_copy();
                let shown = &world.replies[of].shown;
                world.database.messages[of].parts.clone_from(&shown.parts);
                world.rows.fold(self.ids[of], world.minute);
            }
            Action::Sweeps => {
                let sweep = world.rows.sweep(&[], 1)?;
                world.keeps_a_copy();
                self.removes(&mut world, &sweep);
                world.rows.swept(&sweep);
            }
            Action::MinutePasses => world.minute += 1,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(KEPT, |_, world: &World| world.is_behind || (0..2).all(|of| is_kept(world, of))),
            Property::always("nothing stays when all are over", |_, world: &World| {
                let is_over = world.replies.iter().all(|reply| reply.shown.status.is_final());
                let is_settled = !world.is_unsure && world.rows.sweep(&[], 1).is_none();
                !is_over || !is_settled || world.database.journal.is_empty()
            }),
            Property::sometimes("a copy lacks what was shown", |_, world: &World| !is_kept(world, 0)),
            Property::sometimes("a copy lacks the end of a reply", |_, world: &World| {
                world.replies[1].shown.status.is_final() && !world.database.messages[1].status.is_final()
            }),
            Property::sometimes("a copy lacks a fold and the sweep after it", |_, world: &World| {
                world.is_behind && world.rows.is_empty() && !world.database.journal.is_empty()
            }),
        ]
    }
}

#[test]
fn what_was_shown_is_stored_after_every_lost_connection() {
    let checker = Committer::new(REAL).checker().threads(2).spawn_bfs().join();
    println!("{} states, at most {} steps in a row", checker.unique_state_count(), checker.max_depth());
    assert!(checker.is_done(), "not every state was checked");
    checker.assert_properties();
}

#[test]
fn each_guard_left_out_is_found() {
    for (guard, design) in [
        ("what is not committed is shown", Design { commits_first: false, ..REAL }),
        ("nobody asks how far the database is", Design { asks: false, ..REAL }),
        ("only what has something new is repaired", Design { repairs_quiet: false, ..REAL }),
        ("a reply that has ended is forgotten", Design { remembers_ended: false, ..REAL }),
        ("what was stored unnoticed is written again", Design { counts_unnoticed: false, ..REAL }),
        ("what is written again takes the rows of others", Design { numbers_anew: false, ..REAL }),
        ("what a lost fold gave up is removed", Design { goes_back: false, ..REAL }),
    ] {
        let found = HasDiscoveries::AnyOf([KEPT].into());
        let checker = Committer::new(design).checker().threads(2).finish_when(found).spawn_bfs().join();
        let steps = checker.discovery(KEPT).map(|path| path.into_actions());
        println!("{guard}: {steps:?}");
        assert!(steps.is_some(), "{guard}, and nothing breaks");
    }
}
