//! `docs/protocol.md`: its examples are frames, all kinds of frames are in it, and its frames lead from one to the next.

use std::{collections::BTreeSet, fmt::Debug};

use rivulet::{
    live::{
        BEAT_IDLE, BEAT_STREAMING, ClientFrame, FRAME_LIMIT, MAX_OUTSTANDING, MAX_SUBSCRIPTIONS, ServerFrame, close,
    },
    message::{Event, Kind, Message, Outcome, Position, Role, Status},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Deserializer, Value};

const PAGE: &str = include_str!("../../../docs/protocol.md");

/// The JSON values of all blocks that begin with "```json KIND".
fn examples(kind: &str) -> Vec<Value> {
    let begin = format!("```json {kind}\n");
    let blocks = PAGE.split(&begin).skip(1).filter_map(|rest| rest.split("```").next());
    let values = |block| Deserializer::from_str(block).into_iter::<Value>();
    let examples: Vec<Value> =
        blocks.flat_map(values).map(|value| value.unwrap_or_else(|error| panic!("{kind}: {error}"))).collect();
    assert!(!examples.is_empty(), "there are examples of {kind}");
    examples
}

/// An example as its type. It must be the same when it is written again, because unknown names are not refused.
fn read<T: Serialize + DeserializeOwned + Debug>(example: &Value) -> T {
    // From text, as it comes from a socket.
    let text = example.to_string();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let again = serde_json::to_value(&read).expect("JSON");
    assert_eq!(&again, example, "{read:?}");
    read
}

fn all<T: Serialize + DeserializeOwned + Debug>(kind: &str) -> Vec<T> {
    examples(kind).iter().map(read).collect()
}

/// The names of frames, as their JSON has them.
fn names(kind: &str) -> BTreeSet<String> {
    let name = |example: &Value| match example {
        Value::String(name) => name.clone(),
        other => other.as_object().and_then(|frame| frame.keys().next()).expect("a frame with a name").clone(),
    };
    examples(kind).iter().map(name).collect()
}

#[test]
fn examples_of_what_a_client_sends_are_frames_of_each_kind() {
    let kinds: BTreeSet<u8> = all("client").iter().map(client_kind).collect();
    assert_eq!(kinds, (0..7).collect(), "only {:?} have an example", names("client"));
}

fn client_kind(frame: &ClientFrame) -> u8 {
    match frame {
        ClientFrame::Message { .. } => 0,
        ClientFrame::Messages(_) => 1,
        ClientFrame::Leave(_) => 2,
        ClientFrame::List { .. } => 3,
        ClientFrame::LeaveList(_) => 4,
        ClientFrame::Beat(_) => 5,
        ClientFrame::Ping => 6,
    }
}

#[test]
fn examples_of_what_the_server_sends_are_frames_of_each_kind() {
    let kinds: BTreeSet<u8> = all("server").iter().map(server_kind).collect();
    assert_eq!(kinds, (0..12).collect(), "only {:?} have an example", names("server"));
}

fn server_kind(frame: &ServerFrame) -> u8 {
    match frame {
        ServerFrame::Number(..) => 0,
        ServerFrame::Event(..) => 1,
        ServerFrame::Conversations(..) => 2,
        ServerFrame::Messages(..) => 3,
        ServerFrame::Beat(_) => 4,
        ServerFrame::Gone(_) => 5,
        ServerFrame::ListGone(_) => 6,
        ServerFrame::Later(_) => 7,
        ServerFrame::LaterList(_) => 8,
        ServerFrame::Error(_) => 9,
        ServerFrame::ListReset(_) => 10,
        ServerFrame::Marks(_) => 11,
    }
}

#[test]
fn examples_of_positions_and_kinds_can_be_read() {
    assert_eq!(all::<Position>("position").len(), 2);
    assert_eq!(all::<Kind>("kind").len(), 4);
}

/// Rule: applying the events of `docs/protocol.md` in order gives the message that they are of, at the position in the
/// heartbeat.
#[test]
fn the_events_of_the_page_lead_from_one_to_the_next() {
    let frames: Vec<ServerFrame> = all("server");
    let id = frames.iter().find_map(|frame| match frame {
        ServerFrame::Number(7, id) => Some(*id),
        _ => None,
    });
    let mut message = Message::unseen(id.expect("the number of the message"), Role::Assistant);
    let mut positions = vec![];
    for frame in &frames {
        if let ServerFrame::Event(7, epoch, change) = frame {
            let outcome = message.apply(Event { epoch: *epoch, change: change.clone() });
            assert_eq!(outcome, Outcome::Applied, "{frame:?}");
            positions.push(message.position());
        }
    }
    assert_eq!((message.text().as_str(), message.status), ("Grüß dich.", Status::Completed));
    let beats = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Beat(beats) => beats.first(),
        _ => None,
    });
    for (_, position) in beats {
        assert!(positions.contains(position), "{position:?} was a state of the message");
    }
}

#[test]
fn close_codes_and_limits_are_those_of_the_code() {
    let codes =
        [close::RESTARTING, close::NONSENSE, close::SIGNED_OUT, close::SESSION_OVER, close::UPDATED, close::TOO_MANY];
    let written = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u16>().ok());
    assert_eq!(written.collect::<Vec<_>>(), codes);
    assert_eq!((FRAME_LIMIT, BEAT_STREAMING, BEAT_IDLE), (16_384, 1_000, 25_000));
    for limit in [
        "a frame of the server | 16,384 bytes; 1,024 at first".to_owned(),
        "each 1 s while a subscribed message runs, else each 25 s".to_owned(),
        format!("messages and lists | {MAX_SUBSCRIPTIONS}; our client has at most {MAX_OUTSTANDING} messages"),
    ] {
        assert!(PAGE.contains(&limit), "the page has {limit:?}");
    }
}
