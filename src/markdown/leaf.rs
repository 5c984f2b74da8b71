//! The block in which a text ends, and the marks in it that are still open.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

/// The last block that holds text rather than blocks.
#[derive(Default)]
pub(super) struct Leaf {
    pub kind: LeafKind,
    /// Bytes of its first and last mark; of a table, not of the cell, the first.
    pub start: usize,
    pub end: usize,
    /// Marks that opened and closed nothing: one of `*`, `_`, `~`, `[`, `![`, `]`, `<`, or a run of backticks.
    pub marks: Vec<Range<usize>>,
    ended: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum LeafKind {
    #[default]
    None,
    Text,
    Table,
    Fence,
    /// Shown as it stands: indented code, raw HTML.
    Verbatim,
}

impl Leaf {
    /// Takes the parser's next event.
    pub fn event(&mut self, event: &Event, range: Range<usize>, text: &str) {
        match event {
            // A cell that its row does not have.
            Event::Start(Tag::TableCell) if range.is_empty() => {}
            Event::Start(Tag::TableHead | Tag::TableRow | Tag::TableCell) => {
                *self = Self::new(LeafKind::Table, self.start..self.start);
            }
            Event::Start(Tag::Table(_)) => *self = Self::new(LeafKind::Table, range),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                *self = Self::new(LeafKind::Fence, range);
            }
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                *self = Self::new(LeafKind::Verbatim, range);
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item) => {
                *self = Self::new(LeafKind::Text, range.start..range.start);
            }
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) | Event::Rule => {
                *self = Self::new(LeafKind::None, range);
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) => {
                self.marks.retain(|mark| mark.start < range.start)
            }
            Event::End(_) => self.ended = true,
            inline => {
                // In a tight list text may follow a block without a paragraph's start.
                if self.ended {
                    *self = Self::new(LeafKind::Text, range.start..range.start);
                }
                self.end = self.end.max(range.end);
                if matches!(inline, Event::Text(_)) && is_mark(text, &range) {
                    self.marks.push(range);
                }
            }
        }
    }

    fn new(kind: LeafKind, range: Range<usize>) -> Self {
        Self { kind, start: range.start, end: range.end, ..Self::default() }
    }
}

fn is_mark(text: &str, range: &Range<usize>) -> bool {
    let mark = &text[range.clone()];
    let before = &text[..range.start];
    let escaped = (before.len() - before.trim_end_matches('\\').len()) % 2 == 1;
    let known = matches!(mark, "*" | "_" | "~" | "[" | "![" | "]" | "<")
        || !mark.is_empty() && mark.bytes().all(|byte| byte == b'`');
    known && !escaped
}
