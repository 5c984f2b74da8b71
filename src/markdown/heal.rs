//! What is half-written at the end of a growing text: held back while it may become a mark, else closed.

use super::{
    leaf::{Leaf, LeafKind},
    span::open,
};

/// A text that can be shown.
pub(super) struct Healed {
    pub text: String,
    /// Bytes of it that were written. After them stands what closes the marks that are open.
    pub shown: usize,
    /// Bytes that were read for it: by the parser, and for marks at the end.
    pub work: usize,
}

/// Makes a text fit to be shown although its last line is not complete. Linear in its length.
pub(super) fn heal(text: &str) -> Healed {
    let mut leaf = Leaf::of(text);
    let mut end = text.len();
    let mut work = end;
    let mut kept = hold_table(text, &leaf, &mut work);
    while kept < end {
        end = kept;
        work += end;
        leaf = Leaf::of(&text[..end]);
        kept = hold(&text[..end], &leaf, &mut work);
    }
    Healed { work, ..close(&text[..end], &leaf) }
}

/// How many bytes of `text` can be shown: not a row at its end that may still be the header of a table.
fn hold_table(text: &str, leaf: &Leaf, work: &mut usize) -> usize {
    let line = last_line(text);
    let above = last_line(&text[..line.saturating_sub(1)]);
    let is_row = |line: &str| line.trim_start_matches([' ', '\t', '>']).starts_with('|');
    match leaf.kind {
        LeafKind::Text if leaf.start < line && is_row(&text[above..line]) && only(&text[line..], ROW) => above,
        LeafKind::Text if is_row(&text[line..]) => line,
        _ => hold(text, leaf, work),
    }
}

/// How many bytes of `text` can be shown: not those at its end that may still become a mark.
fn hold(text: &str, leaf: &Leaf, work: &mut usize) -> usize {
    let line = last_line(text);
    let last = &text[line..];
    let marks = !last.trim().is_empty() && only_marks(last);
    let held = match leaf.kind {
        LeafKind::Verbatim => return text.len(),
        LeafKind::Fence if leaf.start < line && !may_close(text, leaf.start, last) => {
            return text.len();
        }
        LeafKind::Fence => true,
        // The second line of a table is its row of delimiters.
        LeafKind::Table => only(last, ROW) && text[leaf.start..].matches('\n').count() != 1,
        LeafKind::Text | LeafKind::None => marks || definition(last),
    };
    line + if held { 0 } else { hold_marks(last, work) }
}

/// The byte at which the last line begins.
fn last_line(text: &str) -> usize {
    text.rfind('\n').map_or(0, |at| at + 1)
}

/// Whether the last line may become the end of the fence that begins at the byte `fence`.
fn may_close(text: &str, fence: usize, last: &str) -> bool {
    let nested = !text[..fence].is_empty() && !text[..fence].ends_with('\n');
    let containers = |c: char| nested && "\t>".contains(c);
    let mark = text[fence..].chars().next();
    last.chars().all(|c| c == ' ' || Some(c) == mark || containers(c))
}

/// What a row of a table may consist of while no cell has begun.
const ROW: &str = "|:-> \t";

fn only(line: &str, marks: &str) -> bool {
    line.chars().all(|c| marks.contains(c))
}

/// Whether the line is nothing but marks of blocks and spans, a list's number, or an empty task.
pub(super) fn only_marks(line: &str) -> bool {
    let mut before = ' ';
    line.chars().all(|c| {
        let task = before == '[' && matches!(c, 'x' | 'X');
        before = c;
        task || c.is_ascii_digit() || "-+*>#=_~`|:.()[]!<&\\ \t".contains(c)
    })
}

/// Whether the line begins a link definition.
fn definition(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '>']);
    line.starts_with('[') && line.contains("]:")
}

/// How many bytes of a line stand before the marks at its end, which open, close or become something. Linear in the
/// marks: of what stands before one, no more is looked at (and added to `work`) than an entity or an address is long.
fn hold_marks(line: &str, work: &mut usize) -> usize {
    let mut kept = line;
    let mut find = |kept: &str, mark: char, bytes: usize| {
        let from = kept.floor_char_boundary(kept.len().saturating_sub(bytes));
        let found = kept[from..].rfind(mark).map(|at| from + at);
        *work += kept.len() - found.unwrap_or(from);
        found
    };
    let addresses = line.contains('<');
    loop {
        let before = kept.len();
        kept = kept.trim_end_matches(['*', '_', '~', '`', '<', '\\', '[']);
        kept = match kept.strip_suffix('!') {
            Some(image) if kept.len() < before => image,
            _ => kept,
        };
        if let Some(at) = find(kept, '&', 1 + LONGEST_ENTITY).filter(|at| is_entity(&kept[at + 1..])) {
            kept = &kept[..at];
        }
        if let Some(at) = addresses.then(|| find(kept, '<', 1 + LONGEST_ADDRESS)).flatten() {
            kept = &kept[..at + 1 + hold_address(&kept[at + 1..])];
        }
        if kept.len() == before {
            return before;
        }
    }
}

/// The longest common names of entities, and the longest addresses that are held back.
const LONGEST_ENTITY: usize = 8;
const LONGEST_ADDRESS: usize = 40;

/// Whether an entity's name may continue after this.
fn is_entity(name: &str) -> bool {
    name.len() <= LONGEST_ENTITY && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
}

/// How many bytes of what stands after a `<` can be shown: nothing before it is an address, and no end that makes it none.
fn hold_address(rest: &str) -> usize {
    if rest.len() > LONGEST_ADDRESS || rest.contains(|c: char| c.is_whitespace() || ":>".contains(c)) {
        return rest.len();
    }
    let address = rest.trim_end_matches(['@', '.', '-']);
    if address.contains('@') { address.len() } else { 0 }
}

/// Adds to a text what closes the spans that its last block leaves open.
fn close(text: &str, leaf: &Leaf) -> Healed {
    let written = text.trim_end();
    let spans = matches!(leaf.kind, LeafKind::Text | LeafKind::Table);
    let spans = spans && text[written.len()..].matches('\n').count() < 2;
    if !spans || leaf.marks.is_empty() || leaf.end < written.len() {
        return Healed { text: text.to_string(), shown: text.len(), work: 0 };
    }
    let (kept, closers) = open(written, &leaf.marks);
    let kept = kept.trim_end();
    let mut text = format!("{kept}{}", if kept.ends_with('`') { " " } else { "" });
    let shown = text.len();
    text.extend(closers.iter().rev().map(String::as_str));
    Healed { text, shown, work: 0 }
}
