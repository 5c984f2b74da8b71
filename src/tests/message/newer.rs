//! A reply that is continued, for a reader who has the epoch before: its words stay until as many have come.

use kit::is_beginning;
use proptest::prelude::*;
use rivulet::message::{Epoch, Message, NewerEpoch, Outcome, Position};

use super::history::history;

/// A reader, and what it is sent little at a time.
struct Reader {
    shown: Message,
    newer: NewerEpoch,
}

impl Reader {
    /// Takes all that leads to `truth`, and gives each state that it shows.
    fn takes(&mut self, truth: &Message, limit: usize) -> Vec<Message> {
        let (mut sent, mut states) = (self.shown.position(), vec![]);
        while let Some(event) = truth.next(Some(&sent), limit) {
            sent.advance(&event);
            let outcome = match self.newer.take(&self.shown, event) {
                Ok(event) => self.shown.apply(event),
                Err(outcome) => outcome,
            };
            assert_eq!(outcome, Outcome::Applied);
            assert_eq!(self.newer.position(&self.shown), sent, "it has what it was sent");
            states.push(self.shown.clone());
        }
        states
    }
}

/// A newer epoch than that of `old`, which began with something else.
fn after_another_past(old: &Message, theirs: &Message) -> Message {
    let epoch = Epoch { counter: old.epoch.counter + 1, nonce: 99 };
    let another = |from: Position| Position { epoch: Epoch { nonce: !from.epoch.nonce, ..from.epoch }, ..from };
    Message { epoch, id: old.id, resumed_from: theirs.resumed_from.map(another), ..theirs.clone() }
}

fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..20, 0_usize..1_400]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Rule: no word goes, not even for a moment, because a reply is continued.
    #[test]
    fn words_stay_when_a_reply_is_continued(history in history(), from in any::<prop::sample::Index>(), limit in limit()) {
        let mut before = from.get(&history.states).clone();
        let mut reader = Reader { shown: before.clone(), newer: NewerEpoch::default() };
        for shown in reader.takes(history.last(), limit) {
            prop_assert!(is_beginning(&before.parts, &shown.parts), "{before:?} became {shown:?}");
            prop_assert!(history.has_prefix(&shown));
            before = shown;
        }
        prop_assert_eq!(&reader.shown, history.last());
    }

    /// Rule: a newer epoch that has something else (the database was restored and the reply continued) is never mixed
    /// with what was shown before, and in the end it is what is shown, unless that begins with all that it has so far.
    #[test]
    fn words_of_two_pasts_are_never_mixed(mine in history(), theirs in history(), limit in limit()) {
        let old = mine.last().clone();
        let truth = after_another_past(&old, theirs.last());
        let epoch = truth.epoch;
        let mut reader = Reader { shown: old.clone(), newer: NewerEpoch::default() };
        for shown in reader.takes(&truth, limit) {
            prop_assert!(shown == old || shown.epoch == epoch && is_beginning(&shown.parts, &truth.parts), "{shown:?}");
        }
        let may_wait = !truth.status.is_final() && is_beginning(&truth.parts, &old.parts);
        prop_assert!(reader.shown == truth || may_wait, "{:?} is shown of {truth:?}", reader.shown);
    }

    /// Rule: what has something else than what is shown is shown at once, and not only when it is as long.
    #[test]
    fn other_words_are_shown_at_once(mine in history(), theirs in history(), limit in limit()) {
        let old = mine.last().clone();
        let truth = after_another_past(&old, theirs.last());
        let mut reader = Reader { shown: old.clone(), newer: NewerEpoch::default() };
        let kept = reader.takes(&truth, limit).into_iter().take_while(|shown| shown.epoch == old.epoch).count();
        let mut came = old.clone();
        let mut sent = old.position();
        for _ in 0..kept {
            let event = truth.next(Some(&sent), limit).expect("what was sent");
            sent.advance(&event);
            prop_assert_eq!(came.apply(event), Outcome::Applied);
        }
        prop_assert!(kept == 0 || is_beginning(&came.parts, &old.parts), "{old:?} is kept, {came:?} has come");
    }
}
