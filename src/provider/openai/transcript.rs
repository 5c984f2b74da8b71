//! One reply as it is told by the server: what has come, and how it ended.

use super::{
    OpenAi,
    failure::Said,
    wire::{Chunk, Words},
};
use crate::{
    message::Usage,
    provider::{Piece, ProviderError, Request, sse, sse::Event, wording::Wording},
};
use std::{collections::VecDeque, time::Duration};

/// Turns events into pieces and knows whether the reply is whole.
pub struct Transcript {
    server: OpenAi,
    model: String,
    going_on: bool,
    wording: Wording,
    usage: Option<Usage>,
    finish: Option<String>,
    begun: bool,
    understood: bool,
    /// Something came, be it only a comment.
    pub bytes: bool,
    /// What the reader may have now.
    pub ready: VecDeque<Result<Piece, ProviderError>>,
}

/// Why no more will be read.
pub enum End {
    /// The server said `[DONE]`.
    Done,
    /// The connection closed, one way or the other.
    Closed,
    Silence(Duration),
    TooLong,
    Nonsense,
    Said(Said),
}

impl OpenAi {
    /// An empty transcript of the reply to `request`.
    pub(super) fn transcript(&self, request: &Request) -> Transcript {
        Transcript {
            server: self.clone(),
            model: request.model.clone(),
            going_on: request.going_on,
            wording: Wording::default(),
            usage: None,
            finish: None,
            begun: false,
            understood: false,
            bytes: false,
            ready: VecDeque::new(),
        }
    }
}

impl Transcript {
    /// Takes one event in; gives an end if it is the last to be read.
    pub fn event(&mut self, event: &Event) -> Option<End> {
        match event.data.trim_ascii() {
            b"" => None,
            b"[DONE]" => Some(End::Done),
            data if event.name == "error" => Some(End::Said(Said::read(data))),
            data => match serde_json::from_slice::<Chunk>(data) {
                Ok(chunk) if chunk.is_error() => Some(End::Said(Said::read(data))),
                Ok(chunk) => {
                    self.chunk(chunk);
                    None
                }
                Err(_) => Some(End::Nonsense),
            },
        }
    }

    /// The event in which the connection closed: half of one is no nonsense, but a connection that broke.
    pub fn last(&mut self, event: Option<Event>) -> End {
        match event.and_then(|event| self.event(&event)) {
            None | Some(End::Nonsense) => End::Closed,
            Some(end) => end,
        }
    }

    /// A reply that the server did not stream though asked to.
    pub fn whole(mut self, body: Vec<u8>) -> VecDeque<Result<Piece, ProviderError>> {
        let end = self.event(&Event { data: body, ..Event::default() }).unwrap_or(End::Done);
        self.end(end);
        self.ready
    }

    /// Whether the server has said that the reply is whole.
    pub fn finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Puts out what was held back, the usage, and the failure if there is one.
    pub fn end(&mut self, end: End) {
        let rest = self.wording.finish();
        self.put(rest);
        self.ready.extend(self.usage.map(|usage| Ok(Piece::Usage(usage))));
        self.ready.extend(self.verdict(end).map(Err));
    }

    fn chunk(&mut self, chunk: Chunk) {
        if let Some(usage) = chunk.usage {
            self.understood = true;
            self.usage = Some(usage.into());
        }
        // Without `n` there is one choice; a server that sends more would mix two replies.
        let Some(choice) = chunk.choices.into_iter().flatten().find(|choice| choice.index == 0) else {
            return;
        };
        self.understood = true;
        self.finish = choice.finish_reason.filter(|reason| !reason.is_empty()).or(self.finish.take());
        for words in [choice.delta, choice.message].into_iter().flatten() {
            self.words(words);
        }
    }

    fn words(&mut self, words: Words) {
        let (thinking, text) = words.thinking_and_text();
        for (is_thinking, bytes) in [(true, thinking), (false, text)] {
            let pieces = self.wording.push(is_thinking, &bytes);
            self.put(pieces);
        }
    }

    fn put(&mut self, pieces: impl IntoIterator<Item = Piece>) {
        let before = self.ready.len();
        self.ready.extend(pieces.into_iter().map(Ok));
        self.begun |= self.ready.len() > before;
    }

    fn verdict(&self, end: End) -> Option<ProviderError> {
        let provider = self.server.name.clone();
        let finish = self.finish.as_deref();
        Some(match end {
            End::Said(said) => self.server.failure(&self.model, said, None),
            End::TooLong => ProviderError::TooLong { provider, limit: sse::LIMIT },
            End::Nonsense => ProviderError::Nonsense { provider },
            End::Done | End::Closed | End::Silence(_) if finish == Some("length") => ProviderError::Length { provider },
            End::Done | End::Closed | End::Silence(_) if finish == Some("content_filter") => {
                ProviderError::Filtered { provider }
            }
            End::Silence(after) if finish.is_none() => ProviderError::Silent { provider, after },
            End::Closed if finish.is_none() && self.begun => ProviderError::BrokeOff { provider },
            End::Closed if self.bytes && !self.understood => ProviderError::Nonsense { provider },
            End::Closed if finish.is_none() => ProviderError::NoAnswer { provider },
            // A reply that was whole already has nothing to add when it is asked to go on.
            _ if self.begun || self.going_on => return None,
            _ => ProviderError::Empty { provider },
        })
    }
}
