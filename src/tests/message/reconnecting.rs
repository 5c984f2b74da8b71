//! When a page connects again, and how soon it notices that a connection is dead.

use std::time::Duration;

use rivulet::{
    live::{ClientFrame, ServerFrame, client::Client, close},
    message::{Message, Position, Status},
};

use super::world::{Messages, SECOND, World, completed};

/// Rule: the pauses between attempts grow to two seconds while the page is visible, else to eight. They are short again
/// only after a connection that worked: the server's first frame is not enough.
#[test]
fn the_first_frame_does_not_reset_the_backoff() {
    let mut client = Client::new(Messages::default());
    client.page.0.insert(completed(1).id, completed(1));
    let connects_briefly = |client: &mut Client<Messages>| {
        client.opened(SECOND);
        client.take(ServerFrame::Beat(vec![]), SECOND, 0.5);
        client.closed(Some(close::RESTARTING), SECOND);
    };
    let mut pauses = vec![];
    for _ in 0..7 {
        connects_briefly(&mut client);
        pauses.push(client.pause(false, 1.0).as_millis());
    }
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    connects_briefly(&mut client);
    assert_eq!(client.pause(true, 1.0).as_millis(), 2_000);
    assert!(client.pause(true, 0.0).is_zero(), "the shortest random pause");
}

/// Rule: an answered subscription resets the backoff, and so does a connection that lasts ten seconds.
#[test]
fn a_good_connection_resets_the_backoff() {
    let truth = completed(1);
    let mut client = Client::new(Messages::default());
    client.page.0.insert(truth.id, Message::unseen(truth.id, truth.role));
    client.follow(truth.id, truth.epoch, true);
    let fails = |client: &mut Client<Messages>| (0..5).map(|_| client.pause(false, 1.0)).last();
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

/// Rule: a page whose frames the server could not read connects again slowly, even after an answered subscription.
#[test]
fn a_page_whose_frames_cannot_be_read_reconnects_slowly() {
    let truth = completed(1);
    let mut client = Client::new(Messages::default());
    client.page.0.insert(truth.id, truth.clone());
    client.follow(truth.id, truth.epoch, true);
    client.opened(SECOND);
    client.take(ServerFrame::Number(1, truth.id), SECOND, 0.5);
    client.closed(Some(close::NONSENSE), SECOND);
    assert_eq!(client.pause(true, 1.0), 8 * SECOND);
}

/// Rule: a connection is taken as dead after six seconds without a frame while something streams, else after forty; after
/// two when a page becomes visible, and after ten while it is being established.
#[test]
fn a_silent_connection_is_taken_as_dead() {
    let silent_after = |client: &Client<Messages>, from: Duration| {
        (0..600)
            .find(|tenths| client.is_silent(from + Duration::from_millis(tenths * 100)))
            .map(|tenths| tenths as f64 / 10.0)
    };
    let mut world = World::new();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(10.1), "it is being established");
    world.client.ping(SECOND);
    assert_eq!(
        silent_after(&world.client, Duration::ZERO),
        Some(10.1),
        "it is still being established, visible or not"
    );
    world.delivers();
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(40.1), "nothing streams");
    world.follows(Message { status: Status::Streaming, ended_at: None, ..completed(5) });
    world.reads_requests();
    while world.delivers() || world.sends(usize::MAX) {}
    assert_eq!(silent_after(&world.client, Duration::ZERO), Some(6.1), "something streams");
    world.client.ping(SECOND);
    assert_eq!(silent_after(&world.client, SECOND), Some(2.0), "the page became visible");
    assert!(world.client.frames().contains(&ClientFrame::Ping));
    world.client.read(r#"{"beat":[]}"#, 2 * SECOND).expect("a heartbeat");
    assert_eq!(silent_after(&world.client, 2 * SECOND), Some(6.1), "the server responded");
}

/// Rule: a page that receives no heartbeat to answer, because much is on its way before it, sends its own, with how much
/// it has of what came since the last.
#[test]
fn a_page_gives_signs_of_life_by_itself() {
    let mut world = World::new();
    world.delivers();
    let truth = Message { status: Status::Streaming, ended_at: None, ..completed(30) };
    world.follows(truth.clone());
    world.reads_requests();
    while world.sends(5) {}
    let mut beats = vec![];
    let mut beaten = |client: &mut Client<Messages>, now: Duration| {
        let sent = client.frames().into_iter().filter_map(|frame| match frame {
            ClientFrame::Beat(positions) => Some((now.as_secs(), positions)),
            _ => None,
        });
        beats.extend(sent);
    };
    for second in 1..=7 {
        // A hidden page's timers come seldom: frames are enough.
        let frame = world.line.pop_front().expect("a frame for each second");
        world.client.take(frame, second * SECOND, 0.5);
        beaten(&mut world.client, second * SECOND);
    }
    let seconds: Vec<u64> = beats.iter().map(|(second, _)| *second).collect();
    assert_eq!(seconds, [2, 4, 6]);
    let position =
        |at| (world.numbers, Position { at, ..Message { status: Status::Streaming, ..truth.clone() }.position() });
    // First come the message and its part, without words.
    assert_eq!(beats[0].1, [position(0)]);
    assert_eq!(beats[1].1, [position(10)]);
    world.line.clear();
    for second in 8..=11 {
        world.client.tick(second * SECOND);
    }
    let last = world.client.frames().into_iter().filter(|frame| *frame == ClientFrame::Beat(vec![])).count();
    assert_eq!(last, 1, "nothing came since");
}

/// Rule: a page that has the end of an epoch and waits for the next one waits as for a streaming reply: if its first
/// event is lost, that is noticed within seconds.
#[test]
fn a_next_epoch_that_does_not_come_is_noticed() {
    let mut world = World::new();
    let ended = completed(5);
    world.follows(ended.clone());
    world.reads_requests();
    assert_eq!(world.heals(), Some(0));
    world.follows(Message { epoch: rivulet::message::Epoch { counter: 2, nonce: 0 }, ..ended });
    world.reads_requests();
    world.sends(usize::MAX);
    world.line.pop_back();
    assert!(world.heals().is_some_and(|seconds| seconds <= 10));
}

/// Rule: a lost connection is shown only after a moment, and until a frame has come.
#[test]
fn a_short_interruption_is_not_shown() {
    let mut world = World::new();
    world.delivers();
    world.client.closed(None, SECOND);
    assert!(!world.client.is_lost(2 * SECOND));
    assert!(world.client.is_lost(3 * SECOND));
    world.client.opened(3 * SECOND);
    assert!(world.client.is_lost(3 * SECOND), "a connection that is being established is still lost");
    world.client.read(r#"{"beat":[]}"#, 3 * SECOND).expect("a heartbeat");
    assert!(!world.client.is_lost(9 * SECOND));
}

/// Rule: a page connects at most once a second, however often a person asks for it.
#[test]
fn attempts_are_a_second_apart() {
    let mut client = Client::new(Messages::default());
    assert_eq!(client.earliest_try(), Duration::ZERO);
    client.opened(5 * SECOND);
    client.closed(None, 5 * SECOND);
    assert_eq!(client.earliest_try(), 6 * SECOND);
}
