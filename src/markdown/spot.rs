//! Places inside a block from which its rest can be parsed alone: before an item, a row, a block in a quote, a word.
//!
//! The parser is brought there by a *context*, a little Markdown that opens the same blocks anew: for an item in a list
//! in a quote `> #`, `> - x`, `> - #`. The item `x` shows whether the list is loose, the empty headings keep what
//! follows apart from what stands before.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

/// How a context ends that stands in the middle of a text.
const WORD: &str = "`x`";

/// A place from which the rest can be parsed alone.
#[derive(Clone)]
pub(super) struct Spot {
    pub at: usize,
    pub context: String,
    /// How many blocks are open there.
    pub depth: usize,
    /// For each list around it whether it is loose, the outermost first.
    pub loose: Vec<bool>,
}

/// A block that is open at a spot.
#[derive(Clone, Copy)]
pub(super) struct Container {
    /// Byte of its mark: of a list, of that of its last item.
    pub at: usize,
    /// Of a list whether it is loose.
    pub loose: Option<bool>,
}

/// What a spot stands in.
#[derive(Clone, Copy)]
pub(super) enum Inside {
    Blocks,
    /// The table that begins at this byte.
    Table(usize),
    Text,
}

impl Spot {
    /// The spot at the byte `at`; `None` if the marks of the blocks around it are such that they cannot be repeated.
    pub fn new(text: &str, at: usize, chain: &[Container], inside: Inside) -> Option<Self> {
        let (mut context, mut indent) = (String::new(), String::new());
        for container in chain {
            let lead = lead(text, container.at)?;
            let mark = match container.loose {
                None => "> ".to_string(),
                Some(loose) => {
                    let mark = item_mark(&text[container.at..])?;
                    let blank = if loose { format!("{}\n", lead.trim_end()) } else { String::new() };
                    context.push_str(&format!("{lead}{mark}x\n{blank}"));
                    mark
                }
            };
            context.push_str(&format!("{lead}{mark}#\n"));
            indent = match container.loose {
                None => lead + &mark,
                Some(_) => lead + &" ".repeat(mark.len()),
            };
        }
        match inside {
            Inside::Blocks => {}
            Inside::Text => context.push_str(&format!("{indent}{WORD}")),
            Inside::Table(table) => {
                let head: Vec<&str> = text[table..].split_inclusive('\n').take(2).collect();
                context.push_str(&format!("{indent}{}", head.concat()));
            }
        }
        let depth = chain.len() + usize::from(!matches!(inside, Inside::Blocks));
        let loose = chain.iter().filter_map(|container| container.loose).collect();
        Some(Self { at, context, depth, loose })
    }
}

/// Whether a context of this length ends with the event.
pub(super) fn ends_context(event: &Event, range: &Range<usize>, context: usize) -> bool {
    match event {
        Event::End(TagEnd::Heading(_)) => range.end <= context && range.end + 1 >= context,
        Event::End(TagEnd::TableHead) => range.end <= context,
        Event::Code(_) => range.end == context,
        _ => false,
    }
}

/// What a line begins with that belongs where the mark at this byte stands: spaces, and the marks of quotes.
pub(super) fn lead(text: &str, mark: usize) -> Option<String> {
    let line = text[..mark].rfind('\n').map_or(0, |at| at + 1);
    let lead = &text[line..mark];
    (!lead.contains('\t')).then(|| lead.chars().map(|c| if c == '>' { c } else { ' ' }).collect())
}

/// An item's mark, with spaces up to where its text begins.
pub(super) fn item_mark(item: &str) -> Option<String> {
    let number = item.trim_start_matches(|c: char| c.is_ascii_digit());
    let mark = &item[..item.len() - number.len() + 1];
    let rest = &item[mark.len()..];
    let text = rest.trim_start_matches(' ');
    let spaces = match rest.len() - text.len() {
        spaces @ 1..=4 if !text.starts_with(['\n', '\r']) && !text.is_empty() => spaces,
        _ => 1,
    };
    (!text.starts_with('\t')).then(|| format!("{mark}{}", " ".repeat(spaces)))
}

/// Whether an event is the start of a block, and not of a span in it.
pub(super) fn is_block(tag: &Tag) -> bool {
    !matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}
