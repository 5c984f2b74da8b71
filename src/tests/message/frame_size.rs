//! How long frames are.

use std::time::{Duration, Instant};

use rivulet::{
    live::{
        FRAME_LIMIT,
        frame_size::{FIRST_FRAME_LIMIT, FrameSize},
    },
    message::Position,
};

use super::world::completed;

fn position(at: usize) -> Position {
    Position { at, ended: false, ..completed(5).position() }
}

/// How long frames are in the end on a line of so many bytes a second, whose systems keep so many bytes, where there is
/// always more to be sent and a page acknowledges what it has as late as this.
fn limit_on_a_line(rate: usize, kept: usize, late: usize) -> usize {
    let (mut size, start) = (FrameSize::default(), Instant::now());
    let (mut sent, mut arrived) = (0, 0);
    for tenth in 0..10_000 {
        let now = start + Duration::from_millis(tenth as u64 * 100);
        if tenth % (10 * late) == 0 {
            size.acknowledged(&[(1, position(arrived))], now);
        }
        while sent <= arrived + kept {
            sent += size.limit();
            size.sends(1, Some(position(sent)), size.limit(), now);
        }
        arrived = sent.min(arrived + rate / 10);
    }
    size.limit()
}

/// Rule: frames begin short, and double as long as the next ones do not take longer than four seconds, however much is
/// kept on the way, and whenever it is acknowledged.
#[test]
fn frames_take_four_seconds_at_most() {
    for (kept, late) in [(0, 1), (0, 2), (3_000, 1), (3_000, 2), (100_000, 1), (4_000_000, 2)] {
        for rate in [20, 300, 340, 400, 510] {
            assert_eq!(limit_on_a_line(rate, kept, late), FIRST_FRAME_LIMIT, "{rate} bytes a second, {kept} kept");
        }
        for rate in [1_020, 2_000, 4_000, 100_000] {
            let limit = limit_on_a_line(rate, kept.min(rate * 100), late);
            let longest = (rate * 4).min(FRAME_LIMIT);
            assert!((longest / 8..=longest).contains(&limit), "{limit} at {rate} bytes a second, {kept} kept");
        }
        assert_eq!(limit_on_a_line(100_000, kept, late), FRAME_LIMIT, "{kept} kept");
    }
}

/// Rule: how fast the line was before does not count, even where something was always on its way.
#[test]
fn frames_double_on_a_line_that_has_become_fast() {
    let (mut size, start) = (FrameSize::default(), Instant::now());
    for second in 0..600 {
        let now = start + Duration::from_secs(second as u64);
        size.sends(1, Some(position(second + 1)), if second < 590 { 100 } else { FRAME_LIMIT }, now);
        size.acknowledged(&[(1, position(second))], now);
    }
    assert_eq!(size.limit(), FRAME_LIMIT);
}

/// How long frames are after each of six, of so many bytes, a minute apart, which a page acknowledges so soon.
fn limits(length: usize, soon: Duration) -> [usize; 6] {
    let (mut size, start) = (FrameSize::default(), Instant::now());
    std::array::from_fn(|at| {
        let now = start + Duration::from_secs(at as u64 * 60);
        size.sends(1, Some(position(at)), length, now);
        // Somebody else's, and one of before, say nothing.
        size.acknowledged(&[(2, position(at))], now);
        if at > 0 {
            size.acknowledged(&[(1, position(at - 1))], now);
        }
        size.acknowledged(&[(1, position(at))], now + soon);
        size.limit()
    })
}

/// Rule: a time in which there is nothing to be sent does not count.
#[test]
fn frames_double_after_pauses() {
    let doubled = [2_048, 4_096, 8_192, 16_384, 16_384, 16_384];
    assert_eq!(limits(FRAME_LIMIT, Duration::from_millis(1_900)), doubled);
    // Nor does it where several frames were acknowledged at once.
    let (mut size, start) = (FrameSize::default(), Instant::now());
    for at in 0..6 {
        let now = start + Duration::from_secs(at as u64 * 60);
        for frame in 0..8 {
            size.sends(1, Some(position(at * 8 + frame)), 500, now);
        }
        size.acknowledged(&[(1, position(at * 8 + 7))], now + Duration::from_secs(1));
    }
    assert_eq!(size.limit(), 4_096);
}

/// Rule: that little comes at once is no measure of how soon much comes.
#[test]
fn frames_stay_short_where_only_little_was_sent() {
    assert_eq!(limits(FIRST_FRAME_LIMIT, Duration::from_millis(10)), [FIRST_FRAME_LIMIT; 6]);
}

/// Rule: the frames of several messages share a line.
#[test]
fn what_is_acknowledged_at_once_came_in_the_same_time() {
    let (mut size, now) = (FrameSize::default(), Instant::now());
    size.sends(1, Some(position(1)), FIRST_FRAME_LIMIT, now);
    size.sends(2, Some(position(1)), FIRST_FRAME_LIMIT, now);
    size.acknowledged(&[(1, position(1)), (2, position(1))], now + Duration::from_secs(3));
    assert_eq!(size.limit(), FIRST_FRAME_LIMIT);
    size.sends(1, Some(position(2)), FIRST_FRAME_LIMIT, now);
    size.sends(2, Some(position(2)), FIRST_FRAME_LIMIT, now);
    size.acknowledged(&[(1, position(2)), (2, position(2))], now + Duration::from_secs(1));
    assert_eq!(size.limit(), 2 * FIRST_FRAME_LIMIT);
}

/// Rule: what was left is acknowledged no more, and holds up nothing.
#[test]
fn what_was_left_is_not_waited_for() {
    let (mut size, now) = (FrameSize::default(), Instant::now());
    size.sends(1, Some(position(5)), FRAME_LIMIT, now);
    size.leave(1);
    size.sends(2, Some(position(5)), FRAME_LIMIT, now);
    size.sends(2, Some(position(6)), FRAME_LIMIT, now);
    size.acknowledged(&[(2, position(5))], now);
    assert_eq!(size.limit(), 2 * FIRST_FRAME_LIMIT);
}
