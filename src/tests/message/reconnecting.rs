//! When a page connects again, and how long it waits for what does not come.

use std::time::Duration;

use rivulet::{
    live::{ClientFrame, ServerFrame, client::Client, close},
    message::{Message, Status},
};

use super::world::{Held, SECOND, World, completed};

/// Rule: the pauses between tries grow, to two seconds while somebody looks and eight else, and begin anew only when a
/// connection has proved good: a greeting is none.
#[test]
fn a_greeting_does_not_reset_the_backoff() {
    let mut client = Client::new(Held::default());
    client.page.0.insert(completed(1).id, completed(1));
    let greets = |client: &mut Client<Held>| {
        client.opened(SECOND);
        client.take(ServerFrame::Beat(vec![]), SECOND, 0.5);
        client.closed(Some(close::RESTARTING), SECOND);
    };
    let mut pauses = vec![];
    for _ in 0..7 {
        greets(&mut client);
        pauses.push(client.pause(false, 1.0).as_millis());
    }
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    greets(&mut client);
    assert_eq!(client.pause(true, 1.0).as_millis(), 2_000);
    assert!(client.pause(true, 0.0).is_zero(), "at random from nothing on");
}

/// Rule: an answered subscription resets the backoff, and so do ten seconds of being open.
#[test]
fn a_good_connection_resets_the_backoff() {
    let truth = completed(1);
    let mut client = Client::new(Held::default());
    client.page.0.insert(truth.id, Message::unseen(truth.id, truth.role));
    client.follow(truth.id, truth.epoch, true);
    let fails = |client: &mut Client<Held>| (0..5).map(|_| client.pause(false, 1.0)).last();
    let first = Some(Duration::from_millis(250));
    fails(&mut client);
    client.opened(SECOND);
    client.take(ServerFrame::Number(1, truth.id), SECOND, 0.5);
    client.closed(None, SECOND);
    assert_eq!(Some(client.pause(false, 1.0)), first);
    fails(&mut client);
    client.opened(SECOND);
    client.read(r#"{"beat":[]}"#, SECOND).expect("a heartbeat");
    client.tick(11 * SECOND);
    client.closed(None, 11 * SECOND);
    assert_eq!(Some(client.pause(false, 1.0)), first);
}

/// Rule: whom the server could not understand comes back slowly, however well it was answered.
#[test]
fn a_page_that_is_not_understood_comes_back_slowly() {
    let truth = completed(1);
    let mut client = Client::new(Held::default());
    client.page.0.insert(truth.id, truth.clone());
    client.follow(truth.id, truth.epoch, true);
    client.opened(SECOND);
    client.take(ServerFrame::Number(1, truth.id), SECOND, 0.5);
    client.closed(Some(close::NONSENSE), SECOND);
    assert_eq!(client.pause(true, 1.0), 8 * SECOND);
}

/// Rule: silence is borne for six seconds while something streams, for forty else; a page that is looked at again bears
/// two, and a connection that does not open ten.
#[test]
fn silence_is_borne_only_so_long() {
    let silent_after = |client: &Client<Held>, from: Duration| {
        (0..600)
            .find(|tenths| client.is_silent(from + Duration::from_millis(tenths * 100)))
            .map(|tenths| tenths as f64 / 10.0)
    };
    let mut world = World::new();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(10.1), "it opens");
    world.client.ping(SECOND);
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(10.1), "it still opens, whoever looks");
    world.deliver();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(40.1), "nothing streams");
    world.follows(Message { status: Status::Streaming, ended_at: None, ..completed(5) });
    world.hear();
    while world.deliver() || world.send(usize::MAX) {}
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(6.1), "something streams");
    world.client.ping(SECOND);
    assert_eq!(silent_after(&world.client, SECOND), Some(2.0), "somebody looks");
    assert!(world.client.frames().contains(&ClientFrame::Ping));
    world.client.read(r#"{"beat":[]}"#, 2 * SECOND).expect("a heartbeat");
    assert_eq!(silent_after(&world.client, 2 * SECOND), Some(6.1), "it answered");
}

/// Rule: who has the end of one epoch and waits for the next one waits as for something that streams: an event that got
/// lost after all is missed within seconds.
#[test]
fn a_next_epoch_that_does_not_come_is_missed() {
    let mut world = World::new();
    let ended = completed(5);
    world.follows(ended.clone());
    world.hear();
    assert_eq!(world.heals(), Some(0));
    world.follows(Message { epoch: rivulet::message::Epoch { counter: 2, nonce: 0 }, ..ended });
    world.hear();
    world.send(usize::MAX);
    world.line.pop_back();
    assert!(world.heals().is_some_and(|seconds| seconds <= 10));
}

/// Rule: a connection that is gone is said to be lost only after a moment, and until a frame has come.
#[test]
fn a_blip_is_not_said() {
    let mut world = World::new();
    world.deliver();
    world.client.closed(None, SECOND);
    assert!(!world.client.is_lost(2 * SECOND));
    assert!(world.client.is_lost(3 * SECOND));
    world.client.opened(3 * SECOND);
    assert!(world.client.is_lost(3 * SECOND), "opening is not open");
    world.client.read(r#"{"beat":[]}"#, 3 * SECOND).expect("a heartbeat");
    assert!(!world.client.is_lost(9 * SECOND));
}

/// Rule: however often a person asks, it tries once a second at the most.
#[test]
fn tries_are_a_second_apart() {
    let mut client = Client::new(Held::default());
    assert_eq!(client.earliest_try(), Duration::ZERO);
    client.opened(5 * SECOND);
    client.closed(None, 5 * SECOND);
    assert_eq!(client.earliest_try(), 6 * SECOND);
}
