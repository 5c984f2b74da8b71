//! The six laws of the heart, over random histories: several parts, scripts of one to four bytes a character, several
//! epochs, and events that are lost, repeated, reordered, split and merged on the way.

#[path = "message/arbitrary.rs"]
mod arbitrary;
#[path = "message/client.rs"]
mod client;
#[path = "message/frame_size.rs"]
mod frame_size;
#[path = "message/history.rs"]
mod history;
#[path = "message/newer.rs"]
mod newer;
#[path = "message/prefix.rs"]
mod prefix;
#[path = "message/protocol.rs"]
mod protocol;
#[path = "message/reconnecting.rs"]
mod reconnecting;
#[path = "message/world.rs"]
mod world;

use history::{disturb, history};
use proptest::prelude::*;
use rivulet::message::{
    Birth, Change, End, Ended, Epoch, Event, Kind, Message, Outcome, Part, Position, Role, Status, Text,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Law 1.
    #[test]
    fn since_leads_from_every_earlier_state_to_the_later(history in history()) {
        for (index, later) in history.states.iter().enumerate() {
            for earlier in &history.states[..=index] {
                let mut reader = earlier.clone();
                let events = later.since(&earlier.position());
                let reset = events.iter().any(|event| matches!(event.change, Change::Snapshot { reset: true, .. }));
                prop_assert!(!reset);
                for event in events {
                    prop_assert_eq!(reader.apply(event), Outcome::Applied);
                }
                prop_assert_eq!(&reader, later);
                prop_assert_eq!(later.since(&reader.position()), vec![]);
            }
        }
    }

    /// Rule: Continue costs who has some of the epoch before what is missing, and no snapshot. Whoever has more of it than
    /// Continue found (an earlier state of the database was restored) is not taken for somebody who has less.
    #[test]
    fn continue_costs_what_is_missing(history in history()) {
        let truth = history.last();
        for state in &history.states {
            let Some(from) = truth.resumed_from.filter(|from| from.epoch == state.epoch) else { continue };
            let bytes = |message: &Message| message.parts.iter().map(|part| part.text.len()).sum::<usize>();
            let mut sent = 0;
            for event in truth.since(&state.position()) {
                match event.change {
                    Change::Snapshot { .. } => prop_assert!(false, "a snapshot for {:?}", state.position()),
                    Change::Text(text) => sent += text.text.len(),
                    Change::Opened { .. } | Change::Part(_) | Change::Ended(_) => {}
                }
            }
            prop_assert_eq!(sent, bytes(truth) - bytes(state));
            let mut ahead = state.clone();
            (ahead.parts, ahead.status) = (truth.parts.clone(), Status::Streaming);
            ahead.parts.push(Part { kind: Kind::Text, started_at: 0, text: "more".into() });
            let opened = Event { epoch: truth.epoch, change: Change::Opened { from } };
            prop_assert_eq!(ahead.clone().apply(opened), Outcome::Gap);
            let first = truth.next(Some(&ahead.position()), usize::MAX).expect("it lacks something");
            let is_snapshot = matches!(first.change, Change::Snapshot { reset: false, .. });
            prop_assert!(is_snapshot);
        }
    }

    /// Law 1, in small pieces: a reader that is sent a few bytes at a time gets the same message, cut between characters,
    /// and is not at its end before it has all.
    #[test]
    fn a_slow_reader_gets_the_same_message(history in history(), limit in prop_oneof![0usize..9, 0usize..1_400]) {
        let truth = history.last();
        let mut reader = history.states[0].clone();
        let mut sent = reader.position();
        while let Some(event) = truth.next(Some(&sent), limit) {
            sent.advance(&event);
            prop_assert_eq!(reader.apply(event), Outcome::Applied);
            prop_assert_eq!(&reader.position(), &sent);
            prop_assert!(!reader.status.is_final() || history.has_prefix(&reader));
            prop_assert!(!reader.status.is_final() || reader.epoch != truth.epoch || &reader == truth);
        }
        prop_assert_eq!(&reader, truth);
    }

    /// Law 2.
    #[test]
    fn applying_twice_is_applying_once(history in history()) {
        let mut reader = history.states[0].clone();
        for event in &history.events {
            prop_assert_eq!(reader.apply(event.clone()), Outcome::Applied);
            let once = reader.clone();
            prop_assert_eq!(reader.apply(event.clone()), Outcome::Stale);
            prop_assert_eq!(&reader, &once);
        }
    }

    /// Law 3; and a reader that notices its gap, and asks, gets the whole message.
    #[test]
    fn whatever_the_network_does_a_reader_has_a_prefix(history in history(), faults in prop::collection::vec(any::<(u8, usize)>(), 1..40)) {
        let mut reader = history.states[0].clone();
        let mut epoch = reader.epoch.counter;
        for event in disturb(&history.events, &faults) {
            let before = reader.clone();
            let outcome = reader.apply(event);
            prop_assert!(history.has_prefix(&reader), "{reader:?} was never a state");
            prop_assert!(reader.epoch.counter >= epoch, "the epoch never goes back");
            epoch = reader.epoch.counter;
            if outcome != Outcome::Applied {
                prop_assert_eq!(&reader, &before, "only events that apply change anything");
            }
        }
        for event in history.last().since(&reader.position()) {
            prop_assert_eq!(reader.apply(event), Outcome::Applied);
        }
        prop_assert_eq!(&reader, history.last());
    }

    /// Law 3: what is missing is noticed, not skipped.
    #[test]
    fn an_event_after_a_lost_one_is_a_gap(history in history(), lost in any::<prop::sample::Index>()) {
        prop_assume!(history.events.len() >= 2);
        let lost = lost.index(history.events.len() - 1);
        let mut reader = history.states[lost].clone();
        let next = &history.events[lost + 1];
        let outcome = match next.change {
            // What is lost of the epoch before is its end, which is over.
            Change::Opened { .. } => Outcome::Applied,
            _ => Outcome::Gap,
        };
        prop_assert_eq!(reader.apply(next.clone()), outcome);
    }

    /// Law 4.
    #[test]
    fn a_final_state_is_final_within_its_epoch(history in history()) {
        for state in history.states.iter().filter(|state| state.status.is_final()) {
            let mut reader = state.clone();
            for event in history.events.iter().filter(|event| event.epoch.counter <= state.epoch.counter) {
                prop_assert_eq!(reader.apply(event.clone()), Outcome::Stale);
            }
            prop_assert_eq!(&reader, state);
        }
    }

    /// Law 4: an older epoch is ignored, and a newer one that is not opened from the reader's is a gap.
    #[test]
    fn another_epoch_is_ignored_or_a_gap(history in history()) {
        for state in &history.states {
            for event in &history.events {
                let mut reader = state.clone();
                let opens = matches!(event.change, Change::Opened { from } if from.epoch == state.epoch);
                match event.epoch.counter.cmp(&state.epoch.counter) {
                    std::cmp::Ordering::Less => prop_assert_eq!(reader.apply(event.clone()), Outcome::Stale),
                    std::cmp::Ordering::Greater if !opens => prop_assert_eq!(reader.apply(event.clone()), Outcome::Gap),
                    _ => {}
                }
            }
        }
    }

    /// Law 5: no event's text begins or ends inside a character, whatever the reader's position and the limit.
    #[test]
    fn text_is_cut_between_characters(text in "\\PC{0,12}", limit in 0usize..20) {
        let at = rivulet::message::cut(&text, limit);
        prop_assert!(text.is_char_boundary(at));
        prop_assert!(at <= limit.max(4));
        prop_assert!(at > 0 || text.is_empty());
    }

    /// Law 6: every position gets events that lead to the message; one that was never a state of it gets a reset.
    #[test]
    fn no_position_can_panic_and_an_invalid_one_gets_a_reset(
        history in history(),
        counter in 0u32..5, nonce in prop_oneof![Just(7u32), any::<u32>()],
        parts in prop_oneof![0usize..6, Just(usize::MAX)], at in prop_oneof![0usize..30, Just(usize::MAX)], ended in any::<bool>(),
    ) {
        let truth = history.last();
        let position = Position { epoch: Epoch { counter, nonce }, parts, at, ended };
        let text = parts.checked_sub(1).map(|last| truth.parts.get(last).map(|part| part.text.as_str()));
        let exists = text.map_or(at == 0, |text| text.is_some_and(|text| text.is_char_boundary(at)));
        let is_valid = position.epoch == truth.epoch && exists && (!ended || position == truth.position());
        let events = truth.since(&position);
        match events.first().map(|event| &event.change) {
            Some(Change::Snapshot { reset: true, .. }) => {
                prop_assert!(!is_valid);
                let mut reader = Message { epoch: position.epoch, status: Status::Completed, ..history.states[0].clone() };
                prop_assert_eq!(reader.apply(events[0].clone()), Outcome::Applied, "a reset always applies");
                prop_assert_eq!(&reader, truth);
            }
            Some(Change::Snapshot { reset: false, .. }) => prop_assert!(counter < truth.epoch.counter),
            Some(Change::Opened { from }) => prop_assert!(exists && truth.resumed_from == Some(*from) && from.covers(position)),
            _ => prop_assert!(is_valid),
        }
    }

    /// Law 6: a position that is too long, inside a character, or ended too early gets a reset.
    #[test]
    fn positions_that_are_nearly_valid_get_a_reset(history in history(), what in 0..4) {
        let truth = history.last();
        let mut position = truth.position();
        let inside = |at: usize| truth.parts.last().is_some_and(|part| !part.text.is_char_boundary(at.saturating_sub(1)));
        match what {
            0 => position.at += 1,
            1 => (position.parts, position.at) = (position.parts + 1, 0),
            2 if !truth.status.is_final() => position.ended = true,
            3 if inside(position.at) => position.at -= 1,
            _ => return Ok(()),
        }
        let reset = matches!(truth.since(&position).first(), Some(Event { change: Change::Snapshot { reset: true, .. }, .. }));
        prop_assert!(reset, "{position:?} was never a position of {truth:?}");
    }

    /// Any event in any state applies or changes nothing; none panics.
    #[test]
    fn no_event_can_panic(history in history(), counter in 0u32..4, part in prop_oneof![0usize..5, Just(usize::MAX)], at in prop_oneof![0usize..40, Just(usize::MAX)], text in "\\PC{0,8}") {
        let mut reader = history.last().clone();
        let epoch = Epoch { counter, nonce: 7 };
        let _ = reader.apply(Event { epoch, change: Change::Text(Text { part, at, text }) });
        let _ = reader.apply(Event { epoch, change: Change::Part(Birth { part, at, kind: Kind::Text, started_at: 0 }) });
        let end = End { status: Status::Streaming, stop_reason: None, ended_at: 0, error: None, usage: None };
        prop_assert_ne!(reader.apply(Event { epoch, change: Change::Ended(Ended { parts: part, at, end }) }), Outcome::Applied);
    }

    /// Events are the same after they were written as JSON and read again.
    #[test]
    fn events_are_the_same_after_json(history in history()) {
        for event in &history.events {
            let json = serde_json::to_string(event).expect("an event can be written");
            prop_assert_eq!(&serde_json::from_str::<Event>(&json).expect("and read"), event);
        }
    }
}

/// Rule: rows have the same names as JSON.
#[test]
fn names_in_rows_are_the_names_in_json() {
    use Status::*;
    for status in [Pending, Streaming, Completed, Stopped, Failed, Interrupted] {
        assert_eq!(serde_json::to_value(status).expect("a name"), status.as_str());
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    for role in [Role::User, Role::Assistant] {
        assert_eq!(serde_json::to_value(role).expect("a name"), role.as_str());
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    "done".parse::<Status>().expect_err("no status");
}
