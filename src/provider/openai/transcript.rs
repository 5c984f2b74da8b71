//! One reply as the server sends it: what has come, and how it ended.

use std::{collections::VecDeque, time::Duration};

use super::{OpenAi, chunk::Chunk, chunk::Words, failure::Said, think::Splitter};
use crate::{
    message::{Role, Usage},
    provider::{Delta, ProviderError, Request, sse, sse::SseEvent, wording::Wording},
};

/// Turns events into deltas and finds out whether the reply is whole.
pub struct Transcript {
    server: OpenAi,
    model: String,
    resumes: bool,
    max_tokens: Option<u32>,
    splitter: Splitter,
    wording: Wording,
    usage: Option<Usage>,
    finish: Option<String>,
    /// Words came as deltas: a message beside them repeats them.
    has_deltas: bool,
    /// There is text that Continue could continue from.
    has_text: bool,
    begun: bool,
    tool: bool,
    /// The model has refused to answer.
    refusal: bool,
    not_shown: bool,
    understood: bool,
    /// Something came that is no word of a reply.
    foreign: bool,
    /// How many events could not be read between others that could.
    skipped: u64,
    /// What the reader may have now.
    pub ready: VecDeque<Result<Delta, ProviderError>>,
}

/// Why no more will be read.
pub enum ReadEnd {
    /// The server said `[DONE]`.
    Done,
    /// The connection closed, one way or the other.
    Closed,
    Silence(Duration),
    /// It has taken longer than a reply may.
    Overdue(Duration),
    TooLong,
    Nonsense,
    Said(Said),
}

impl OpenAi {
    /// An empty transcript of the reply to `request`.
    pub(super) fn transcript(&self, request: &Request) -> Transcript {
        let last = request.turns.last().filter(|turn| turn.role == Role::Assistant && !turn.text.is_empty());
        Transcript {
            server: self.clone(),
            model: request.model.clone(),
            resumes: request.resumes,
            max_tokens: request.options.max_tokens,
            splitter: Splitter::default(),
            wording: Wording::default(),
            usage: None,
            finish: None,
            has_deltas: false,
            has_text: request.resumes && last.is_some(),
            begun: false,
            tool: false,
            refusal: false,
            not_shown: false,
            understood: false,
            foreign: false,
            skipped: 0,
            ready: VecDeque::new(),
        }
    }
}

impl Transcript {
    /// Takes one event in; gives an end if it is the last to be read. One that cannot be read ends nothing once others
    /// could.
    pub fn event(&mut self, event: &SseEvent) -> Option<ReadEnd> {
        let end = self.read(event, false);
        if !self.understood || !matches!(end, Some(ReadEnd::Nonsense)) {
            return end;
        }
        if self.skipped == 0 {
            tracing::warn!(provider = self.server.label, model = self.model, "skipped an event that cannot be read");
        }
        self.skipped += 1;
        None
    }

    /// What the connection closed in: half an event is no nonsense, but a connection that broke. `foreign`: there were
    /// lines that are none of a stream of events.
    pub fn last(&mut self, event: Option<SseEvent>, foreign: bool) -> ReadEnd {
        self.foreign |= foreign;
        match event.and_then(|event| self.read(&event, false)) {
            None | Some(ReadEnd::Nonsense) => ReadEnd::Closed,
            Some(end) => end,
        }
    }

    /// A reply that the server did not stream though asked to.
    pub fn whole(mut self, body: Vec<u8>) -> VecDeque<Result<Delta, ProviderError>> {
        let end = self.read(&SseEvent { data: body, ..SseEvent::default() }, true).unwrap_or(ReadEnd::Done);
        self.end(end);
        self.ready
    }

    /// Whether the server has said that the reply is whole.
    pub fn finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether some of the reply was there to be read.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Puts out what was held back, the usage, and the failure if there is one.
    pub fn end(&mut self, end: ReadEnd) {
        self.flush();
        let rest = self.wording.finish();
        self.put(rest);
        if self.skipped > 1 {
            let (provider, skipped) = (&self.server.label, self.skipped);
            tracing::warn!(provider, model = self.model, skipped, "events that cannot be read, in one reply");
        }
        self.ready.extend(self.usage.map(|usage| Ok(Delta::Usage(usage))));
        self.ready.extend(self.verdict(end).map(Err));
    }

    fn read(&mut self, event: &SseEvent, whole: bool) -> Option<ReadEnd> {
        if event.too_long {
            self.not_shown = true;
            return None;
        }
        match event.data.trim_ascii() {
            b"" => None,
            b"[DONE]" => Some(ReadEnd::Done),
            data if event.name == "error" => Some(ReadEnd::Said(Said::read(data))),
            data => match Chunk::read(data, whole) {
                Some(chunk) => {
                    let failed = chunk.is_error;
                    self.chunk(chunk);
                    failed.then(|| ReadEnd::Said(Said::read(data)))
                }
                None => Some(ReadEnd::Nonsense),
            },
        }
    }

    fn chunk(&mut self, chunk: Chunk) {
        self.understood |= chunk.usage.is_some() || chunk.choice.is_some();
        self.foreign |= !self.understood;
        self.usage = chunk.usage.or(self.usage);
        let Some(choice) = chunk.choice else { return };
        self.finish = choice.finish.or(self.finish.take());
        self.has_deltas |= choice.is_delta;
        if choice.is_delta || !self.has_deltas {
            self.words(choice.words);
        }
    }

    fn words(&mut self, words: Words) {
        self.tool |= words.tool;
        self.refusal |= words.refusal;
        self.not_shown |= words.not_shown;
        for (is_thinking, bytes) in words.runs {
            if is_thinking {
                self.flush();
                self.push(true, &bytes);
            } else {
                let runs = self.splitter.push(&bytes);
                runs.iter().for_each(|(is_thinking, bytes)| self.push(*is_thinking, bytes));
            }
        }
    }

    /// Takes what may have been the beginning of thinking in the text for what it is.
    fn flush(&mut self) {
        let (is_thinking, bytes) = self.splitter.finish();
        self.push(is_thinking, &bytes);
    }

    fn push(&mut self, is_thinking: bool, bytes: &[u8]) {
        let deltas = self.wording.push(is_thinking, bytes);
        self.put(deltas);
    }

    fn put(&mut self, deltas: impl IntoIterator<Item = Delta>) {
        for delta in deltas {
            self.begun = true;
            self.has_text |= matches!(delta, Delta::Text(_));
            self.ready.push_back(Ok(delta));
        }
    }

    fn verdict(&self, end: ReadEnd) -> Option<ProviderError> {
        let (provider, words) = (self.server.label.clone(), self.has_text);
        let finish = self.finish.as_deref();
        Some(match end {
            ReadEnd::Said(said) => self.server.failure(&self.model, Said { words, ..said }),
            ReadEnd::TooLong => ProviderError::TooLong { provider, limit: sse::MAX_PASSED_OVER },
            ReadEnd::Nonsense => ProviderError::Nonsense { provider },
            ReadEnd::Overdue(after) if finish.is_none() => ProviderError::Endless { provider, after, words },
            _ if matches!(finish, Some("length" | "max_tokens" | "model_length")) => {
                ProviderError::Length { provider, set: self.max_tokens, words }
            }
            _ if finish == Some("content_filter") => ProviderError::Filtered { provider },
            _ if finish == Some("refusal") => ProviderError::Declined { provider, words },
            _ if finish == Some("error") => ProviderError::Reported { provider, said: String::new(), words },
            ReadEnd::Silence(after) if finish.is_none() => ProviderError::Silent { provider, after, words },
            ReadEnd::Closed if finish.is_none() && self.begun => ProviderError::BrokeOff { provider, words },
            _ if self.foreign && !self.understood => ProviderError::Nonsense { provider },
            ReadEnd::Closed if finish.is_none() => ProviderError::NoAnswer { provider },
            _ if self.refusal => ProviderError::Declined { provider, words },
            _ if self.tool || matches!(finish, Some("tool_calls" | "function_call")) => {
                ProviderError::ToolCall { provider }
            }
            _ if self.not_shown => ProviderError::NotShown { provider, words },
            // A reply that was whole already has nothing to add when it is asked to continue.
            _ if self.begun || self.resumes => return None,
            _ => ProviderError::Empty { provider },
        })
    }
}
