//! JSON whose strings may be cut inside a character: some servers send bytes that are not UTF-8, or halves of surrogate
//! pairs, and the rest in the next event.

use serde_json::Value;

/// The first of the 128 characters that stand for bytes from 0x80 on: the last ones of the last private use area.
const MARKS: u32 = 0x10_FF00;

/// A value whose strings become bytes by [`MarkedJson::bytes`].
pub struct MarkedJson {
    pub value: Value,
    /// Its strings have marks in them.
    marked: bool,
}

impl MarkedJson {
    /// Reads a value; `None` if it is no JSON.
    pub fn read(data: &[u8]) -> Option<Self> {
        match serde_json::from_slice(data) {
            Ok(value) => Some(Self { value, marked: false }),
            Err(_) => Some(Self { value: serde_json::from_str(&marked(data)).ok()?, marked: true }),
        }
    }

    /// A string of it as it was sent: WTF-8, and what is no character as it is.
    pub fn bytes(&self, text: &str) -> Vec<u8> {
        if !self.marked {
            return text.into();
        }
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match u32::from(c).checked_sub(MARKS) {
                Some(byte @ 0x80..=0xFF) => bytes.push(byte as u8),
                _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        bytes
    }
}

/// The same JSON with a mark for each byte that belongs to no character.
fn marked(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len());
    for chunk in data.utf8_chunks() {
        mark_halves(chunk.valid(), &mut text);
        text.extend(chunk.invalid().iter().copied().map(mark));
    }
    text
}

/// Appends `json`, with marks in place of each `\uD800` to `\uDFFF` that has no other half.
fn mark_halves(mut json: &str, text: &mut String) {
    while let Some(at) = json.find('\\') {
        let (before, escape) = json.split_at(at);
        text.push_str(before);
        let length = match unit(escape) {
            Some(0xD800..=0xDBFF) if matches!(unit(&escape[6..]), Some(0xDC00..=0xDFFF)) => 12,
            Some(half @ 0xD800..=0xDFFF) => {
                let low_six = |bits: u16| 0x80 | (bits & 0x3F) as u8;
                text.extend([0xED, low_six(half >> 6), low_six(half)].map(mark));
                json = &escape[6..];
                continue;
            }
            // The backslash and what it escapes, be it another backslash.
            _ => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        text.push_str(&escape[..length]);
        json = &escape[length..];
    }
    text.push_str(json);
}

/// The number in `\u1234`, if the text begins so.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

fn mark(byte: u8) -> char {
    char::from_u32(MARKS + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}
