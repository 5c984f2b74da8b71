//! The queue as a model, checked in every state that it can reach: what was queued is sent once, or waits, or was removed by
//! a person.
//!
//! Two tabs ask at any time, by what they saw; the server can be killed between any two steps. What becomes of a row, and
//! whether it may be sent, are the real functions of [`Wait`](rivulet::conversation::queue::Wait).

#[path = "queue/design.rs"]
mod design;
#[path = "queue/world.rs"]
mod world;

use rivulet::{conversation::queue::Sender, message::Status};
use stateright::{Checker, HasDiscoveries, Model, Property};

use design::{Budget, Design, Guard};
use world::{Request, Step, World, ended_early};

/// How many requests are on their way at a time: one of each tab.
const TABS: usize = 2;

const ONCE: &str = "what was queued is sent once, or waits, or was removed";
const ORDER: &str = "the server keeps the order";
const PLACE: &str = "no two rows follow the same reply";
const HELD: &str = "what waits for a reply that did not complete is held";
const WAITS: &str = "the server sends nothing before its reply has completed, and nobody while it runs";
const SENT: &str = "what is due is sent without anybody doing anything";
const EDITS: &str = "what was edited last is what waits, or is sent";
const STOPS: &str = "no reply is stopped that the person did not see";

impl Model for Design {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let mut may = |may: bool, step: Step| steps.extend(may.then_some(step));
        let budget = world.budget;
        let newest = world.replies.len() - 1;
        let may_ask = world.requests.len() < TABS;
        may(may_ask && budget.rows > 0, Step::Asks(Request::Queues { id: budget.rows, after: newest }));
        for row in world.rows.iter().filter(|_| may_ask) {
            let edit = Request::Edits { id: row.id, rev: row.rev, text: row.text | 1 << budget.edits };
            may(budget.edits > 0, Step::Asks(edit));
            may(budget.removals > 0, Step::Asks(Request::Removes { id: row.id }));
            let after = (0..=newest).find(|reply| world::id(*reply) == row.wait.after).expect("a reply");
            may(budget.sends > 0, Step::Asks(Request::SendsNow { id: row.id, after }));
        }
        let Some(tasks) = &world.tasks else { return may(true, Step::Starts) };
        for at in 0..world.requests.len() {
            may(true, Step::Arrives(at));
            may(budget.repeats > 0, Step::Repeats(at));
        }
        for (at, reply) in world.replies.iter().enumerate() {
            let runs = !reply.status.is_final();
            may(runs, Step::Completes(at));
            may(runs && budget.failures > 0, Step::Fails(at));
            may(!runs && budget.retries > 0, Step::Retries(at));
            may(ended_early(reply.status) && budget.continues > 0, Step::Continues(at));
        }
        (0..tasks.len()).for_each(|at| may(true, Step::Does(at)));
        may(budget.crashes > 0, Step::Crashes);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut world = world.clone();
        world.takes(self, step);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Design>> {
        let mut properties = vec![
            Property::<Design>::always(ONCE, |_, world: &World| world.has_each_once()),
            Property::always(ORDER, |_, world: &World| world.is_in_order()),
            Property::always(HELD, |_, world: &World| {
                world.rows.iter().all(|row| row.wait.held || !ended_early(world.status_after(row.wait)))
            }),
            Property::always(WAITS, |_, world: &World| {
                world.sent.iter().all(|sent| match sent.sender {
                    Sender::Server => !sent.was_held && sent.after == Status::Completed,
                    Sender::Person => sent.after.is_final(),
                })
            }),
            Property::always(SENT, |_, world: &World| {
                !world.is_idle() || !world.rows.iter().any(|row| row.is_expected)
            }),
            Property::always(EDITS, |_, world: &World| world.has_edits()),
            Property::always(STOPS, |_, world: &World| !world.stopped_another),
            Property::sometimes("everything was sent", |design: &Design, world: &World| {
                world.sent.len() == usize::from(design.budget.rows) && world.is_idle()
            }),
        ];
        // One may continue or retry what something follows already: then its rows become siblings of that.
        if self.budget.continues + self.budget.retries == 0 {
            properties.push(Property::always(PLACE, |_, world: &World| {
                let parents = world.sent.iter().map(|sent| sent.parent);
                (0..world.replies.len()).all(|reply| parents.clone().filter(|parent| *parent == reply).count() <= 1)
            }));
        }
        properties
    }
}

impl World {
    fn has_each_once(&self) -> bool {
        self.accepted.iter().all(|(id, _)| {
            let sent = self.sent.iter().filter(|sent| sent.id == *id).count();
            let waits = self.rows.iter().filter(|row| row.id == *id).count();
            sent + waits + self.removed.iter().filter(|removed| *removed == id).count() == 1
        })
    }

    /// What the server sent on a branch is in the order in which it was queued.
    fn is_in_order(&self) -> bool {
        let queued_at = |id: u8| self.accepted.iter().position(|(accepted, _)| *accepted == id);
        let by_server = || self.sent.iter().filter(|sent| sent.sender == Sender::Server);
        by_server().all(|later| {
            let above = self.above(later.parent);
            by_server().all(|earlier| !above.contains(&earlier.id) || queued_at(earlier.id) < queued_at(later.id))
        })
    }

    /// The messages of the queue on the branch that ends with a reply.
    fn above(&self, mut reply: usize) -> Vec<u8> {
        let mut above = vec![];
        while let Some(id) = self.replies[reply].answers {
            above.push(id);
            let Some(sent) = self.sent.iter().find(|sent| sent.id == id) else { break };
            reply = sent.parent;
        }
        above
    }

    fn has_edits(&self) -> bool {
        self.accepted.iter().all(|(id, edits)| {
            let rows = self.rows.iter().filter(|row| row.id == *id).map(|row| row.text);
            let sent = self.sent.iter().filter(|sent| sent.id == *id).map(|sent| sent.text);
            rows.chain(sent).all(|text| text == *edits)
        })
    }

    /// Whether nothing happens any more unless somebody does something.
    fn is_idle(&self) -> bool {
        self.tasks.as_ref().is_some_and(Vec::is_empty) && self.replies.iter().all(|reply| reply.status.is_final())
    }
}

/// Checks every state, and finds no property broken.
fn holds(budget: Budget) {
    let checker = Design { budget, without: None }.checker().threads(2).spawn_bfs().join();
    println!("{} states, {} steps between them", checker.unique_state_count(), checker.state_count());
    assert!(checker.is_done(), "not every state was checked");
    checker.assert_properties();
}

/// Finds steps that break the property.
fn breaks(property: &'static str, guard: Guard, budget: Budget) {
    let found = HasDiscoveries::AnyOf([property].into());
    let design = Design { budget, without: Some(guard) };
    let checker = design.checker().threads(2).finish_when(found).spawn_bfs().join();
    let Some(path) = checker.discovery(property) else { panic!("without {guard:?} \"{property}\" holds") };
    println!("without {guard:?} \"{property}\" is broken by {:?}", path.into_actions());
}

const NOTHING: Budget =
    Budget { rows: 2, edits: 0, removals: 0, sends: 0, repeats: 0, failures: 0, retries: 0, continues: 0, crashes: 0 };

#[test]
fn a_queue_that_is_edited_removed_and_repeated_over_a_crash() {
    holds(Budget { edits: 2, removals: 1, repeats: 1, crashes: 1, ..NOTHING });
}

#[test]
fn a_queue_whose_reply_fails_is_retried_and_continued_over_a_crash() {
    holds(Budget { failures: 1, retries: 1, continues: 1, crashes: 1, ..NOTHING });
}

#[test]
fn a_queue_that_two_tabs_send_now_over_a_crash() {
    holds(Budget { sends: 2, failures: 1, crashes: 1, ..NOTHING });
}

#[test]
fn a_queue_that_is_sent_now_while_its_reply_is_continued() {
    holds(Budget { sends: 1, edits: 1, removals: 1, continues: 1, ..NOTHING });
}

#[test]
fn three_rows_and_two_crashes() {
    holds(Budget { rows: 3, crashes: 2, ..NOTHING });
}

#[test]
fn each_guard_of_the_queue_taken_away_is_found() {
    for (guard, property, budget) in [
        (Guard::DeleteWithInsert, ONCE, NOTHING),
        (Guard::MoveWithInsert, PLACE, Budget { crashes: 1, ..NOTHING }),
        (Guard::RowCount, ONCE, NOTHING),
        (Guard::CompareRows, EDITS, Budget { edits: 1, ..NOTHING }),
        (Guard::CheckStatus, WAITS, Budget { sends: 1, continues: 1, ..NOTHING }),
        (Guard::HoldWithEnd, HELD, Budget { failures: 1, ..NOTHING }),
        (Guard::TakeAlong, SENT, Budget { failures: 1, retries: 1, ..NOTHING }),
        (Guard::TakeAlong, SENT, Budget { failures: 1, continues: 1, ..NOTHING }),
        (Guard::InOrder, ORDER, NOTHING),
        (Guard::LookAtEnd, SENT, NOTHING),
        (Guard::LookWhenQueued, SENT, NOTHING),
        (Guard::LookAtStart, SENT, Budget { crashes: 1, ..NOTHING }),
        (Guard::Tombstone, ONCE, Budget { removals: 1, repeats: 1, ..NOTHING }),
        (Guard::SentId, ONCE, Budget { repeats: 1, sends: 1, continues: 1, ..NOTHING }),
        (Guard::NotFollowed, PLACE, NOTHING),
        (Guard::CompareEdits, EDITS, Budget { edits: 2, ..NOTHING }),
        (Guard::NamedReply, STOPS, Budget { sends: 1, ..NOTHING }),
    ] {
        breaks(property, guard, budget);
    }
}
