//! The committer as a model: two replies, a database that refuses, fails or leaves the outcome unknown, folding, sweeping,
//! and a crash at any moment. It calls the real [`Rows`]; the database does what the store's transactions do.
//!
//! Law: what was shown is in the message's own row, or continues it in the journal's rows without a gap.

#[path = "committer/lost_connection.rs"]
mod lost_connection;

use std::{collections::BTreeMap, time::Duration};

use rivulet::{
    ids::{MessageId, mint},
    reply::journal::rows::{FOLD_AFTER, Rows, Sweep},
};
use stateright::{Checker, Model, Property};

/// How many characters each reply has.
const CHARACTERS: usize = 2;
/// How often a minute passes.
const MINUTES: u8 = 1;
/// How often a commit succeeds although the committer is notified of a failure.
const UNNOTICED: u8 = 2;

/// The committer's guards; the checker has to find what breaks without each of them.
#[derive(Clone, Copy)]
struct Design {
    /// A reply that is refused is set aside, rather than closed.
    sets_aside: bool,
    /// Rows are given up for a fold only once the message's row is written.
    folds_first: bool,
    /// A sweep spares the rows of replies that were set aside.
    spares: bool,
    /// A repeated commit has the same rows.
    repeats_the_same: bool,
}

const REAL: Design = Design { sets_aside: true, folds_first: true, spares: true, repeats_the_same: true };

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    rows: Rows<u8>,
    minute: u8,
    unnoticed: u8,
    database: Database,
    replies: [Reply; 2],
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Database {
    /// The rows of the journal: each has a reply's character.
    journal: BTreeMap<i64, (usize, usize)>,
    /// How many characters each message's own row has, and whether it is final.
    messages: [(usize, bool); 2],
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Reply {
    /// How many characters the provider has written, and how many were shown.
    came: usize,
    shown: usize,
    over: bool,
    aside: bool,
    /// The row of the next character, if it was tried already.
    tried: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    Comes(usize),
    /// The next character is committed, or the end if there is none.
    Commits(usize),
    /// The same, but the committer is notified of a failure.
    CommitsUnnoticed(usize),
    /// The database refuses this reply's rows.
    IsRefused(usize),
    /// The end of a reply that was set aside is written, with what was shown.
    EndsEarly(usize),
    /// The reply is folded: its row is written with what it has, or that fails.
    Folds(usize, bool),
    Sweeps,
    MinutePasses,
}

struct Committer {
    design: Design,
    ids: [MessageId; 2],
}

impl Committer {
    /// The rows that may be removed, as the committer asks before its transaction.
    fn sweep(&self, rows: &Rows<u8>, ending: &[MessageId]) -> Option<Sweep> {
        let mut sweep = rows.sweep(ending, 1)?;
        if !self.design.spares {
            sweep.except.clear();
        }
        Some(sweep)
    }

    fn removes(&self, world: &mut World, sweep: &Sweep) {
        world.database.journal.retain(|seq, (of, _)| {
            let id = self.ids[*of];
            !sweep.rows.contains(seq) || sweep.only.is_some_and(|only| only != id) || sweep.except.contains(&id)
        });
    }

    /// One durable transaction, of which the committer is notified or not.
    fn commits(&self, world: &mut World, of: usize, is_notified: bool) {
        let reply = &world.replies[of];
        let id = self.ids[of];
        let ends = reply.shown == CHARACTERS;
        let seq = match reply.tried.filter(|_| self.design.repeats_the_same) {
            Some(seq) => seq,
            None => world.rows.number(id, 1, world.minute),
        };
        let ending: &[MessageId] = if ends { &[id] } else { &[] };
        let sweep = self.sweep(&world.rows, ending);
        if ends {
            world.database.messages[of] = (CHARACTERS, true)
        } else {
            world.database.journal.entry(seq).or_insert((of, reply.shown));
        }
        if let Some(sweep) = &sweep {
            self.removes(world, sweep);
        }
        if !is_notified {
            world.replies[of].tried = Some(seq);
            return;
        }
        if let Some(sweep) = &sweep {
            world.rows.swept(sweep);
        }
        let reply = &mut world.replies[of];
        reply.tried = None;
        if ends {
            reply.over = true;
            world.rows.close(id);
        } else {
            reply.shown += 1
        }
    }

    fn ends_early(&self, world: &mut World, of: usize) {
        let id = self.ids[of];
        let sweep = self.sweep(&world.rows, &[id]);
        world.database.messages[of] = (world.replies[of].shown, true);
        if let Some(sweep) = &sweep {
            self.removes(world, sweep);
            world.rows.swept(sweep);
        }
        world.rows.set_aside(id, false);
        world.rows.close(id);
        (world.replies[of].aside, world.replies[of].over) = (false, true);
    }
}

impl Model for Committer {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            rows: Rows::default(),
            minute: 0,
            unnoticed: 0,
            database: Database::default(),
            replies: Default::default(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (of, reply) in world.replies.iter().enumerate().filter(|(_, reply)| !reply.over) {
            if reply.came < CHARACTERS {
                actions.push(Action::Comes(of));
            }
            let waits = reply.shown < reply.came || reply.shown == CHARACTERS;
            if waits && !reply.aside {
                actions.extend([Action::Commits(of), Action::IsRefused(of)]);
                actions.extend((world.unnoticed < UNNOTICED).then_some(Action::CommitsUnnoticed(of)));
            }
            if reply.aside {
                actions.push(Action::EndsEarly(of));
            }
            let old = world.rows.to_fold(|since| if world.minute > since { FOLD_AFTER } else { Duration::ZERO });
            if old.contains(&self.ids[of]) && reply.tried.is_none() {
                actions.extend([Action::Folds(of, true), Action::Folds(of, false)]);
            }
        }
        if self.sweep(&world.rows, &[]).is_some() {
            actions.push(Action::Sweeps);
        }
        if world.minute < MINUTES {
            actions.push(Action::MinutePasses);
        }
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        match action {
            Action::Comes(of) => world.replies[of].came += 1,
            Action::Commits(of) => self.commits(&mut world, of, true),
            Action::CommitsUnnoticed(of) => {
                world.unnoticed += 1;
                self.commits(&mut world, of, false);
            }
            Action::IsRefused(of) => {
                let id = self.ids[of];
                if world.replies[of].tried.is_none() && world.replies[of].shown < CHARACTERS {
                    world.replies[of].tried = Some(world.rows.number(id, 1, world.minute));
                }
                if self.design.sets_aside {
                    world.rows.set_aside(id, true)
                } else {
                    world.rows.close(id)
                }
                world.replies[of].aside = true;
            }
            Action::EndsEarly(of) => self.ends_early(&mut world, of),
            Action::Folds(of, is_written) => {
                if is_written {
                    world.database.messages[of].0 = world.replies[of].shown;
                }
                if is_written || !self.design.folds_first {
                    world.rows.fold(self.ids[of], world.minute);
                }
            }
            Action::Sweeps => {
                let sweep = self.sweep(&world.rows, &[])?;
                self.removes(&mut world, &sweep);
                world.rows.swept(&sweep);
            }
            Action::MinutePasses => world.minute += 1,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what was shown is kept, once", |_, world: &World| (0..2).all(|of| is_kept(world, of))),
            Property::sometimes("one is set aside and the rows of the other go", |_, world: &World| {
                world.replies[0].aside && world.replies[0].shown > 0 && world.replies[1].over && {
                    world.database.journal.values().all(|(of, _)| *of == 0)
                }
            }),
            Property::sometimes("rows go though an older reply has not ended", |_, world: &World| {
                !world.replies[0].over && world.replies[0].shown == 1 && world.database.journal.is_empty()
            }),
            Property::always("nothing stays when all are over", |committer: &Committer, world: &World| {
                !world.replies.iter().all(|reply| reply.over)
                    || committer.sweep(&world.rows, &[]).is_some()
                    || world.database.journal.is_empty()
            }),
        ]
    }
}

/// Whether recovery would make a message of row and journal that has all that was shown, and nothing twice.
fn is_kept(world: &World, of: usize) -> bool {
    let (mut kept, is_final) = world.database.messages[of];
    if !is_final {
        for (_, character) in world.database.journal.values().filter(|(whose, _)| *whose == of) {
            match *character {
                next if next == kept => kept += 1,
                // It is in the message's row already.
                before if before < kept && before < world.database.messages[of].0 => {}
                _ => return false,
            }
        }
    }
    kept >= world.replies[of].shown
}

fn committer(design: Design) -> Committer {
    Committer { design, ids: [mint(), mint()] }
}

#[test]
fn what_was_shown_is_kept_in_every_order() {
    let checker = committer(REAL).checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 1_000, "{} states", checker.unique_state_count());
}

#[test]
fn each_guard_left_out_is_found() {
    for (guard, design) in [
        ("a refused reply is closed", Design { sets_aside: false, ..REAL }),
        ("rows go before the fold is written", Design { folds_first: false, ..REAL }),
        ("a sweep takes the rows of who was set aside", Design { spares: false, ..REAL }),
        ("what is tried again gets new rows", Design { repeats_the_same: false, ..REAL }),
    ] {
        let checker = committer(design).checker().threads(2).spawn_bfs().join();
        assert!(checker.discovery("what was shown is kept, once").is_some(), "{guard}, and nothing breaks");
    }
}
