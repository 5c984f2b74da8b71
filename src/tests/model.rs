//! The design as a model, checked in every state that it can reach: what a tab shows is always a prefix of the truth.
//!
//! The data flow is described again as steps that can happen in any order, with faults between them. Messages are not
//! described again: they grow by the real `Message::next` and `Message::apply`. A guard can be taken away; then the
//! checker has to find how the promise is broken.

#[path = "model/copies.rs"]
mod copies;
#[path = "model/database.rs"]
mod database;
#[path = "model/design.rs"]
mod design;
#[path = "model/lists.rs"]
mod lists;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/queue.rs"]
mod queue;
#[path = "model/server.rs"]
mod server;
#[path = "model/socket.rs"]
mod socket;
#[path = "model/steps.rs"]
mod steps;
#[path = "model/tab.rs"]
mod tab;
#[path = "model/world.rs"]
mod world;

use stateright::{Checker, HasDiscoveries, Model};

use design::{ALIKE, Budget, Design, Guard, NONE, SHORT};
use properties::{CONVERGE, DURABLE, FINAL, FORWARD, PREFIX};

/// Checks every state, and finds no property broken.
fn holds(design: Design) {
    let checker = design.checker().threads(2).spawn_bfs().join();
    let (different, taken) = (checker.unique_state_count(), checker.state_count());
    println!("{different} states, {taken} steps between them, at most {} in a row", checker.max_depth());
    assert!(checker.is_done(), "not every state was checked");
    checker.assert_properties();
}

/// Finds steps that break the property.
fn breaks(property: &'static str, design: Design) {
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = design.checker().threads(2).finish_when(found).spawn_bfs().join();
    let steps = checker.assert_any_discovery(property).into_actions();
    println!("{} states, until \"{property}\" was broken by {steps:?}", checker.unique_state_count());
}

const NOTHING: Budget = Budget {
    crashes: 0,
    cuts: 0,
    lost_wakes: 0,
    unknown: 0,
    stops: 0,
    continues: 0,
    elsewhere: 0,
    reloads: 0,
    restores: 0,
};
const CONTINUED: Budget = Budget { stops: 1, continues: 1, ..NOTHING };

/// A reply is continued, and continued again after an earlier copy of the database was restored.
fn restored() -> Design {
    let budget = Budget { stops: 1, elsewhere: 2, restores: 1, ..NOTHING };
    Design { reply: NONE, more: ALIKE, room: 1, ..Design::new(1, budget) }.without(Guard::Beat)
}

#[test]
fn one_tab_through_everything_that_can_go_wrong() {
    let budget = Budget { crashes: 1, cuts: 1, lost_wakes: 1, unknown: 1, ..CONTINUED };
    holds(Design { room: 1, ..Design::new(1, budget) });
}

#[test]
fn one_tab_that_asks_again_before_the_response() {
    let budget = Budget { cuts: 1, lost_wakes: 1, ..CONTINUED };
    holds(Design { requests: 2, ..Design::new(1, budget) });
}

#[test]
fn one_tab_that_reloads_with_two_frames_on_their_way() {
    holds(Design::new(1, Budget { cuts: 1, reloads: 1, ..CONTINUED }));
}

#[test]
fn one_tab_while_others_press_continue() {
    let budget = Budget { elsewhere: 2, ..CONTINUED };
    holds(Design { reply: SHORT, room: 1, ..Design::new(1, budget) });
}

#[test]
fn two_tabs_in_a_process_that_crashes() {
    holds(Design { room: 1, ..Design::new(2, Budget { crashes: 1, cuts: 1, ..NOTHING }) });
}

#[test]
fn a_page_that_is_loaded_while_the_process_crashes() {
    holds(Design::new(1, Budget { crashes: 1, reloads: 1, ..NOTHING }));
}

#[test]
fn two_tabs_of_which_one_misses_what_may_have_been_written() {
    holds(Design { reply: SHORT, room: 1, ..Design::new(2, Budget { unknown: 1, lost_wakes: 1, ..NOTHING }) });
}

#[test]
fn two_tabs_that_both_press_continue() {
    let budget = Budget { stops: 1, continues: 2, ..NOTHING };
    holds(Design { reply: NONE, room: 1, ..Design::new(2, budget) }.without(Guard::Beat));
}

#[test]
fn a_database_that_is_restored() {
    holds(restored());
}

/// Two safeguards: no wake-up is missed, and if one is all the same, the next heartbeat makes up for it.
#[test]
fn without_heartbeats_nothing_is_missed_unless_a_wake_up_is_lost() {
    holds(Design::new(1, Budget { cuts: 1, ..CONTINUED }).without(Guard::Beat));
    breaks(CONVERGE, Design::new(1, Budget { lost_wakes: 1, ..NOTHING }).without(Guard::Beat));
}

#[test]
fn without_registering_first_words_are_missed() {
    breaks(CONVERGE, Design::new(1, NOTHING).without(Guard::Beat).without(Guard::RegisterFirst));
}

#[test]
fn without_a_new_epoch_a_continued_reply_is_never_seen() {
    breaks(CONVERGE, Design::new(1, CONTINUED).without(Guard::EpochBump));
    breaks(FINAL, Design::new(1, Budget { reloads: 1, ..CONTINUED }).without(Guard::EpochBump));
}

#[test]
fn without_the_nonce_two_replies_are_mixed() {
    breaks(PREFIX, restored().without(Guard::Nonce));
}

#[test]
fn without_its_byte_offset_text_is_repeated() {
    breaks(PREFIX, Design::new(1, NOTHING).without(Guard::ByteOffset));
}

#[test]
fn without_committing_first_a_crash_loses_words_that_were_seen() {
    breaks(DURABLE, Design::new(1, NOTHING).without(Guard::CommitFirst));
    breaks(FORWARD, Design::new(1, Budget { crashes: 1, reloads: 1, ..NOTHING }).without(Guard::CommitFirst));
}

#[test]
fn without_repeating_commits_that_may_have_failed_seen_words_are_lost() {
    breaks(DURABLE, Design::new(1, Budget { unknown: 1, ..NOTHING }).without(Guard::Repetition));
}

#[test]
fn without_compare_and_set_a_second_continue_removes_words() {
    breaks(FORWARD, Design::new(1, Budget { stops: 1, continues: 2, ..NOTHING }).without(Guard::CompareAndSet));
}

#[test]
fn without_reading_the_hub_before_the_row_a_reload_removes_words() {
    breaks(FORWARD, Design::new(1, Budget { reloads: 1, ..NOTHING }).without(Guard::HubBeforeRow));
}

#[test]
fn without_following_until_the_newest_end_a_page_stays_in_the_epoch_before() {
    breaks(CONVERGE, Design::new(1, Budget { reloads: 1, ..CONTINUED }).without(Guard::NewestEnd));
}

#[test]
fn without_keeping_what_is_shown_a_continued_reply_loses_words_for_a_while() {
    let budget = Budget { stops: 2, elsewhere: 2, ..NOTHING };
    let design = || Design { reply: SHORT, room: 1, ..Design::new(1, budget) };
    holds(design());
    breaks(FORWARD, design().without(Guard::KeepShown));
}

#[test]
fn without_awaiting_an_epoch_that_opens_a_subscription_ends_too_early() {
    breaks(CONVERGE, Design::new(1, Budget { stops: 1, elsewhere: 2, ..NOTHING }).without(Guard::AwaitNextEpoch));
}
