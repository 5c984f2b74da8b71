//! What fits into a context, and how it is cut.

use proptest::prelude::*;
use rivulet::{
    conversation::context::{Budget, Correction, fit, pieces, tokens},
    ids::mint,
    message::{Kind, Message, Part, Role, Status, Usage},
    ui::time::Calendar,
};

/// A branch of messages of so many tokens, perhaps with a summary at its beginning.
fn branch() -> impl Strategy<Value = Vec<(Role, u64)>> {
    let exchange =
        (1..60u64, 1..60u64).prop_map(|(question, answer)| [(Role::User, question), (Role::Assistant, answer)]);
    let summary = prop::option::of((1..60u64).prop_map(|tokens| (Role::Summary, tokens)));
    (summary, prop::collection::vec(exchange, 0..12), 1..60u64).prop_map(|(summary, exchanges, last)| {
        summary.into_iter().chain(exchanges.into_iter().flatten()).chain([(Role::User, last)]).collect()
    })
}

fn sum(branch: &[(Role, u64)]) -> u64 {
    branch.iter().map(|(_, tokens)| tokens).sum()
}

proptest! {
    /// Rule: what is sent fits, begins with a question, ends with the newest message, and is as much as fits; a summary stays.
    #[test]
    fn as_much_is_sent_as_fits(branch in branch(), room in 0..800u64) {
        let summary = usize::from(branch[0].0 == Role::Summary);
        let with = |from: usize| sum(&branch[..summary]) + sum(&branch[from..]);
        match fit(&branch, room) {
            None => prop_assert!(with(branch.len() - 1) > room),
            Some(from) => {
                prop_assert!((summary..branch.len()).contains(&from));
                prop_assert_eq!(branch[from].0, Role::User);
                prop_assert!(with(from) <= room);
                let before = branch[summary..from].iter().rposition(|(role, _)| *role == Role::User);
                prop_assert!(before.is_none_or(|before| with(summary + before) > room), "more would fit");
            }
        }
    }

    /// Rule: a branch is summarised whole, in pieces that fit, and cut between exchanges where these fit.
    #[test]
    fn a_branch_is_cut_into_pieces_that_fit(branch in branch(), room in 0..300u64, summary in 0..60u64) {
        let room_of = |first: bool| if first { room } else { room.saturating_sub(summary) };
        let Some(pieces) = pieces(&branch, room, summary) else {
            prop_assert!(branch.iter().any(|(_, tokens)| *tokens > room_of(false)));
            return Ok(());
        };
        let mut next = 0;
        for piece in pieces {
            prop_assert!(piece.start == next && piece.end > next);
            prop_assert!(sum(&branch[piece.clone()]) <= room_of(piece.start == 0));
            next = piece.end;
        }
        prop_assert_eq!(next, branch.len());
    }

    /// Rule: an estimate is never nothing for something, grows with the text, and takes a step a byte.
    #[test]
    fn estimates_grow(a in ".{0,40}", b in ".{1,40}") {
        prop_assert!(tokens(&(a.clone() + &b)) > 0);
        prop_assert!(tokens(&(a.clone() + &b)) >= tokens(&a));
        prop_assert!(tokens(&b) <= b.len() as u64);
    }

    /// Rule: whatever is set, some of the context is left for what is said, and some for the answer.
    #[test]
    fn there_is_room_for_both(context in 8..2_000_000u64, most in prop::option::of(1..u32::MAX)) {
        let budget = Budget::new(context, most, None);
        prop_assert!(budget.room() >= context / 2 && budget.answer > 0 && budget.room() + budget.answer == context);
    }
}

fn message(role: Role, text: &str, usage: Option<Usage>) -> Message {
    let parts = vec![Part { kind: Kind::Text, started_at: 0, text: text.into() }];
    Message { status: Status::Completed, parts, usage, ..Message::unseen(mint(), role) }
}

/// Rule: what a provider has counted corrects an estimate, by half and by double at the most.
#[test]
fn estimates_are_corrected_by_what_was_counted() {
    // 108 tokens each, by their length.
    let text = "abc".repeat(100);
    let counted =
        |input_tokens| Some(Usage { input_tokens, output_tokens: 9, reasoning_tokens: 3, ..Usage::default() });
    let corrected = |usage: Option<Usage>| {
        let branch = [message(Role::User, &text, None), message(Role::Assistant, &text, usage)];
        Correction::of(&branch, 0, 0).apply(1_000)
    };
    assert_eq!(corrected(None), 1_000);
    assert_eq!(corrected(counted(156)), 750);
    assert_eq!((corrected(counted(3)), corrected(counted(100_000))), (500, 2_000));
    let mut reply = message(Role::Assistant, &text, counted(156));
    let kind = Kind::LeftOut { messages: 2, context: None };
    reply.parts.insert(0, Part { kind, started_at: 0, text: String::new() });
    let branch =
        [message(Role::User, &text, None), message(Role::User, &text, None), message(Role::User, &text, None), reply];
    assert_eq!(Correction::of(&branch, 0, 0).apply(1_000), 750, "without the two that were left out");
    assert_eq!(Correction::of(&branch[1..], 1, 0).apply(1_000), 750);
    assert_eq!(Correction::of(&branch[2..], 3, 0).apply(1_000), 1_000, "not all that was sent is known");
}

/// Rule: days are those of the calendar, also in leap years, before 1970, and across the turn of a century.
#[test]
fn days_of_the_calendar() {
    let day = |at| {
        let Calendar { year, month, day, hour, minute, second } = Calendar::of(at);
        (year, month, day, hour, minute, second)
    };
    assert_eq!(day(0), (1970, 1, 1, 0, 0, 0));
    assert_eq!(day(-1), (1969, 12, 31, 23, 59, 59));
    assert_eq!(day(951_782_400_000), (2000, 2, 29, 0, 0, 0));
    assert_eq!(day(1_795_790_005_000), (2026, 11, 27, 14, 33, 25));
    assert_eq!(day(4_107_542_400_000), (2100, 3, 1, 0, 0, 0));
}
