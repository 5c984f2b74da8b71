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

/// The heartbeats by which a page acknowledges each frame after so many milliseconds, and how long frames then are.
fn limits(lengths: [usize; 6], millis: u64) -> Vec<usize> {
    let (mut size, start) = (FrameSize::default(), Instant::now());
    let mut limits = vec![size.limit()];
    for (at, length) in lengths.into_iter().enumerate() {
        let position = Position { at, ended: false, ..completed(5).position() };
        let now = start + Duration::from_secs(at as u64 * 60);
        size.sends(1, Some(position), length, now);
        // Somebody else's, and one of before, say nothing.
        size.acknowledged(2, position, now);
        if at > 0 {
            size.acknowledged(1, Position { at: at - 1, ..position }, now);
        }
        size.acknowledged(1, position, now + Duration::from_millis(millis));
        limits.push(size.limit());
    }
    limits
}

/// Rule: frames begin short, and double with each heartbeat that acknowledges a long one in time.
#[test]
fn frames_double_where_they_arrive() {
    assert_eq!(limits([FRAME_LIMIT; 6], 1_900), [1_024, 2_048, 4_096, 8_192, 16_384, 16_384, 16_384]);
}

/// Rule: they stay short where they take long, however many arrive, and where no long one was sent.
#[test]
fn frames_stay_short_on_a_slow_line() {
    assert_eq!(limits([FRAME_LIMIT; 6], 2_100), [FIRST_FRAME_LIMIT; 7]);
    assert_eq!(limits([100; 6], 10), [FIRST_FRAME_LIMIT; 7]);
}

/// Rule: what was left is acknowledged no more, and holds up nothing.
#[test]
fn what_was_left_is_not_waited_for() {
    let (mut size, now) = (FrameSize::default(), Instant::now());
    let position = completed(5).position();
    size.sends(1, Some(position), FRAME_LIMIT, now);
    size.leave(1);
    size.sends(2, Some(position), FRAME_LIMIT, now);
    size.acknowledged(2, position, now);
    assert_eq!(size.limit(), 2 * FIRST_FRAME_LIMIT);
}
