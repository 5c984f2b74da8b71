//! How long the frames of a socket are: short at first, so that a slow line brings the next sign of life in time, and
//! longer where they are seen to arrive.

use std::time::{Duration, Instant};

use super::FRAME_LIMIT;
use crate::message::Position;

/// The longest frame of a new connection, in bytes: 300 bytes a second bring it before its page takes it for dead.
pub const FIRST_FRAME_LIMIT: usize = 1024;
/// How soon a frame has to be acknowledged for the next ones to be twice as long. A page sends a heartbeat each second
/// and bears six seconds of silence.
const IN_TIME: Duration = Duration::from_secs(2);

/// The longest frame of one socket.
pub struct FrameSize {
    limit: usize,
    awaited: Option<Awaited>,
}

/// A frame of about the longest that there may be now, which is not acknowledged yet.
struct Awaited {
    /// Its message's number, and how much of that a reader has who has the frame.
    number: u32,
    position: Position,
    sent: Instant,
}

impl Default for FrameSize {
    fn default() -> FrameSize {
        FrameSize { limit: FIRST_FRAME_LIMIT, awaited: None }
    }
}

impl FrameSize {
    /// The longest frame now, in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// An event's frame of so many bytes begins to be sent, and leads its reader to `position`.
    pub fn sends(&mut self, number: u32, position: Option<Position>, length: usize, now: Instant) {
        // That a short one arrived soon would not say how long a long one takes.
        let counts = self.awaited.is_none() && self.limit < FRAME_LIMIT && length >= self.limit / 2;
        if let Some(position) = position.filter(|_| counts) {
            self.awaited = Some(Awaited { number, position, sent: now });
        }
    }

    /// The page has so much of a message.
    pub fn acknowledged(&mut self, number: u32, position: Position, now: Instant) {
        let has = |awaited: &mut Awaited| awaited.number == number && position.covers(awaited.position);
        if let Some(Awaited { sent, .. }) = self.awaited.take_if(has)
            && now.duration_since(sent) <= IN_TIME
        {
            self.limit = (self.limit * 2).min(FRAME_LIMIT);
        }
    }

    /// A subscription has ended: nothing more is acknowledged of it.
    pub fn leave(&mut self, number: u32) {
        self.awaited.take_if(|awaited| awaited.number == number);
    }
}
