//! A page's client on a line that loses, repeats and reorders events, and breaks; and what it asks for, and when.

use std::time::Duration;

use proptest::prelude::*;
use rivulet::{
    live::{List, MAX_OUTSTANDING, ServerFrame, client::Client},
    message::{Message, Status},
};

use super::{
    history::history,
    world::{Held, SECOND, Step, World, completed, step},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_the_line_does_a_page_shows_prefixes_and_in_the_end_all(history in history(), steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        let mut states = history.states.iter().cloned();
        world.follows(states.next().expect("a beginning"));
        let id = history.last().id;
        world.hear();
        for step in steps {
            match step {
                // The list tells of a new epoch, and of an end.
                Step::Grow => states.next().into_iter().for_each(|truth| world.follows(truth)),
                Step::Send(limit) => drop(world.send(limit)),
                Step::Beat => world.beats(),
                Step::Deliver => drop(world.deliver()),
                Step::Lose | Step::Repeat | Step::Swap => world.meddle(&step),
                Step::Break => world.breaks(None),
                Step::Readable(readable) => world.readable = readable,
                Step::Wait(millis) => world.wait(Duration::from_millis(millis)),
            }
            let shown = &world.client.page.0[&id];
            prop_assert!(shown.parts.is_empty() || history.has_prefix(shown), "{shown:?}");
        }
        world.follows(history.last().clone());
        let healed = world.heals();
        prop_assert!(healed.is_some_and(|seconds| seconds <= 20), "{healed:?}, {:?}", world.client.page.0[&id]);
    }
}

/// Rule: many messages are asked for in few frames, each once, and never more at a time than the server follows.
#[test]
fn many_messages_are_asked_for_in_few_frames() {
    let mut world = World::new();
    for _ in 0..1_200 {
        world.follows(completed(20));
    }
    world.hear();
    assert_eq!(world.heals(), Some(0));
    assert_eq!(world.numbers, 1_200, "each is asked for once");
    assert!(world.sent < 200, "{} frames", world.sent);
    assert!(world.most <= MAX_OUTSTANDING, "{} at once", world.most);
}

/// Rule: what is followed in an epoch already is not asked for again, unless its end is new.
#[test]
fn a_message_is_asked_for_again_only_for_something_new() {
    let mut world = World::new();
    let mut running = Message { status: Status::Streaming, ended_at: None, ..completed(3) };
    for asked in [1, 1, 1] {
        world.follows(running.clone());
        world.hear();
        assert_eq!(world.numbers, asked);
    }
    running.epoch.counter += 1;
    for asked in [2, 2] {
        world.follows(running.clone());
        world.hear();
        assert_eq!(world.numbers, asked);
    }
    world.follows(Message { status: Status::Stopped, ended_at: Some(4), ..running });
    world.hear();
    assert_eq!(world.numbers, 3);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: after a gap it asks once, however many events of before still come; twice in vain, it asks for the whole.
#[test]
fn a_gap_is_asked_about_once() {
    let mut world = World::new();
    let truth = Message { status: Status::Streaming, ended_at: None, ..completed(0) };
    let id = truth.id;
    world.follows(truth.clone());
    world.hear();
    assert_eq!(world.heals(), Some(0));
    world.truth.get_mut(&id).expect("the truth").parts[0].text.push_str(&"words ".repeat(10));
    for _ in 0..20 {
        world.send(3);
    }
    world.line.pop_front();
    let asked = world.numbers;
    for _ in 0..19 {
        let Some(frame) = world.line.pop_front() else { break };
        world.client.take(frame, world.now, 0.5);
    }
    world.hear();
    assert_eq!(world.numbers, asked + 1);
    assert_eq!(world.heals(), Some(0));
}

/// Rule: what the server cannot read now is asked for again, after pauses that grow, on the same connection.
#[test]
fn what_cannot_be_read_is_asked_for_later() {
    let mut world = World::new();
    world.readable = false;
    let truth = completed(5);
    let id = truth.id;
    world.follows(truth);
    world.client.follow_list(List::Conversations);
    world.hear();
    let mut asked = 0;
    for _ in 0..60 {
        while let Some(frame) = world.line.front() {
            asked += usize::from(matches!(frame, ServerFrame::Later(_)));
            world.deliver();
        }
        world.client.take(ServerFrame::LaterList(List::Conversations), world.now, 0.5);
        world.wait(Duration::from_millis(500));
        // The server is there all the same.
        world.client.read(r#"{"beat":[]}"#, world.now).expect("a heartbeat");
    }
    assert!((6..16).contains(&asked), "asked {asked} times in 30 s");
    assert_eq!(world.connections, 1);
    assert!(world.heals().is_some());
    assert!(!world.client.follows(id), "it has ended");
}

/// Rule: of a message that was left nothing is kept, neither its number nor what had come of a long frame.
#[test]
fn nothing_is_kept_of_what_was_left() {
    let mut world = World::new();
    let whole = completed(5);
    let message = Message { parts: vec![], status: Status::Streaming, ..whole.clone() };
    world.client.page.0.insert(message.id, message.clone());
    let follow = |client: &mut Client<Held>, number| {
        client.follow(message.id, message.epoch, false);
        client.frames();
        client.take(ServerFrame::Number(number, message.id), SECOND, 0.5);
    };
    follow(&mut world.client, 1);
    assert!(world.client.read(r#"{"piece":[1,"{\"beat\":",false]}"#, SECOND).expect("a slice").is_none());
    world.client.leave(message.id);
    world.client.read(r#"{"piece":[1,"[]}",true]}"#, SECOND).expect_err("the end of what is not there");
    follow(&mut world.client, 2);
    let event = whole.since(&message.position()).into_iter().next().expect("something");
    let (epoch, change) = (event.epoch, event.change);
    world.client.take(ServerFrame::Event(1, epoch, change.clone()), SECOND, 0.5);
    assert_eq!(world.client.page.0[&message.id], message, "it has another number now");
    world.client.take(ServerFrame::Event(2, epoch, change), SECOND, 0.5);
    assert_ne!(world.client.page.0[&message.id], message);
}

/// Rule: a reply in as many parts as there may be fits into a question, and more do not share a frame with it.
#[test]
fn no_question_is_longer_than_the_server_takes() {
    let part = completed(4_000).parts.remove(0);
    let parts = vec![part; 1_000];
    let mut world = World::new();
    for _ in 0..20 {
        let message = Message { parts: parts.clone(), status: Status::Streaming, ..completed(0) };
        world.client.page.0.insert(message.id, message.clone());
        world.client.follow(message.id, message.epoch, false);
    }
    let frames = world.client.frames();
    assert!(frames.len() > 1);
    for frame in frames {
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        assert!(text.len() <= 16 * 1024, "{} bytes", text.len());
    }
}
