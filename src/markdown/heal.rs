//! What is half-written at the end of a growing text: held back while it may become a mark, else closed.

use super::outline::{Leaf, LeafKind, outline};

/// A text that can be shown.
pub(super) struct Healed {
    pub text: String,
    /// Bytes of it that were written. After them stands what closes the marks that are open.
    pub shown: usize,
}

/// Makes a text fit to be shown although its last line is not complete. Linear in its length.
pub(super) fn heal(text: &str) -> Healed {
    let mut text = text;
    loop {
        let leaf = outline(text).leaf;
        let kept = &text[..hold(text, &leaf)];
        if kept.len() == text.len() {
            return close(text, &leaf);
        }
        text = kept;
    }
}

/// How many bytes of `text` can be shown: not those at its end that may still become a mark.
fn hold(text: &str, leaf: &Leaf) -> usize {
    let line = text.rfind('\n').map_or(0, |at| at + 1);
    let last = &text[line..];
    let blank = last.trim().is_empty();
    let held = match leaf.kind {
        LeafKind::Verbatim => false,
        LeafKind::Fence => leaf.start >= line || !blank && only(last, "`~> \t"),
        LeafKind::Table => {
            let delimiters = text[leaf.start..].matches('\n').count() == 1;
            !blank && !delimiters && only(last, ROW)
        }
        LeafKind::Text | LeafKind::None => {
            if let Some(header) = header(text, line) {
                return header;
            }
            !blank && only_marks(last) || definition(last)
        }
    };
    match leaf.kind {
        _ if held => line,
        LeafKind::Verbatim | LeafKind::Fence => text.len(),
        _ => line + hold_marks(last),
    }
}

/// What a row of a table may consist of while no cell has begun.
const ROW: &str = "|:->  \t";

fn only(line: &str, marks: &str) -> bool {
    line.chars().all(|c| marks.contains(c))
}

/// Whether the line is nothing but marks of blocks and spans, a list's number, or an empty task.
fn only_marks(line: &str) -> bool {
    let line = line.replace("[x", "[").replace("[X", "[");
    line.chars().all(|c| c.is_ascii_digit() || "-+*>#=_~`|:.()[]!<&\\ \t".contains(c))
}

/// Where the header of a table begins whose row of delimiters has not come yet; `line` begins the last line.
fn header(text: &str, line: usize) -> Option<usize> {
    let is_row = |line: &str| line.trim_start_matches([' ', '\t', '>']).starts_with('|');
    let above = text[..line.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
    if above < line && is_row(&text[above..line]) && only(&text[line..], ROW) {
        return Some(above);
    }
    is_row(&text[line..]).then_some(line)
}

/// Whether the line begins a link definition.
fn definition(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '>']);
    line.starts_with('[') && line.contains("]:")
}

/// How many bytes of a line stand before the marks at its end, which open, close or become something.
fn hold_marks(line: &str) -> usize {
    let mut kept = line;
    loop {
        let before = kept.len();
        kept = kept.trim_end_matches(['*', '_', '~', '`', '<', '\\']);
        kept = kept.strip_suffix('[').unwrap_or(kept);
        kept = match kept.strip_suffix('!') {
            Some(image) if kept.len() < before => image,
            _ => kept,
        };
        if let Some(at) = kept.rfind('&').filter(|at| is_entity(&kept[at + 1..])) {
            kept = &kept[..at];
        }
        if let Some(at) = kept.rfind('<').filter(|at| is_scheme(&kept[at + 1..])) {
            kept = &kept[..at];
        }
        if kept.len() == before {
            return before;
        }
    }
}

/// Whether an entity's name may go on after this. The longest common ones have eight letters.
fn is_entity(name: &str) -> bool {
    name.len() <= 8 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
}

fn is_scheme(name: &str) -> bool {
    ["https:", "http:", "mailto:"].iter().any(|scheme| scheme.starts_with(name))
}

/// Adds to a text what closes the spans that its last block leaves open.
fn close(text: &str, leaf: &Leaf) -> Healed {
    let written = text.trim_end();
    let spans = matches!(leaf.kind, LeafKind::Text | LeafKind::Table);
    if !spans || leaf.marks.is_empty() || leaf.end < written.len() {
        return Healed { text: text.to_string(), shown: text.len() };
    }
    let (kept, closers) = super::span::open(written, &leaf.marks);
    let kept = kept.trim_end();
    let mut text = format!("{kept}{}", if kept.ends_with('`') { " " } else { "" });
    let shown = text.len();
    text.extend(closers.iter().rev().map(String::as_str));
    Healed { text, shown }
}
