//! A streamed reply: bytes to events to deltas, with an eye on the clock.

use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::{
    Timeouts,
    transcript::{ReadEnd, Transcript},
};
use crate::provider::{Delta, DeltaStream, ProviderError, sse};

/// How long a server that has said why it finished may still take for the usage, and for hanging up.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long bytes are still taken once the time is up: this process may itself have stood still (a laptop's sleep), and
/// then what came meanwhile is only now read.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The deltas of a streamed response.
pub fn deltas(response: Response, transcript: Transcript, timeouts: Timeouts) -> DeltaStream {
    let parser = Some(sse::Parser::default());
    let now = Instant::now();
    let wait = timeouts.start;
    let (until, last) = (now + wait, now + timeouts.reply);
    let reading =
        Reading { response, parser, transcript, timeouts, words_at: now, until, wait, last, last_look: false };
    stream::unfold(reading, |mut reading| async { reading.next().await.map(|delta| (delta, reading)) }).fuse().boxed()
}

struct Reading {
    response: Response,
    /// `None` once the stream has ended.
    parser: Option<sse::Parser>,
    transcript: Transcript,
    timeouts: Timeouts,
    /// When the last words came.
    words_at: Instant,
    /// When more must have come, and how long that is after what came last.
    until: Instant,
    wait: Duration,
    /// Whether that is already past.
    last_look: bool,
    /// When the reply must have come to the end, whatever still comes.
    last: Instant,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        loop {
            if let Some(delta) = self.transcript.ready.pop_front() {
                return Some(delta);
            }
            let mut parser = self.parser.take()?;
            let end = match timeout_at(self.until, self.response.chunk()).await {
                _ if Instant::now() >= self.last => Some(ReadEnd::Overdue(self.timeouts.reply)),
                // However fast it sends what has no words.
                _ if self.last_look && Instant::now() >= self.until => Some(ReadEnd::Silence(self.wait)),
                Ok(Ok(Some(bytes))) => self.take(&mut parser, &bytes),
                // A break and a proper end are distinguished by what came before, not by how the connection closed: real
                // servers always say `finish_reason` or `[DONE]`, and a crash behind a proxy looks like a proper end.
                Ok(_) => {
                    let (last, foreign) = std::mem::take(&mut parser).finish();
                    Some(self.transcript.last(last, foreign))
                }
                Err(_) if !self.last_look && !self.transcript.finished() => {
                    self.look_once_more();
                    None
                }
                Err(_) => Some(ReadEnd::Silence(self.wait)),
            };
            match end {
                None => self.parser = Some(parser),
                Some(end) => self.transcript.end(end),
            }
        }
    }

    fn take(&mut self, parser: &mut sse::Parser, bytes: &[u8]) -> Option<ReadEnd> {
        let mut events = Vec::new();
        let fits = parser.push(bytes, &mut events);
        let end = events.iter().find_map(|event| self.transcript.event(event)).or(fits.err().map(|_| ReadEnd::TooLong));
        self.postpone(!events.is_empty(), !self.transcript.ready.is_empty());
        end
    }

    /// Every byte is a sign of life: behind a proxy, and while a slow machine reads a long prompt, servers send comments.
    /// But comments and empty events alone are no reply, so they count for no longer than its beginning may take.
    fn postpone(&mut self, has_events: bool, has_words: bool) {
        let (now, Timeouts { start, idle, .. }) = (Instant::now(), self.timeouts);
        if has_words {
            self.words_at = now;
        }
        let longest = self.words_at + start.max(idle);
        if now >= longest {
            if !self.last_look {
                self.look_once_more();
            }
            return;
        }
        if !has_events && self.transcript.finished() {
            return;
        }
        self.wait = match (self.transcript.finished(), self.transcript.begun()) {
            (true, _) => FAREWELL.min(idle),
            (false, true) => idle,
            (false, false) => start,
        };
        self.until = now + self.wait;
        if self.until > longest {
            (self.until, self.wait) = (longest, start.max(idle));
        }
        self.last_look = false;
    }
    fn look_once_more(&mut self) {
        self.last_look = true;
        self.until = Instant::now() + LAST_LOOK.min(self.wait);
    }
}
