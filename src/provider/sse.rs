//! Server-sent events out of bytes, however the network cut them.
//!
//! Ours, because the crates have no limit on a line, end a whole reply at one byte that is not UTF-8, and drop the last
//! event of a server that ends without a blank line (`sse-stream` 0.3); `eventsource-stream` 0.2 panics at a byte order mark.
//! Rules: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>.

/// The most bytes of one event that are kept: as much as a reply may have.
pub const LIMIT: usize = 4 << 20;
/// The most bytes of one event that are passed over when it has more than can be kept.
pub const MAX_PASSED_OVER: usize = 32 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event` field; empty if absent.
    pub name: String,
    /// The `data` lines, joined by LF; bytes, since a server may cut a character in two.
    pub data: Vec<u8>,
    /// It had more than [`LIMIT`] bytes, and was passed over.
    pub too_long: bool,
}

/// An event exceeds [`MAX_PASSED_OVER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Takes bytes, gives events.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    after_cr: bool,
    begun: bool,
    /// How many bytes of the event were passed over. While there are some, `line` only shows whether it is empty.
    passed_over: usize,
    /// There was a line that is none of a stream of events.
    foreign: bool,
}

impl Parser {
    /// The events that `bytes` complete, in order; those before a [`TooLong`] as well. Costs one pass over `bytes`.
    pub fn push(&mut self, mut bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), TooLong> {
        // The LF of a CRLF that was cut in two.
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.keep(&bytes[..end])?;
            events.extend(self.end_line());
            let cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            match bytes.strip_prefix(b"\n") {
                Some(rest) if cr => bytes = rest,
                _ => self.after_cr = cr && bytes.is_empty(),
            }
        }
        self.keep(bytes)
    }

    /// The event in which the stream ended without a blank line, and whether there were lines that are none of a stream
    /// of events. The specification drops the event; many servers' last `[DONE]` is one. Half an event does no harm: half
    /// of a JSON object is none.
    pub fn finish(mut self) -> (Option<SseEvent>, bool) {
        let event = self.end_line().or_else(|| self.dispatch());
        (event, self.foreign)
    }

    /// How many bytes it holds: never more than [`LIMIT`].
    pub fn held(&self) -> usize {
        self.line.len() + self.event.data.len()
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.passed_over == 0 && self.held() + bytes.len() <= LIMIT {
            self.line.extend_from_slice(bytes);
            return Ok(());
        }
        self.passed_over += bytes.len();
        if !self.event.too_long {
            self.passed_over += self.held();
            self.event = SseEvent { too_long: true, ..SseEvent::default() };
            self.line = Vec::new();
        }
        if self.line.is_empty() {
            self.line.extend(bytes.first());
        }
        if self.passed_over > MAX_PASSED_OVER { Err(TooLong) } else { Ok(()) }
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        if self.event.too_long {
            return None;
        }
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => self.event.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => self.data(value),
            // Older llama.cpp writes its errors into a field of this name.
            b"error" => {
                self.event.name = "error".into();
                self.data(value);
            }
            b"" | b"id" | b"retry" => {}
            _ => self.foreign = true,
        }
        None
    }

    fn data(&mut self, value: &[u8]) {
        if std::mem::replace(&mut self.has_data, true) {
            self.event.data.push(b'\n');
        }
        self.event.data.extend_from_slice(value);
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        self.passed_over = 0;
        let event = std::mem::take(&mut self.event);
        (std::mem::take(&mut self.has_data) || event.too_long).then_some(event)
    }
}
