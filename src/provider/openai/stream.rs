//! A streamed reply: bytes to events to pieces, with an eye on the clock.

use super::transcript::{End, Transcript};
use crate::provider::{Piece, Pieces, ProviderError, sse};
use futures::{StreamExt, stream};
use reqwest::Response;
use std::time::Duration;
use tokio::time::timeout;

/// How long a server that has said why it finished may still take for the usage, and for hanging up.
const FAREWELL: Duration = Duration::from_secs(2);

/// The pieces of a streamed response, which may be silent for `idle` at a time.
pub fn pieces(response: Response, transcript: Transcript, idle: Duration) -> Pieces {
    let reading = Reading { response, transcript, idle, parser: Some(sse::Parser::default()) };
    stream::unfold(reading, |mut reading| async { reading.next().await.map(|piece| (piece, reading)) }).fuse().boxed()
}

struct Reading {
    response: Response,
    /// `None` once the stream has ended.
    parser: Option<sse::Parser>,
    transcript: Transcript,
    idle: Duration,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Piece, ProviderError>> {
        loop {
            if let Some(piece) = self.transcript.ready.pop_front() {
                return Some(piece);
            }
            let mut parser = self.parser.take()?;
            let patience = if self.transcript.finished() { FAREWELL.min(self.idle) } else { self.idle };
            let end = match timeout(patience, self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => self.take(&mut parser, &bytes),
                // A break and a proper end are told apart by what came before, not by how the connection closed: real
                // servers always say `finish_reason` or `[DONE]`, and a crash behind a proxy looks like a proper end.
                Ok(_) => {
                    let last = std::mem::take(&mut parser).finish();
                    Some(self.transcript.last(last))
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
        events.iter().find_map(|event| self.transcript.event(event)).or(fits.err().map(|_| End::TooLong))
    }
}
