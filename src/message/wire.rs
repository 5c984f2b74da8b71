//! How much of a message fits into a frame.

use super::{Kind, Message, Part, Position, Status};

/// What a snapshot takes beside what differs between messages, in bytes.
const SNAPSHOT_ENVELOPE: usize = 497;
/// What a part takes in a snapshot beside its text and its names, in bytes.
const PART_ENVELOPE: usize = 104;
/// What the numbers of a kind take at most, with their names.
const NUMBERS: usize = 72;

/// The length of the longest beginning of `text` of at most `limit` bytes that ends between characters; one character
/// if none is that short, so that whoever asks gets on.
pub fn cut(text: &str, limit: usize) -> usize {
    or_a_character(text, text.floor_char_boundary(limit))
}

/// The same for at most `limit` bytes as JSON.
pub(super) fn cut_encoded(text: &str, limit: usize) -> usize {
    or_a_character(text, fitting(text, limit))
}

fn or_a_character(text: &str, at: usize) -> usize {
    if at > 0 { at } else { text.chars().next().map_or(0, char::len_utf8) }
}

/// The beginning of a message whose snapshot takes about `limit` bytes as JSON: all of it, or some of its parts, of which
/// the last may be cut, and no end.
pub(super) fn prefix(message: &Message, limit: usize) -> Message {
    let head = [&message.model, &message.error].into_iter().flatten();
    let head: usize = SNAPSHOT_ENVELOPE + head.map(|text| encoded_length(text)).sum::<usize>();
    let mut left = limit.saturating_sub(head);
    let mut parts: Vec<Part> = vec![];
    for part in &message.parts {
        // The first one's share is in what any message takes.
        let envelope = if parts.is_empty() { 0 } else { PART_ENVELOPE } + names(&part.kind);
        if envelope > left {
            break;
        }
        left -= envelope;
        let text = &part.text[..fitting(&part.text, left)];
        left -= encoded_length(text);
        parts.push(Part { kind: part.kind.clone(), started_at: part.started_at, text: text.to_owned() });
        if text.len() < part.text.len() {
            break;
        }
    }
    let Position { parts: count, at, .. } = message.position();
    if head <= limit && parts.len() == count && parts.last().map_or(0, |part| part.text.len()) == at {
        return message.clone();
    }
    let status = Status::growing(&parts);
    Message {
        model: message.model.clone(),
        parts,
        epoch: message.epoch,
        resumed_from: message.resumed_from,
        status,
        ..Message::unseen(message.id, message.role)
    }
}

/// The length of what a kind has from outside.
fn names(kind: &Kind) -> usize {
    match kind {
        Kind::Thinking | Kind::Text => 0,
        Kind::Covered { .. } | Kind::LeftOut { .. } => NUMBERS,
        Kind::ToolCall { name, call_id } => encoded_length(name) + encoded_length(call_id),
        Kind::ToolResult { call_id, .. } => encoded_length(call_id),
    }
}

/// The length of the longest beginning that takes at most `limit` bytes as JSON and ends between characters.
fn fitting(text: &str, limit: usize) -> usize {
    let mut left = limit;
    for (at, byte) in text.bytes().enumerate() {
        let Some(rest) = left.checked_sub(encoded(byte)) else { return text.floor_char_boundary(at) };
        left = rest;
    }
    text.len()
}

fn encoded_length(text: &str) -> usize {
    text.bytes().map(encoded).sum()
}

/// How many bytes a byte of a text takes in a JSON string.
fn encoded(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..0x20 => 6,
        _ => 1,
    }
}
