//! The block in which a text ends, and the marks in it that are still open.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::parser;

/// The last block that holds text rather than blocks.
#[derive(Default)]
pub(super) struct Leaf {
    pub kind: LeafKind,
    /// Bytes of its first and last mark; of a table, not of the cell, the first.
    pub start: usize,
    pub end: usize,
    /// Marks that opened and closed nothing: one of `*`, `_`, `~`, `[`, `![`, `]`, `<`, or a run of backticks.
    pub marks: Vec<Range<usize>>,
    /// Those of them that bind more tightly than emphasis, also where they stand in one that is closed.
    binding: Vec<Range<usize>>,
    pub is_paragraph: bool,
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
    /// The leaf in which `text` ends. Linear in its length.
    pub fn of(text: &str) -> Self {
        let mut leaf = Self::default();
        for (event, range) in parser(text, None).into_offset_iter() {
            leaf.event(&event, range, text);
        }
        leaf
    }

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
            Event::Start(tag @ (Tag::Paragraph | Tag::Heading { .. } | Tag::Item)) => {
                *self = Self::new(LeafKind::Text, range.start..range.start);
                self.is_paragraph = !matches!(tag, Tag::Heading { .. });
            }
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) | Event::Rule => {
                *self = Self::new(LeafKind::None, range);
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) => {
                let kept = self.marks.partition_point(|mark| mark.start < range.start);
                self.marks.truncate(kept);
            }
            Event::End(_) => self.ended = true,
            inline => {
                // In a tight list text may follow a block without a paragraph's start.
                if self.ended {
                    *self = Self::new(LeafKind::Text, range.start..range.start);
                    self.is_paragraph = true;
                }
                // An escape is the one character that no event has.
                let escaped = self.end < range.start && text[..range.start].ends_with('\\');
                self.end = self.end.max(range.end);
                if matches!(inline, Event::Text(_)) && !escaped && is_mark(&text[range.clone()]) {
                    if !text[range.clone()].starts_with(['*', '_', '~']) {
                        self.binding.push(range.clone());
                    }
                    self.marks.push(range);
                }
            }
        }
    }

    /// Where the first mark stands that something still to come may close, so that what follows it changes; and the
    /// bracketed texts before that, which are no links.
    pub fn first_open(&self, text: &str) -> (usize, Vec<Range<usize>>) {
        let emphasis = self.marks.iter().find(|mark| text[mark.start..].starts_with(['*', '_', '~']));
        let mut first = emphasis.map_or(text.len(), |mark| mark.start);
        let (mut open, mut bracketed) = (Vec::new(), Vec::new());
        for mark in &self.binding {
            if mark.start >= first {
                break;
            }
            let rest = &text[mark.end..];
            match &text[mark.clone()] {
                "[" | "![" => open.push(mark.start),
                "]" => {
                    let Some(start) = open.pop() else { continue };
                    if rest.starts_with(['(', '[', ':']) {
                        first = start;
                    } else if open.is_empty() {
                        bracketed.push(start..mark.end);
                    }
                }
                "<" if rest.starts_with([' ', '\n', '=']) => {}
                _ => first = mark.start,
            }
        }
        (open.first().map_or(first, |open| first.min(*open)), bracketed)
    }

    fn new(kind: LeafKind, range: Range<usize>) -> Self {
        Self { kind, start: range.start, end: range.end, ..Self::default() }
    }
}

fn is_mark(text: &str) -> bool {
    matches!(text, "*" | "_" | "~" | "[" | "![" | "]" | "<")
        || !text.is_empty() && text.bytes().all(|byte| byte == b'`')
}

/// Whether the first line of `rest` may make the last one of `above` the header of a table, wherever the two stand.
pub(super) fn may_be_delimiters(above: &str, rest: &str) -> bool {
    let header = above.rsplit('\n').next().unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    header.contains('|') && line.chars().all(|c| c.is_ascii_digit() || "|:->+*.) \t".contains(c))
}
