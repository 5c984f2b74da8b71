//! The top-level blocks of a text, where it may be cut between them, and what its last line leaves open.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::OPTIONS;

/// What [`outline`] finds.
pub(super) struct Outline {
    /// For each top-level block the byte of the cut at or before it from which it is rendered, 0 if there is none.
    pub cuts: Vec<usize>,
    pub leaf: Leaf,
}

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

/// A top-level block, as far as a cut after it or before it depends on it.
struct Top {
    kind: TopKind,
    range: Range<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum TopKind {
    /// Ends with its last line, whatever follows: a rule, a heading, a closed fence.
    Closed,
    List,
    Quote,
    Other,
}

/// Reads the structure of `text`. Linear in its length.
pub(super) fn outline(text: &str) -> Outline {
    let mut cuts: Vec<usize> = Vec::new();
    let mut last: Option<Top> = None;
    let mut leaf = Leaf::default();
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        if depth == 0 && !matches!(event, Event::End(_)) {
            let top = Top::new(&event, range.clone());
            let before = cuts.last().copied().unwrap_or(0);
            cuts.push(top.cut(last.as_ref(), text).unwrap_or(before));
            last = Some(top);
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        leaf.event(&event, range, text);
    }
    Outline { cuts, leaf }
}

impl Top {
    fn new(event: &Event, range: Range<usize>) -> Self {
        let kind = match event {
            Event::Rule | Event::Start(Tag::Heading { .. } | Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                TopKind::Closed
            }
            Event::Start(Tag::List(_)) => TopKind::List,
            Event::Start(Tag::BlockQuote(_)) => TopKind::Quote,
            _ => TopKind::Other,
        };
        Self { kind, range }
    }

    /// The start of this block's line, if nothing that may still come can join it to what stands before it, and it
    /// means the same without that.
    fn cut(&self, before: Option<&Top>, text: &str) -> Option<usize> {
        let start = self.range.start;
        let line = text[..start].rfind('\n')? + 1;
        if !blank(&text[line..start]) {
            return None;
        }
        let above = &text[..line - 1];
        let after_blank = blank(above.rsplit('\n').next().unwrap_or(""));
        let complete = text[start..].contains('\n');
        let item = |c: char| c.is_ascii_digit() || "-+*".contains(c);
        let may_be_item = !complete && text[start..].starts_with(item);
        let gap = before.map_or("", |top| text.get(top.range.end..line).unwrap_or(""));
        let definitions = before.is_none() || !blank_lines(gap);
        let definite = match before.map(|top| top.kind) {
            Some(TopKind::List) if after_blank => !may_be_item,
            Some(TopKind::Closed) if !after_blank => !definitions,
            _ => after_blank,
        };
        // Without a blank line only these interrupt a block, a setext heading not; after definitions not even these.
        let marked = text[start..].starts_with(['#', '`', '~', '-', '*', '_']);
        let interrupts = match self.kind {
            TopKind::List | TopKind::Quote => true,
            TopKind::Closed => marked && start - line < 4,
            TopKind::Other => false,
        };
        (definite || complete && interrupts && !definitions).then_some(line)
    }
}

fn blank(line: &str) -> bool {
    line.trim_matches([' ', '\t']).is_empty()
}

fn blank_lines(lines: &str) -> bool {
    lines.trim_matches([' ', '\t', '\n']).is_empty()
}

impl Leaf {
    fn event(&mut self, event: &Event, range: Range<usize>, text: &str) {
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
