//! How long the frames of a socket are: short at first, so that a slow line brings the next sign of life in time, and
//! longer as far as the line is seen to carry them.

use std::time::{Duration, Instant};

use super::{BEAT_STREAMING, FRAME_LIMIT};
use crate::message::Position;

/// The longest frame of a new connection, in bytes: 300 bytes a second bring it before its page takes it for dead.
pub const FIRST_FRAME_LIMIT: usize = 1024;
/// How long the longest frame may take, in seconds. A page bears six of silence.
const LONGEST: f64 = 4.0;
/// How long a page may have something until it acknowledges it: it sends a heartbeat by itself after so long.
const LATEST: Duration = Duration::from_millis(2 * BEAT_STREAMING as u64);

/// The longest frame of one socket, by the rate at which its page acknowledges bytes. How late it acknowledges a frame
/// means nothing: on a fast line, too, it may wait behind megabytes that systems keep.
pub struct FrameSize {
    limit: usize,
    /// The bytes of all frames so far, their total.
    sent: usize,
    in_flight: Option<InFlight>,
}

/// What is sent and not acknowledged, as far as it is known: the acknowledgement of one frame is awaited at a time.
#[derive(Clone, Copy)]
struct InFlight {
    /// When the last acknowledgement came, or, if nothing was in flight then, when the first of this began to be sent.
    since: Instant,
    /// The total before it.
    from: usize,
    /// The newest frame at that time.
    awaited: Mark,
    newest: Mark,
}

#[derive(Clone, Copy)]
struct Mark {
    /// The message's number, and how much of that a reader has who has the frame.
    number: u32,
    position: Position,
    /// The total up to the frame's end.
    total: usize,
}

impl Default for FrameSize {
    fn default() -> FrameSize {
        FrameSize { limit: FIRST_FRAME_LIMIT, sent: 0, in_flight: None }
    }
}

impl FrameSize {
    /// The longest frame now, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// An event's frame of so many bytes begins to be sent, and leads its reader to `position`.
    pub fn sends(&mut self, number: u32, position: Option<Position>, length: usize, now: Instant) {
        let Some(position) = position else { return };
        let from = self.sent;
        self.sent += length;
        let newest = Mark { number, position, total: self.sent };
        self.in_flight.get_or_insert(InFlight { since: now, from, awaited: newest, newest }).newest = newest;
    }

    /// The page has so much of these messages. The limit doubles if frames of twice the limit would not take too long at
    /// the rate at which bytes were acknowledged.
    pub fn acknowledged(&mut self, positions: &[(u32, Position)], now: Instant) {
        let has = |mark: &Mark| {
            positions.iter().any(|(number, position)| *number == mark.number && position.covers(mark.position))
        };
        let Some(InFlight { since, from, awaited, newest }) = self.in_flight else { return };
        let Some(reached) = [newest, awaited].into_iter().find(has) else { return };
        // The bytes may have begun to arrive before the time began, as the last acknowledgement may have been late.
        let time = now.duration_since(since) + LATEST;
        let rate = (reached.total - from) as f64 / time.as_secs_f64();
        let doubled = (self.limit * 2).min(FRAME_LIMIT);
        if doubled as f64 <= rate * LONGEST {
            self.limit = doubled;
        }
        let rest = InFlight { since: now, from: reached.total, awaited: newest, newest };
        self.in_flight = (reached.total < newest.total).then_some(rest);
    }

    /// A subscription has ended: nothing more is acknowledged of it.
    pub fn leave(&mut self, number: u32) {
        self.in_flight.take_if(|flight| [flight.awaited.number, flight.newest.number].contains(&number));
    }
}
