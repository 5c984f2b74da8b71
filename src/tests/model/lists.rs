//! A list between the database and pages, checked in every state that it can reach: every open page comes to have exactly
//! what the database has, whatever was restored.
//!
//! What decides is not described again: the server's `start` and `fitting`, the page's `Client` and `ListRows`. A guard
//! can be taken away; then the checker has to find a page that stays wrong.

#[path = "lists/database.rs"]
mod database;
#[path = "lists/steps.rs"]
mod steps;
#[path = "lists/tab.rs"]
mod tab;
#[path = "lists/world.rs"]
mod world;

use stateright::{Checker, HasDiscoveries, Model, Property};

use world::{Step, World};

const CONVERGE: &str = "every open page comes to have what the database has";

/// A rule that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// Each start of a server begins another lineage.
    NewLineage,
    /// A position of an earlier lineage is good only up to where the list stood at its end.
    EndOfLineage,
    /// A page names the highest rev of its rows, too, which answers may have brought before the list.
    Seen,
    /// Whoever has less than the floor loads the list anew.
    Floor,
    /// Counters and rows of an answer are read in one moment.
    OneMoment,
    /// Each row that a change touches has a rev of its own.
    OwnRev,
    /// A page takes only changes that lead on from where it is.
    From,
    /// It takes none that lead to where it was before.
    Stale,
    /// It takes those of another lineage only if the server has found all that it has in its past.
    Found,
    /// What is loaded anew replaces what was there.
    Replace,
    /// A row applies only if it is newer.
    NewerOnly,
    /// A page remembers which rows are gone.
    Tombstones,
    /// An answer is taken only into a list of its own lineage.
    SameLineage,
    /// An answer that was read before the list was loaded anew is not taken.
    ReadBefore,
}

/// How often each of these may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Budget {
    /// A row changes, in the window of the page or before it.
    changes: u8,
    /// All rows are deleted in one transaction: more than a frame takes.
    deletes: u8,
    /// Tombstones are removed.
    purges: u8,
    crashes: u8,
    /// An earlier copy takes the place of the database.
    restores: u8,
    cuts: u8,
    /// A tab sends something, and is answered aside of the list.
    sends: u8,
    /// A tab loads what stands before its window.
    earlier: u8,
    /// A tab leaves the list and comes back to it on the same connection.
    returns: u8,
}

struct Design {
    tabs: usize,
    budget: Budget,
    without: Option<Guard>,
}

impl Design {
    fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }
}

impl Model for Design {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        world.steps(steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut world = world.clone();
        world.take(self, step);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Design>> {
        vec![
            Property::always(CONVERGE, |design: &Design, world: &World| world.converges(design)),
            Property::sometimes("everything that may happen has happened", |_, world: &World| {
                world.budget == Budget::default()
            }),
        ]
    }
}

const NOTHING: Budget =
    Budget { changes: 0, deletes: 0, purges: 0, crashes: 0, restores: 0, cuts: 0, sends: 0, earlier: 0, returns: 0 };

/// Checks every state, and finds no page that stays wrong.
fn holds(tabs: usize, budget: Budget) {
    let checker = Design { tabs, budget, without: None }.checker().threads(2).spawn_bfs().join();
    println!("{} states, at most {} steps in a row", checker.unique_state_count(), checker.max_depth());
    assert!(checker.is_done(), "not every state was checked");
    checker.assert_properties();
}

/// Finds steps after which a page stays wrong, and none if the guard is there.
fn breaks(without: Guard, budget: Budget) {
    holds(1, budget);
    let found = HasDiscoveries::AnyOf([CONVERGE].into());
    let design = Design { tabs: 1, budget, without: Some(without) };
    let checker = design.checker().threads(2).finish_when(found).spawn_bfs().join();
    let steps = checker.assert_any_discovery(CONVERGE).into_actions();
    println!("{} states, until a page stayed wrong by {steps:?}", checker.unique_state_count());
}

const RESTORED: Budget = Budget { changes: 2, crashes: 1, restores: 1, ..NOTHING };
const SENT: Budget = Budget { sends: 1, crashes: 1, restores: 1, ..NOTHING };
const LATE: Budget = Budget { changes: 1, deletes: 1, earlier: 1, ..NOTHING };

#[test]
fn a_list_that_changes_while_connections_break() {
    holds(1, Budget { changes: 2, deletes: 1, cuts: 2, ..NOTHING });
}

#[test]
fn two_tabs_while_the_process_crashes() {
    holds(2, Budget { changes: 1, deletes: 1, crashes: 1, ..NOTHING });
}

#[test]
fn a_backup_that_is_restored_under_an_open_page() {
    holds(1, Budget { deletes: 1, ..RESTORED });
}

#[test]
fn a_backup_that_is_restored_under_two_open_pages() {
    holds(2, Budget { changes: 1, ..RESTORED });
}

#[test]
fn two_backups_that_are_restored() {
    holds(1, Budget { crashes: 2, restores: 2, ..RESTORED });
}

#[test]
fn a_backup_that_is_restored_while_something_is_sent() {
    holds(1, Budget { changes: 1, cuts: 1, ..SENT });
}

#[test]
fn tombstones_that_are_removed_while_a_page_is_away() {
    holds(1, Budget { deletes: 1, purges: 1, changes: 1, cuts: 1, earlier: 1, ..NOTHING });
}

#[test]
fn a_page_that_loads_what_is_earlier_while_the_list_changes() {
    holds(1, Budget { cuts: 1, crashes: 1, ..LATE });
}

#[test]
fn a_page_that_leaves_the_list_and_comes_back() {
    holds(1, Budget { changes: 2, returns: 1, cuts: 1, ..NOTHING });
}

#[test]
fn without_a_new_lineage_a_restored_backup_is_not_noticed() {
    breaks(Guard::NewLineage, RESTORED);
}

#[test]
fn without_the_end_of_a_lineage_its_lost_changes_count() {
    breaks(Guard::EndOfLineage, RESTORED);
}

#[test]
fn without_the_newest_row_a_lost_answer_stays() {
    breaks(Guard::Seen, SENT);
}

#[test]
fn without_the_floor_deleted_rows_stay() {
    breaks(Guard::Floor, Budget { deletes: 1, purges: 1, ..NOTHING });
}

#[test]
fn without_one_moment_a_tombstone_is_removed_between_two_reads() {
    breaks(Guard::OneMoment, Budget { deletes: 1, purges: 1, ..NOTHING });
}

#[test]
fn without_a_rev_of_its_own_a_row_is_lost_between_two_frames() {
    breaks(Guard::OwnRev, Budget { deletes: 1, ..NOTHING });
}

#[test]
fn without_from_a_frame_of_the_subscription_before_leaves_a_gap() {
    breaks(Guard::From, Budget { changes: 2, returns: 1, cuts: 1, ..NOTHING });
}

#[test]
fn without_leaving_out_stale_frames_a_page_goes_back() {
    breaks(Guard::Stale, Budget { changes: 2, returns: 1, cuts: 1, ..NOTHING });
}

#[test]
fn without_what_the_server_has_found_a_lost_answer_stays() {
    breaks(Guard::Found, SENT);
}

#[test]
fn without_replacing_lost_rows_stay() {
    breaks(Guard::Replace, SENT);
}

#[test]
fn without_comparing_revs_an_old_row_replaces_a_newer_one() {
    breaks(Guard::NewerOnly, LATE);
}

#[test]
fn without_tombstones_an_old_answer_brings_a_row_back() {
    breaks(Guard::Tombstones, LATE);
}

#[test]
fn without_its_lineage_a_lost_answer_is_taken() {
    breaks(Guard::SameLineage, SENT);
}

#[test]
fn without_the_time_of_loading_an_old_answer_brings_a_row_back() {
    breaks(Guard::ReadBefore, Budget { deletes: 1, purges: 1, earlier: 1, cuts: 1, ..NOTHING });
}
