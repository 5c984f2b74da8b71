//! Arbitrary events, positions and frames, as a broken or hostile peer may send them. Nothing panics, a message holds no
//! more than what was received, and a final state stays.

use proptest::prelude::*;
use rivulet::{
    ids::MessageId,
    live::{ClientFrame, ENVELOPE, ServerFrame},
    message::{
        Birth, Change, End, Ended, Epoch, Event, Kind, Message, Outcome, Part, Position, Role, Status, StopReason,
        Text, Usage,
    },
};

/// What a frame without words takes at most beside names and errors, in bytes.
const SHORT: usize = 480;

/// A number that is likely to be right, nearly right, or extremely wrong.
fn number() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0usize..12, 1 => Just(usize::MAX), 1 => Just(usize::MAX - 1), 1 => any::<usize>()]
}

fn epoch() -> impl Strategy<Value = Epoch> {
    (prop_oneof![0..4u32, Just(u32::MAX)], 0..3u32).prop_map(|(counter, nonce)| Epoch { counter, nonce })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Thinking),
        Just(Kind::Text),
        any::<(String, String)>().prop_map(|(name, call_id)| Kind::ToolCall { name, call_id }),
        any::<u64>().prop_map(|messages| Kind::Covered { messages }),
        any::<(u64, Option<u64>)>().prop_map(|(messages, context)| Kind::LeftOut { messages, context }),
        any::<(String, bool)>().prop_map(|(call_id, failed)| Kind::ToolResult { call_id, failed }),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    use Status::*;
    prop::sample::select(vec![Pending, Streaming, Completed, Stopped, Failed, Interrupted])
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[é水🦀a]{0,4}", any::<String>(), "[\\x00-\\x1f\"]{0,200}"]
}

fn end() -> impl Strategy<Value = End> {
    let usage = prop::option::of(any::<(u64, u64)>()).prop_map(|usage| {
        usage.map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens, ..Usage::default() })
    });
    let reason = prop::sample::select(vec![StopReason::Length, StopReason::ContentFilter, StopReason::Refusal]);
    (status(), prop::option::of(reason), any::<i64>(), prop::option::of(words()), usage)
        .prop_map(|(status, stop_reason, ended_at, error, usage)| End { status, stop_reason, ended_at, error, usage })
}

fn message() -> impl Strategy<Value = Message> {
    let part = (kind(), any::<i64>(), words()).prop_map(|(kind, started_at, text)| Part { kind, started_at, text });
    let from = prop::option::of(position());
    (epoch(), from, end(), prop::collection::vec(part, 0..4)).prop_map(|(epoch, resumed_from, end, parts)| Message {
        epoch,
        resumed_from,
        status: end.status,
        stop_reason: end.stop_reason,
        parts,
        ended_at: Some(end.ended_at),
        error: end.error,
        usage: end.usage,
        ..Message::unseen(MessageId::from_uuid(uuid::Uuid::nil()), Role::Assistant)
    })
}

fn change() -> impl Strategy<Value = Change> {
    // Boxed, or it takes the whole stack of a test.
    prop_oneof![
        1 => (message().boxed(), any::<bool>())
            .prop_map(|(message, reset)| Change::Snapshot { message: Box::new(message), reset }),
        1 => position().prop_map(|from| Change::Opened { from }),
        3 => (number(), number(), kind(), any::<i64>())
            .prop_map(|(part, at, kind, started_at)| Change::Part(Birth { part, at, kind, started_at })),
        6 => (number(), number(), words()).prop_map(|(part, at, text)| Change::Text(Text { part, at, text })),
        1 => (number(), number(), end()).prop_map(|(parts, at, end)| Change::Ended(Ended { parts, at, end })),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    (epoch(), change()).prop_map(|(epoch, change)| Event { epoch, change })
}

fn position() -> impl Strategy<Value = Position> {
    (epoch(), number(), number(), any::<bool>()).prop_map(|(epoch, parts, at, ended)| Position {
        epoch,
        parts,
        at,
        ended,
    })
}

/// How many bytes of text, and how many parts, a message holds.
fn size(message: &Message) -> (usize, usize) {
    (message.parts.iter().map(|part| part.text.len()).sum(), message.parts.len())
}

/// How many of both an event can add.
fn most(event: &Event) -> (usize, usize) {
    match &event.change {
        Change::Snapshot { message, .. } => size(message),
        Change::Part(_) => (0, 1),
        Change::Text(text) => (text.text.len(), 0),
        Change::Opened { .. } | Change::Ended(_) => (0, 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_message_holds_no_more_than_what_was_received(start in message(), events in prop::collection::vec(event(), 0..16)) {
        let mut reader = start.clone();
        let (mut bytes, mut parts) = size(&start);
        for event in events {
            let (more_bytes, more_parts) = most(&event);
            (bytes, parts) = (bytes + more_bytes, parts + more_parts);
            let _ = reader.apply(event);
            let (held, held_parts) = size(&reader);
            prop_assert!(held <= bytes && held_parts <= parts, "{reader:?}");
        }
    }

    #[test]
    fn a_final_state_stays_in_its_epoch_and_no_epoch_comes_back(start in message(), events in prop::collection::vec(event(), 0..16)) {
        let mut reader = start;
        for event in events {
            let before = reader.clone();
            let opens = matches!(event.change, Change::Snapshot { .. } | Change::Opened { .. });
            let reset = matches!(event.change, Change::Snapshot { reset: true, .. });
            let outcome = reader.apply(event);
            prop_assert!(outcome == Outcome::Applied || reader == before, "only events that apply change anything");
            prop_assert!(reset || reader.epoch.counter >= before.epoch.counter);
            prop_assert!(opens || !before.status.is_final() || reader == before);
        }
    }

    /// A page may claim to have any position. It is sent only a few events, and each advances the position.
    #[test]
    fn every_position_is_sent_a_limited_number_of_events(truth in message(), position in prop::option::of(position()), limit in number()) {
        let (bytes, parts) = size(&truth);
        let mut sent = position;
        let mut frames = 0;
        while let Some(event) = truth.next(sent.as_ref(), limit) {
            sent.get_or_insert_with(|| truth.position()).advance(&event);
            frames += 1;
            prop_assert!(frames <= bytes + parts + 2, "{position:?} is sent events without end");
        }
        prop_assert_eq!(sent, Some(truth.position()));
        let from_there = position.map(|position| truth.since(&position));
        prop_assert!(from_there.is_none_or(|events| events.len() <= parts * 2 + 2));
    }

    /// Rule: no frame with a message's words is longer than was asked for, whatever has to be escaped in it. The others are
    /// short, except by names and errors, which come whole.
    #[test]
    fn no_frame_is_longer_than_its_limit(truth in message(), limit in 6_usize..2_000) {
        let mut sent = None;
        while let Some(event) = truth.next(sent.as_ref(), limit) {
            sent.get_or_insert_with(|| truth.position()).advance(&event);
            let most = match &event.change {
                Change::Part(birth) => SHORT + serde_json::to_string(&birth.kind).expect("a kind can be written").len(),
                Change::Ended(ended) => {
                    SHORT + serde_json::to_string(&ended.end.error).expect("an error can be written").len()
                }
                Change::Opened { .. } => SHORT,
                // Unless the limit is too low for a message without words.
                Change::Snapshot { .. } => limit.max(497) + ENVELOPE,
                Change::Text(_) => limit + ENVELOPE,
            };
            let frame = ServerFrame::Event(u32::MAX, event.epoch, event.change);
            let text = serde_json::to_string(&frame).expect("a frame can be written");
            prop_assert!(text.len() <= most, "{} bytes: {text}", text.len());
        }
    }

    #[test]
    fn frames_are_the_same_after_json(number in any::<u32>(), epoch in epoch(), change in change(), position in position()) {
        let id = MessageId::from_uuid(uuid::Uuid::nil());
        for frame in [
            ServerFrame::Event(number, epoch, change),
            ServerFrame::Beat(vec![(number, position)]),
            ServerFrame::Number(number, id),
            ServerFrame::Gone(id),
        ] {
            let text = serde_json::to_string(&frame).expect("a frame can be written");
            prop_assert_eq!(serde_json::from_str::<ServerFrame>(&text).expect("and read"), frame);
        }
        let frame = ClientFrame::Message { id, position: Some(position) };
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        prop_assert_eq!(serde_json::from_str::<ClientFrame>(&text).expect("and read"), frame);
    }

    /// Bytes that are nearly a frame are read or refused; a frame that is read is no larger than its bytes.
    #[test]
    fn no_bytes_panic_as_a_frame(bytes in nearly()) {
        if let Ok(frame) = serde_json::from_slice::<ServerFrame>(&bytes) {
            prop_assert!(serde_json::to_string(&frame).is_ok());
            if let ServerFrame::Event(_, epoch, change) = frame {
                let mut reader = Message::unseen(MessageId::from_uuid(uuid::Uuid::nil()), Role::Assistant);
                let _ = reader.apply(Event { epoch, change });
                prop_assert!(size(&reader).0 <= bytes.len());
            }
        }
        let _ = serde_json::from_slice::<ClientFrame>(&bytes);
    }
}

/// A frame with some of its bytes changed, or any bytes at all.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let id = MessageId::from_uuid(uuid::Uuid::nil());
    let server = (any::<u32>(), epoch(), change())
        .prop_map(|(number, epoch, change)| serde_json::to_vec(&ServerFrame::Event(number, epoch, change)));
    let page = prop::option::of(position())
        .prop_map(move |position| serde_json::to_vec(&ClientFrame::Message { id, position }));
    let frame = prop_oneof![server, page].prop_map(|frame| frame.expect("a frame can be written"));
    let changed = (frame, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)).prop_map(
        |(mut bytes, changes)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        },
    );
    prop_oneof![4 => changed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

/// Endless brackets are refused before they overflow the stack.
#[test]
fn no_depth_of_brackets_overflows() {
    for open in ["[", "{\"e\":", "{\"beat\":[["] {
        assert!(serde_json::from_str::<ServerFrame>(&open.repeat(100_000)).is_err());
        assert!(serde_json::from_str::<ClientFrame>(&open.repeat(100_000)).is_err());
    }
}
