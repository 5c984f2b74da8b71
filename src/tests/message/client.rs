//! A page's client over a connection that loses, repeats and reorders events, and breaks; and what it asks for, and when.

use std::time::Duration;

use kit::is_beginning;
use proptest::prelude::*;
use rivulet::{
    conversation::Sidebar,
    live::{ClientFrame, List, MAX_OUTSTANDING, ServerFrame, client::Client},
    message::{Epoch, Message, Status},
};

use super::{
    history::history,
    world::{Messages, SECOND, Step, World, completed, step},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_the_network_does_a_page_shows_prefixes_and_in_the_end_all(history in history(), steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        let mut states = history.states.iter().cloned();
        world.follows(states.next().expect("a beginning"));
        let id = history.last().id;
        world.reads_requests();
        let mut before = vec![];
        for step in steps {
            match step {
                // The list has a new epoch, or an end.
                Step::Grow => states.next().into_iter().for_each(|truth| world.follows(truth)),
                Step::Send(limit) => drop(world.sends(limit)),
                Step::Beat => world.beats(),
                Step::Deliver => drop(world.delivers()),
                Step::Lose | Step::Repeat | Step::Swap => world.disturbs(&step),
                Step::Break => world.breaks(None),
                Step::Readable(is_readable) => world.is_readable = is_readable,
                Step::Wait(millis) => world.waits(Duration::from_millis(millis)),
            }
            let shown = &world.client.page.0[&id];
            prop_assert!(shown.parts.is_empty() || history.has_prefix(shown), "{shown:?}");
            prop_assert!(is_beginning(&before, &shown.parts), "{before:?} became {shown:?}");
            before.clone_from(&shown.parts);
        }
        world.follows(history.last().clone());
        let healed = world.heals();
        prop_assert!(healed.is_some_and(|seconds| seconds <= 20), "{healed:?}, {:?}", world.client.page.0[&id]);
    }
}

/// Rule: many messages are requested in few frames, each once, and never more at a time than the server accepts.
#[test]
fn many_messages_are_requested_in_few_frames() {
    let mut world = World::new();
    for _ in 0..1_200 {
        world.follows(completed(20));
    }
    world.reads_requests();
    assert_eq!(world.heals(), Some(0));
    assert_eq!(world.numbers, 1_200, "each is requested once");
    assert!(world.sent < 200, "{} frames", world.sent);
    assert!(world.most_at_once <= MAX_OUTSTANDING, "{} at once", world.most_at_once);
}

/// Rule: a message that is followed in its epoch already is not requested again, unless it has ended meanwhile.
#[test]
fn a_message_is_requested_again_only_for_a_new_epoch_or_an_end() {
    let mut world = World::new();
    let mut running = Message { status: Status::Streaming, ended_at: None, ..completed(3) };
    for asked in [1, 1, 1] {
        world.follows(running.clone());
        world.reads_requests();
        assert_eq!(world.numbers, asked);
    }
    running.epoch.counter += 1;
    for asked in [2, 2] {
        world.follows(running.clone());
        world.reads_requests();
        assert_eq!(world.numbers, asked);
    }
    world.follows(Message { status: Status::Stopped, ended_at: Some(4), ..running });
    world.reads_requests();
    assert_eq!(world.numbers, 3);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: after a gap the message is requested once, however many older events still come. After a second gap in a row
/// it is requested as a whole.
#[test]
fn a_gap_causes_one_request() {
    let mut world = World::new();
    let truth = Message { status: Status::Streaming, ended_at: None, ..completed(0) };
    let id = truth.id;
    world.follows(truth.clone());
    world.reads_requests();
    assert_eq!(world.heals(), Some(0));
    world.truth.get_mut(&id).expect("the truth").parts[0].text.push_str(&"words ".repeat(10));
    for _ in 0..20 {
        world.sends(3);
    }
    world.line.pop_front();
    let asked = world.numbers;
    for _ in 0..19 {
        let Some(frame) = world.line.pop_front() else { break };
        world.client.take(frame, world.now, 0.5);
    }
    world.reads_requests();
    assert_eq!(world.numbers, asked + 1);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: a message that the server cannot read now is requested again, after growing pauses, over the same connection.
#[test]
fn what_cannot_be_read_is_requested_again_later() {
    let mut world = World::new();
    world.is_readable = false;
    let truth = completed(5);
    let id = truth.id;
    world.follows(truth);
    world.client.follow_list(List::Conversations(Sidebar::Mine));
    world.reads_requests();
    let mut asked = 0;
    for _ in 0..60 {
        while let Some(frame) = world.line.front() {
            asked += usize::from(matches!(frame, ServerFrame::Later(_)));
            world.delivers();
        }
        world.client.take(ServerFrame::LaterList(List::Conversations(Sidebar::Mine)), world.now, 0.5);
        world.waits(Duration::from_millis(500));
        // The connection itself works.
        world.client.read(r#"{"beat":[]}"#, world.now).expect("a heartbeat");
    }
    assert!((6..16).contains(&asked), "asked {asked} times in 30 s");
    assert_eq!(world.connections, 1);
    assert!(world.heals().is_some());
    assert!(!world.client.follows(id), "it has ended");
}

/// Rule: nothing is kept of a message that is not followed any more.
#[test]
fn nothing_is_kept_of_a_message_that_is_not_followed() {
    let mut world = World::new();
    let whole = completed(5);
    let message = Message { parts: vec![], status: Status::Streaming, ..whole.clone() };
    world.client.page.0.insert(message.id, message.clone());
    let follow = |client: &mut Client<Messages>, number| {
        client.follow(message.id, message.epoch, false);
        client.frames();
        client.take(ServerFrame::Number(number, message.id), SECOND, 0.5);
    };
    follow(&mut world.client, 1);
    world.client.leave(message.id);
    follow(&mut world.client, 2);
    let event = whole.since(&message.position()).into_iter().next().expect("something");
    let (epoch, change) = (event.epoch, event.change);
    world.client.take(ServerFrame::Event(1, epoch, change.clone()), SECOND, 0.5);
    assert_eq!(world.client.page.0[&message.id], message, "it has another number now");
    world.client.take(ServerFrame::Event(2, epoch, change), SECOND, 0.5);
    assert_ne!(world.client.page.0[&message.id], message);
}

/// Rule: whatever positions a page has, the server accepts the frame in which it requests all that it may at once.
#[test]
fn no_request_is_longer_than_the_server_accepts() {
    let epoch = Epoch { counter: u32::MAX, nonce: u32::MAX };
    let part = completed(0).parts.remove(0);
    let mut world = World::new();
    for _ in 0..MAX_OUTSTANDING {
        let parts = vec![part.clone(); 20_000];
        let message = Message { epoch, parts, status: Status::Streaming, ..completed(0) };
        world.client.page.0.insert(message.id, message.clone());
        world.client.follow(message.id, message.epoch, false);
    }
    let frames = world.client.frames();
    let [ClientFrame::Messages(asked)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(asked.len(), MAX_OUTSTANDING);
    let text = serde_json::to_string(&frames[0]).expect("a frame can be written");
    assert!(text.len() <= 16 * 1024, "{} bytes", text.len());
}
