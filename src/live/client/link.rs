//! A client's connection: whether it lives, when heartbeats are due, and when the next one is tried.

use std::time::Duration;

use super::{Client, Page, backoff::backoff};
use crate::live::{BEAT_IDLE, BEAT_STREAMING, ClientFrame};

/// How long a connection may take until its first frame.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may take to answer when the page is looked at again.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// The least between two tries, however often a person asks for one.
const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long a page is without a connection before it is said: most people never see a shorter one.
pub const LOST_AFTER: Duration = Duration::from_millis(1_500);

/// One connection.
pub(super) struct Link {
    pub opened: Duration,
    /// When the last frame came.
    pub received: Option<Duration>,
    /// When the last heartbeat was sent.
    pub beaten: Duration,
    /// Until when the answer to a ping has to come.
    pub answer_by: Option<Duration>,
    /// Whether the server said that it did not understand.
    pub misunderstood: bool,
}

impl<P: Page> Client<P> {
    /// A heartbeat without one to answer: those may wait behind much that is on its way.
    pub(super) fn beat_if_due(&mut self, now: Duration) {
        let interval = Duration::from_millis(if self.is_streaming() { BEAT_STREAMING } else { BEAT_IDLE }.into());
        let is_due = |link: &Link| link.received.is_some() && now.saturating_sub(link.beaten) >= interval * 2;
        if self.link.as_ref().is_some_and(is_due) {
            self.beat(now);
        }
    }

    pub(super) fn beat(&mut self, now: Duration) {
        if let Some(link) = &mut self.link {
            link.beaten = now;
        }
        let beat = ClientFrame::Beat(self.acknowledge());
        self.outbox.push(beat);
    }

    /// The page is looked at again: the server is asked whether it is there.
    pub fn ping(&mut self, now: Duration) {
        // While it is not yet open there is nobody to ask.
        if let Some(link) = self.link.as_mut().filter(|link| link.received.is_some() && link.answer_by.is_none()) {
            link.answer_by = Some(now + PING_TIMEOUT);
            self.outbox.push(ClientFrame::Ping);
        }
    }

    /// Whether something should have come by now: then the connection is dead, whatever it seems.
    pub fn is_silent(&self, now: Duration) -> bool {
        let Some(link) = &self.link else { return false };
        let Some(received) = link.received else { return now.saturating_sub(link.opened) > CONNECT_TIMEOUT };
        let patience = if self.is_streaming() { BEAT_STREAMING * 6 } else { BEAT_IDLE * 8 / 5 };
        now.saturating_sub(received) > Duration::from_millis(patience.into())
            || link.answer_by.is_some_and(|by| now >= by)
    }

    /// Whether the server, too, has something of which more is to come, and so sends heartbeats often.
    fn is_streaming(&self) -> bool {
        self.outstanding.iter().any(|id| !self.has_ended(*id))
    }

    /// Whether the server has answered on this connection.
    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.received.is_some())
    }

    /// Whether there has been no connection for so long that a person should know.
    pub fn is_lost(&self, now: Duration) -> bool {
        self.down_since.is_some_and(|since| now.saturating_sub(since) >= LOST_AFTER)
    }

    /// How long to wait before the next try, and counts it. `visible`: somebody looks at the page. `random`: at least
    /// 0, less than 1, so that a thousand tabs do not come back in the same instant.
    pub fn pause(&mut self, visible: bool, random: f64) -> Duration {
        if self.refused {
            // It would only be refused again.
            self.tries = u32::MAX;
        }
        let pause = backoff(self.tries, visible && !self.refused, random);
        self.tries = self.tries.saturating_add(1);
        pause
    }

    /// From when on a person may have the next try begin.
    pub fn earliest_try(&self) -> Duration {
        self.tried.map_or(Duration::ZERO, |tried| tried + MIN_RETRY_INTERVAL)
    }
}
