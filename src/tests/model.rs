//! The design as a model, checked in every state that it can reach: what a tab shows is always a beginning of the truth.
//!
//! The way that data takes is written down once more as steps that can happen in any order, with faults between them. What
//! it is about is not written down again: messages are brought on by the real `Message::next` and `Message::apply`. A
//! guard can be taken away; then the checker has to find how the promise is broken.

#[path = "model/database.rs"]
mod database;
#[path = "model/design.rs"]
mod design;
#[path = "model/happens.rs"]
mod happens;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/server.rs"]
mod server;
#[path = "model/socket.rs"]
mod socket;
#[path = "model/tab.rs"]
mod tab;
#[path = "model/world.rs"]
mod world;

use stateright::{Checker, HasDiscoveries, Model};

use design::{ALIKE, Design, Guard, Luck, NONE, SHORT};
use properties::{CONVERGE, DURABLE, FINAL, FORWARD, PREFIX};

/// Looks at every state, and finds nothing that is broken.
fn holds(design: Design) {
    let checker = design.checker().threads(2).spawn_bfs().join();
    let (different, taken) = (checker.unique_state_count(), checker.state_count());
    println!("{different} states, {taken} steps between them, at most {} in a row", checker.max_depth());
    assert!(checker.is_done(), "not every state was looked at");
    checker.assert_properties();
}

/// Finds a way in which the property is broken, once the guard is taken away.
fn breaks(property: &'static str, design: Design) {
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = design.checker().threads(2).finish_when(found).spawn_bfs().join();
    let steps = checker.assert_any_discovery(property).into_actions();
    println!("{} states, until \"{property}\" was broken by {steps:?}", checker.unique_state_count());
}

const NOTHING: Luck = Luck {
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
const GOES_ON: Luck = Luck { stops: 1, continues: 1, ..NOTHING };

/// Of a reply that goes on, then goes on once more from an earlier copy of the database.
fn restored() -> Design {
    let luck = Luck { stops: 1, elsewhere: 2, restores: 1, ..NOTHING };
    Design { reply: NONE, more: ALIKE, room: 1, ..Design::new(1, luck) }.without(Guard::Beat)
}

#[test]
fn one_tab_through_everything_that_can_go_wrong() {
    let luck = Luck { crashes: 1, cuts: 1, lost_wakes: 1, unknown: 1, ..GOES_ON };
    holds(Design { room: 1, ..Design::new(1, luck) });
}

#[test]
fn one_tab_that_asks_again_before_it_was_answered() {
    let luck = Luck { cuts: 1, lost_wakes: 1, ..GOES_ON };
    holds(Design { questions: 2, ..Design::new(1, luck) });
}

#[test]
fn one_tab_with_more_on_its_way_that_reloads() {
    holds(Design::new(1, Luck { cuts: 1, reloads: 1, ..GOES_ON }));
}

#[test]
fn one_tab_while_others_press_continue() {
    let luck = Luck { elsewhere: 2, ..GOES_ON };
    holds(Design { reply: SHORT, room: 1, ..Design::new(1, luck) });
}

#[test]
fn two_tabs_in_a_process_that_crashes() {
    holds(Design { room: 1, ..Design::new(2, Luck { crashes: 1, cuts: 1, ..NOTHING }) });
}

#[test]
fn a_page_that_is_loaded_while_the_process_crashes() {
    holds(Design::new(1, Luck { crashes: 1, reloads: 1, ..NOTHING }));
}

#[test]
fn two_tabs_of_which_one_misses_what_may_have_been_written() {
    holds(Design { reply: SHORT, room: 1, ..Design::new(2, Luck { unknown: 1, lost_wakes: 1, ..NOTHING }) });
}

#[test]
fn two_tabs_that_both_press_continue() {
    let luck = Luck { stops: 1, continues: 2, ..NOTHING };
    holds(Design { reply: NONE, room: 1, ..Design::new(2, luck) }.without(Guard::Beat));
}

#[test]
fn a_database_that_is_put_back() {
    holds(restored());
}

/// Two layers: nothing is missed to begin with, and what is missed all the same comes with the next beat.
#[test]
fn without_a_beat_nothing_is_missed_unless_a_wake_up_is_lost() {
    holds(Design::new(1, Luck { cuts: 1, ..GOES_ON }).without(Guard::Beat));
    breaks(CONVERGE, Design::new(1, Luck { lost_wakes: 1, ..NOTHING }).without(Guard::Beat));
}

#[test]
fn without_the_lock_that_joins_and_appends_together_words_are_missed() {
    breaks(CONVERGE, Design::new(1, NOTHING).without(Guard::Beat).without(Guard::JoinAsOne));
}

#[test]
fn without_the_bump_of_the_epoch_what_goes_on_is_never_seen() {
    breaks(CONVERGE, Design::new(1, GOES_ON).without(Guard::EpochBump));
    breaks(FINAL, Design::new(1, Luck { reloads: 1, ..GOES_ON }).without(Guard::EpochBump));
}

#[test]
fn without_the_nonce_two_replies_are_mixed() {
    breaks(PREFIX, restored().without(Guard::Nonce));
}

#[test]
fn without_its_byte_offset_text_is_doubled() {
    breaks(PREFIX, Design::new(1, NOTHING).without(Guard::ByteOffset));
}

#[test]
fn without_commit_before_visible_a_crash_takes_seen_words() {
    breaks(DURABLE, Design::new(1, NOTHING).without(Guard::CommitFirst));
    breaks(FORWARD, Design::new(1, Luck { crashes: 1, reloads: 1, ..NOTHING }).without(Guard::CommitFirst));
}

#[test]
fn without_repeating_what_may_have_failed_seen_words_are_not_kept() {
    breaks(DURABLE, Design::new(1, Luck { unknown: 1, ..NOTHING }).without(Guard::Repetition));
}

#[test]
fn without_compare_and_set_a_second_continue_takes_words_away() {
    breaks(FORWARD, Design::new(1, Luck { stops: 1, continues: 2, ..NOTHING }).without(Guard::CompareAndSet));
}

#[test]
fn without_the_hub_before_the_row_a_reload_takes_words_away() {
    breaks(FORWARD, Design::new(1, Luck { reloads: 1, ..NOTHING }).without(Guard::HubBeforeRow));
}

#[test]
fn without_waiting_for_the_newest_end_a_page_stays_in_the_epoch_before() {
    breaks(CONVERGE, Design::new(1, Luck { reloads: 1, ..GOES_ON }).without(Guard::NewestEnd));
}

#[test]
fn without_patience_for_an_epoch_that_opens_a_subscription_ends_too_early() {
    breaks(CONVERGE, Design::new(1, Luck { stops: 1, elsewhere: 2, ..NOTHING }).without(Guard::Patience));
}
