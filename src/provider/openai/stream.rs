//! A streamed reply: bytes to events to pieces, with an eye on the clock.

use super::transcript::{End, Transcript};
use crate::provider::{Piece, Pieces, ProviderError, sse};
use futures::{StreamExt, stream};
use reqwest::Response;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a server that has said why it finished may still take for the usage, and for hanging up.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long bytes are still taken once the time is up: this process may itself have stood still (a laptop's sleep), and
/// then what came meanwhile is only now read.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The pieces of a streamed response, which may say nothing for `idle` at a time. Comments that only keep the connection
/// alive say nothing.
pub fn pieces(response: Response, transcript: Transcript, idle: Duration) -> Pieces {
    let parser = Some(sse::Parser::default());
    let reading = Reading { response, parser, transcript, idle, until: Instant::now() + idle, last_look: false };
    stream::unfold(reading, |mut reading| async { reading.next().await.map(|piece| (piece, reading)) }).fuse().boxed()
}

struct Reading {
    response: Response,
    /// `None` once the stream has ended.
    parser: Option<sse::Parser>,
    transcript: Transcript,
    idle: Duration,
    /// When the next event must have come.
    until: Instant,
    /// Whether that is already past.
    last_look: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Piece, ProviderError>> {
        loop {
            if let Some(piece) = self.transcript.ready.pop_front() {
                return Some(piece);
            }
            let mut parser = self.parser.take()?;
            let end = match timeout_at(self.until, self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => self.take(&mut parser, &bytes),
                // A break and a proper end are told apart by what came before, not by how the connection closed: real
                // servers always say `finish_reason` or `[DONE]`, and a crash behind a proxy looks like a proper end.
                Ok(_) => {
                    let last = std::mem::take(&mut parser).finish();
                    Some(self.transcript.last(last))
                }
                Err(_) if !self.last_look && !self.transcript.finished() => {
                    self.last_look = true;
                    self.until = Instant::now() + LAST_LOOK.min(self.idle);
                    None
                }
                Err(_) => Some(End::Silence(self.idle)),
            };
            match end {
                None => self.parser = Some(parser),
                Some(end) => self.transcript.end(end),
            }
        }
    }

    fn take(&mut self, parser: &mut sse::Parser, bytes: &[u8]) -> Option<End> {
        let mut events = Vec::new();
        let fits = parser.push(bytes, &mut events);
        self.transcript.bytes = true;
        let end = events.iter().find_map(|event| self.transcript.event(event)).or(fits.err().map(|_| End::TooLong));
        if !events.is_empty() {
            let patience = if self.transcript.finished() { FAREWELL.min(self.idle) } else { self.idle };
            (self.until, self.last_look) = (Instant::now() + patience, false);
        }
        end
    }
}
