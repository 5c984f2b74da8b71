//! Thinking that a server leaves in the text: `<think>…</think>` at the very beginning of a reply.

const OPEN: &[u8] = b"<think>";
const CLOSE: &[u8] = b"</think>";
/// So many bytes of white space are held back at the beginning, in case a mark follows.
const MAX_BLANK: usize = 1024;

/// Tells such thinking from the text after it, however both were cut. White space around the two marks is dropped.
#[derive(Debug, Default)]
pub struct Splitter {
    state: ThinkState,
    /// What may be the beginning of a mark, or white space before one.
    held: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum ThinkState {
    /// Nothing but white space has come.
    #[default]
    Start,
    Opened,
    Thinking,
    Closed,
    Text,
}

impl Splitter {
    /// The runs of thinking (true) and text that are certain now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<(bool, Vec<u8>)> {
        let mut runs = Vec::new();
        self.held.extend_from_slice(bytes);
        while let Some(state) = self.step(&mut runs) {
            self.state = state;
        }
        runs
    }

    /// What was held back; what comes then is text, unless nothing has come at all.
    pub fn finish(&mut self) -> (bool, Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let is_thinking = self.state == ThinkState::Thinking;
        if !held.is_empty() {
            self.state = ThinkState::Text;
        }
        (is_thinking, held)
    }

    /// Takes as much of what is held as is certain; gives the state after it, `None` when more must come first.
    fn step(&mut self, runs: &mut Vec<(bool, Vec<u8>)>) -> Option<ThinkState> {
        match self.state {
            ThinkState::Start => {
                let begins = self.held.trim_ascii_start();
                if let Some(rest) = begins.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                    return Some(ThinkState::Opened);
                }
                (!OPEN.starts_with(begins) || self.held.len() > MAX_BLANK).then_some(ThinkState::Text)
            }
            ThinkState::Opened | ThinkState::Closed => {
                self.held = self.held.trim_ascii_start().to_owned();
                let next = if self.state == ThinkState::Opened { ThinkState::Thinking } else { ThinkState::Text };
                (!self.held.is_empty()).then_some(next)
            }
            ThinkState::Thinking => {
                let end = self.held.windows(CLOSE.len()).position(|window| window == CLOSE);
                let kept = || (1..CLOSE.len()).rev().find(|length| self.held.ends_with(&CLOSE[..*length]));
                let certain = end.unwrap_or_else(|| self.held.len() - kept().unwrap_or(0));
                let rest = self.held.split_off(certain);
                let thinking = std::mem::replace(&mut self.held, rest);
                runs.extend((!thinking.is_empty()).then_some((true, thinking)));
                end.map(|_| {
                    self.held.drain(..CLOSE.len());
                    ThinkState::Closed
                })
            }
            ThinkState::Text => {
                let text = std::mem::take(&mut self.held);
                runs.extend((!text.is_empty()).then_some((false, text)));
                None
            }
        }
    }
}

/// An earlier reply as a model is sent it: without thinking that stands in its text. Where the server's own
/// template opens it, only the closing mark is there, on a line of its own.
pub fn without_thinking(text: &str) -> &str {
    const CLOSE: &str = "</think>";
    if let Some(thinking) = text.trim_start().strip_prefix("<think>") {
        return thinking.split_once(CLOSE).map_or("", |(_, text)| text.trim_start());
    }
    let closes = text.match_indices(CLOSE).find(|(at, _)| {
        let (before, after) = (&text[..*at], &text[at + CLOSE.len()..]);
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
    });
    match closes {
        Some((at, _)) if !text[..at].contains("<think>") => text[at + CLOSE.len()..].trim_start(),
        _ => text,
    }
}
