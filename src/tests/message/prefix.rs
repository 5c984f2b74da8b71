//! The beginning of a message that another one begins with.

use proptest::prelude::*;
use rivulet::message::{Kind, Message, Outcome, Part, Position, Status};

use crate::history::history;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Rule: a prefix is an earlier state of the message, at a position that was one or up to a word before it, in a text.
    #[test]
    fn a_prefix_is_an_earlier_state(history in history()) {
        let truth = history.last();
        for state in &history.states {
            let Some(prefix) = truth.prefix(state.position()) else { continue };
            prop_assert!(state.parts.starts_with(&prefix.parts[..prefix.parts.len() - 1]));
            let (kept, here) = (prefix.parts.last().expect("a part"), &state.parts[prefix.parts.len() - 1]);
            prop_assert_eq!(&kept.kind, &Kind::Text);
            prop_assert!(here.text.starts_with(&kept.text));
            prop_assert_eq!(prefix.parts.len(), state.parts.len());
            prop_assert_eq!(prefix.status, Status::Streaming);
            let mut reader = prefix.clone();
            for event in truth.since(&prefix.position()) {
                prop_assert_eq!(reader.apply(event), Outcome::Applied);
            }
            prop_assert_eq!(&reader, truth);
            // The start of a word is where it is.
            prop_assert_eq!(truth.prefix(prefix.position()), Some(prefix));
        }
    }

    /// Rule: no position panics, and one between two characters of a text, with words before it, has a prefix.
    #[test]
    fn every_place_of_a_text_has_one(text in "[a-z é水🦀\u{301}\u{200d}'\n]{1,40}", parts in 0..4_usize, at in 0..60_usize, ended in any::<bool>()) {
        let message = said(&text);
        let position = Position { parts, at, ended, ..message.position() };
        let prefix = message.prefix(position);
        let is_state = parts == 2 && text.is_char_boundary(at) && (!ended || at == text.len());
        let has_words = |prefix: &Message| !prefix.text().trim().is_empty();
        match prefix {
            Some(prefix) => prop_assert!(is_state && has_words(&prefix)),
            None => prop_assert!(!is_state || at == 0 || !text[..at].contains(char::is_whitespace) || text[..at].split_whitespace().count() < 2),
        }
    }
}

/// A reply that has thought, and has this text.
fn said(text: &str) -> Message {
    let part = |kind, text: &str| Part { kind, started_at: 1, text: text.into() };
    let parts = vec![part(Kind::Thinking, "Hm."), part(Kind::Text, text)];
    let unseen =
        Message::unseen("msg_01jtz8k2m5f3q8v9w0x1y2z3a4".parse().expect("an id"), rivulet::message::Role::Assistant);
    Message { status: Status::Completed, parts, ended_at: Some(2), ..unseen }
}

/// Rule: a place in a word is moved back to its start, whatever a word is in a script; thinking stays as it is.
#[test]
fn words_stay_whole() {
    let prefix = |text: &str, at: usize| {
        let message = said(text);
        let prefix = message.prefix(Position { parts: 2, at, ended: false, ..message.position() })?;
        assert_eq!(prefix.parts[0], message.parts[0]);
        Some(prefix.text())
    };
    for (text, at, kept) in [
        ("One two", 5, "One "),
        ("One two", 4, "One "),
        ("One two", 3, "One"),
        ("One two", 7, "One two"),
        ("I don't", 6, "I "),
        ("is 3.14!", 6, "is "),
        ("大きな川", 3, "大"),
        ("a 👩‍👩‍👧 b", 6, "a "),
        ("ne\u{301}e vu", 1, ""),
        ("One\nneed", 6, "One\n"),
    ] {
        assert_eq!(prefix(text, at).unwrap_or_default(), kept, "{text:?} at {at}");
    }
    let message = said("One two");
    assert_eq!(message.prefix(Position { parts: 1, at: 3, ended: false, ..message.position() }), None, "thinking");
    assert_eq!(message.prefix(Position { parts: 2, at: 9, ended: false, ..message.position() }), None, "past the end");
}
