//! Deltas out of a provider's strings, whose ends may fall inside a character.

use super::Delta;
use crate::text::Normalizer;

/// Makes deltas of the strings of one reply: joins characters that were cut, and normalises.
///
/// Thinking and text each begin afresh, since each run becomes a part of its own.
#[derive(Debug, Default)]
pub struct Wording {
    thinking: bool,
    decoder: Decoder,
    normalizer: Normalizer,
}

impl Wording {
    /// The deltas that are whole now: none while a character lacks its second half, two where a run ended in half a one.
    pub fn push(&mut self, thinking: bool, bytes: &[u8]) -> impl Iterator<Item = Delta> + use<> {
        let ended = if thinking != self.thinking && !bytes.is_empty() {
            let rest = self.finish();
            self.thinking = thinking;
            rest
        } else {
            None
        };
        let text = self.decoder.push(bytes);
        ended.into_iter().chain(self.delta(&text))
    }

    /// What was held back for a second half that did not come; then ready for another run.
    pub fn finish(&mut self) -> Option<Delta> {
        let text = self.decoder.finish();
        let delta = self.delta(&text);
        self.normalizer = Normalizer::default();
        delta
    }

    fn delta(&mut self, text: &str) -> Option<Delta> {
        let text = self.normalizer.push(text);
        let kind = if self.thinking { Delta::Thinking } else { Delta::Text };
        (!text.is_empty()).then(|| kind(text))
    }
}

/// Text out of bytes that come in pieces: UTF-8 in which the halves of a surrogate pair may stand alone, as
/// `serde_json` gives them ([WTF-8](https://simonsapin.github.io/wtf-8)). Pairs are joined; what is no character becomes U+FFFD.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Fewer than six bytes: the beginning of a character.
    held: Vec<u8>,
}

impl Decoder {
    /// The text that is certain now, however `bytes` were cut.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let (text, used) = decode(&self.held, false);
        self.held.drain(..used);
        text
    }

    /// The text of what was held back.
    pub fn finish(&mut self) -> String {
        decode(&std::mem::take(&mut self.held), true).0
    }
}

/// The text of `bytes`, and how many of them it took: all if they are the `last`, else all but the beginning of a character.
fn decode(bytes: &[u8], last: bool) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let Err(error) = std::str::from_utf8(rest) else {
            text.push_str(&String::from_utf8_lossy(rest));
            return (text, bytes.len());
        };
        let (valid, bad) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(valid));
        let (c, used) = match bad {
            // A surrogate is ED and two bytes; the first half of a pair has its second byte below B0.
            [0xED, 0xA0..=0xBF] if !last => return (text, bytes.len() - bad.len()),
            [0xED, 0xA0..=0xAF, 0x80..=0xBF]
            | [0xED, 0xA0..=0xAF, 0x80..=0xBF, 0xED]
            | [0xED, 0xA0..=0xAF, 0x80..=0xBF, 0xED, 0xB0..=0xBF]
                if !last =>
            {
                return (text, bytes.len() - bad.len());
            }
            [0xED, a @ 0xA0..=0xAF, b @ 0x80..=0xBF, 0xED, c @ 0xB0..=0xBF, d @ 0x80..=0xBF, ..] => {
                (joined([*a, *b], [*c, *d]), 6)
            }
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => (char::REPLACEMENT_CHARACTER, 3),
            _ => match error.error_len() {
                Some(length) => (char::REPLACEMENT_CHARACTER, length),
                None if last => (char::REPLACEMENT_CHARACTER, bad.len()),
                None => return (text, bytes.len() - bad.len()),
            },
        };
        text.push(c);
        rest = &bad[used..];
    }
}

fn joined(high: [u8; 2], low: [u8; 2]) -> char {
    let unit = |[a, b]: [u8; 2]| 0xD000 | u16::from(a & 0x3F) << 6 | u16::from(b & 0x3F);
    char::decode_utf16([unit(high), unit(low)]).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER)
}
