//! A piece of a text that means alone what it meant in it: with the marks of the spans, items and fences that it cuts.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Tag, TagEnd};

use super::{parser, source_map::code_inside, spot::lead};

/// A block that holds text rather than blocks.
struct TextBlock<'a> {
    kind: TextBlockKind,
    /// With its own marks, such as a fence or the underline of a heading.
    whole: Range<usize>,
    content: Range<usize>,
    spans: Vec<Span<'a>>,
    /// Of code each line, of a table each cell.
    pieces: Vec<Range<usize>>,
    /// Of a table.
    rows: Vec<Range<usize>>,
}

#[derive(Clone, Copy, PartialEq)]
enum TextBlockKind {
    Text,
    Fence,
    /// Indented code, and raw HTML.
    Verbatim,
    Table,
}

/// Emphasis, a link, or code.
struct Span<'a> {
    whole: Range<usize>,
    inside: Option<Range<usize>>,
    /// A label that is defined elsewhere, and where it leads.
    defined: Option<(String, pulldown_cmark::CowStr<'a>)>,
}

/// The Markdown of the selected bytes. Words of one block come without the marks of the blocks around them; more than that,
/// or all of the block, with them: an item with its marker, a row with the table's head. Code keeps its fence. Marks of
/// spans are closed where the selection cuts them, and links that are defined elsewhere bring their definition.
pub fn excerpt(text: &str, selected: Range<usize>) -> String {
    let Some(words) = trimmed(text, selected.clone()) else { return String::new() };
    let blocks = blocks(text);
    let touched = |block: &&TextBlock| block.content.start < words.end && words.start < block.content.end;
    let (first, last) = (blocks.iter().find(touched), blocks.iter().rfind(touched));
    let (Some(first), Some(last)) = (first, last) else { return text[words].to_owned() };
    let start = first.indented(&words, &selected).max(first.content.start);
    let end = words.end.min(last.content.end);
    if start >= end {
        // Nothing of it is shown.
        return text[words].to_owned();
    }
    let selected = last.widened(first.widened(start..end));
    let mut excerpt = if std::ptr::eq(first, last) {
        first.alone(text, &selected)
    } else {
        let between = &text[first.begin(&selected).min(selected.end)..last.finish(text, &selected)];
        dedented(&format!("{}{between}{}", first.before(text, &selected), last.after(text, &selected)))
    };
    let links = blocks.iter().flat_map(|block| &block.spans).filter(|span| span.touches(&selected));
    let mut defined: Vec<_> = links.filter_map(|span| span.defined.as_ref()).collect();
    defined.dedup();
    for (at, (label, url)) in defined.into_iter().enumerate() {
        excerpt.push_str(&format!("{}[{label}]: <{url}>", if at == 0 { "\n\n" } else { "\n" }));
    }
    excerpt
}

/// Without white space at both ends, between which marks would close nothing.
fn trimmed(text: &str, selected: Range<usize>) -> Option<Range<usize>> {
    let piece = text.get(selected.clone())?;
    let start = selected.start + piece.len() - piece.trim_start().len();
    let end = selected.start + piece.trim_end().len();
    (start < end).then_some(start..end)
}

fn blocks(text: &str) -> Vec<TextBlock<'_>> {
    let (mut blocks, mut open, mut spans) = (Vec::new(), None::<TextBlock>, Vec::<Span>::new());
    for (event, range) in parser(text, None).into_offset_iter() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                open.iter_mut().for_each(|block| block.rows.push(range.clone()));
            }
            Event::Start(Tag::TableCell) => open.iter_mut().for_each(|block| block.pieces.push(range.clone())),
            Event::End(TagEnd::TableHead | TagEnd::TableRow | TagEnd::TableCell) | Event::TaskListMarker(_) => {}
            Event::Start(tag) if super::spot::is_block(&tag) => {
                blocks.extend(open.take());
                open = TextBlockKind::of(&tag).map(|kind| TextBlock::new(kind, range));
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) => {
                if let (Some(span), Some(block)) = (spans.pop(), &mut open) {
                    block.spans.push(span);
                }
            }
            Event::End(_) | Event::Rule => blocks.extend(open.take()),
            inline => {
                let block = open.get_or_insert_with(|| TextBlock::new(TextBlockKind::Text, range.clone()));
                block.take(&range);
                if let Some(span) = spans.last_mut() {
                    span.take(&range);
                }
                match inline {
                    Event::Start(tag) => spans.push(Span::open(tag, range)),
                    Event::Code(code) => {
                        let inside = Some(code_inside(text, &range, &code));
                        block.spans.push(Span { whole: range, inside, defined: None });
                    }
                    _ => {}
                }
            }
        }
    }
    blocks.extend(open);
    blocks
}

impl TextBlockKind {
    fn of(tag: &Tag) -> Option<Self> {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } => Some(Self::Text),
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => Some(Self::Fence),
            Tag::CodeBlock(_) | Tag::HtmlBlock => Some(Self::Verbatim),
            Tag::Table(_) => Some(Self::Table),
            _ => None,
        }
    }
}

impl TextBlock<'_> {
    fn new(kind: TextBlockKind, whole: Range<usize>) -> Self {
        let (content, spans, pieces, rows) = (whole.end..whole.start, Vec::new(), Vec::new(), Vec::new());
        Self { kind, whole, content, spans, pieces, rows }
    }

    fn take(&mut self, range: &Range<usize>) {
        self.content = self.content.start.min(range.start)..self.content.end.max(range.end);
        self.whole = self.whole.start.min(range.start)..self.whole.end.max(range.end);
        if matches!(self.kind, TextBlockKind::Fence | TextBlockKind::Verbatim) {
            self.pieces.push(range.clone());
        }
    }

    /// Where the selected words begin, with the selected spaces before them on a line of code.
    fn indented(&self, words: &Range<usize>, selected: &Range<usize>) -> usize {
        let line = self.pieces.iter().find(|line| words.start < line.end);
        let line = line.filter(|_| matches!(self.kind, TextBlockKind::Fence | TextBlockKind::Verbatim));
        line.map_or(words.start, |line| line.start.max(selected.start).min(words.start))
    }

    /// With the marks of the spans of which all is selected.
    fn widened(&self, mut selected: Range<usize>) -> Range<usize> {
        // The inner ones are first.
        for Span { whole, inside, .. } in &self.spans {
            let Some(inside) = inside.as_ref().filter(|inside| {
                whole.start <= selected.end && selected.start <= inside.start && inside.end <= selected.end
            }) else {
                continue;
            };
            if inside.start == selected.start {
                selected.start = whole.start;
            }
            if inside.end == selected.end {
                selected.end = whole.end;
            }
        }
        selected
    }

    /// What is selected, which is in this block alone.
    fn alone(&self, text: &str, selected: &Range<usize>) -> String {
        let in_a_cell = || self.pieces.iter().any(|cell| cell.start <= selected.start && selected.end <= cell.end);
        match self.kind {
            TextBlockKind::Fence | TextBlockKind::Verbatim => {
                let lines = self.pieces.iter().map(|line| line.start.max(selected.start)..line.end.min(selected.end));
                let code: String = lines.filter_map(|line| text.get(line)).collect();
                match self.fence(text) {
                    Some((fence, info)) => format!("{fence}{info}\n{}\n{fence}", code.trim_end_matches('\n')),
                    None => code,
                }
            }
            TextBlockKind::Table if !in_a_cell() => {
                let end = self.finish(text, selected);
                dedented(&format!("{}{}", self.before(text, selected), &text[self.begin(selected)..end]))
            }
            TextBlockKind::Text if *selected == (trimmed(text, self.content.clone()).unwrap_or_default()) => {
                dedented(&text[line_of(text, self.whole.start)..self.finish(text, selected)])
            }
            TextBlockKind::Text | TextBlockKind::Table => {
                let selected_text = &text[selected.clone()];
                format!("{}{selected_text}{}", self.opened(text, selected.start), self.closed(text, selected.end))
            }
        }
    }

    /// From where on the source is taken as it is, if the selection begins in this block.
    fn begin(&self, selected: &Range<usize>) -> usize {
        match self.row(selected.start) {
            Some(row) => row.start,
            None => selected.start,
        }
    }

    /// What stands before that.
    fn before(&self, text: &str, selected: &Range<usize>) -> String {
        let line = line_of(text, self.whole.start);
        match self.kind {
            TextBlockKind::Text => {
                // From the second line on, what stands before the words continues the block on its line.
                format!("{}{}", &text[line..self.content.start], self.opened(text, selected.start))
            }
            TextBlockKind::Fence => {
                let first = &text[line..line_end(text, self.whole.start)];
                let here = self.pieces.iter().find(|piece| selected.start < piece.end);
                let lead = here.map_or("", |piece| &text[line_of(text, piece.start)..piece.start]);
                format!("{first}\n{lead}")
            }
            TextBlockKind::Verbatim => {
                let here = self.pieces.iter().find(|piece| selected.start < piece.end);
                here.map_or("", |piece| &text[line_of(text, piece.start)..piece.start]).to_owned()
            }
            TextBlockKind::Table => {
                let head = self.rows.first().filter(|_| self.row(selected.start).is_some());
                let end = head.map_or(line, |head| line_end(text, line_end(text, head.start) + 1) + 1);
                let row = line_of(text, self.begin(selected));
                // The head brings itself.
                let head = if self.begin(selected) < end { "" } else { &text[line..end.min(text.len())] };
                format!("{head}{}", &text[row..self.begin(selected)])
            }
        }
    }

    /// Up to where the source is taken, if the selection ends in this block.
    fn finish(&self, text: &str, selected: &Range<usize>) -> usize {
        let content = trimmed(text, self.content.clone()).unwrap_or_default();
        match self.row(selected.end - 1) {
            // The head is one with the line below it.
            Some(row) if self.rows.first() == Some(row) => {
                line_end(text, (line_end(text, row.start) + 1).min(text.len()))
            }
            Some(row) => line_end(text, row.start),
            None if self.kind == TextBlockKind::Text && selected.end >= content.end => {
                trimmed(text, self.whole.clone()).map_or(selected.end, |whole| whole.end.max(selected.end))
            }
            None => selected.end,
        }
    }

    /// What stands after that.
    fn after(&self, text: &str, selected: &Range<usize>) -> String {
        match self.fence(text) {
            Some((fence, _)) => {
                format!("\n{}{fence}", lead(text, self.whole.start).unwrap_or_default())
            }
            None if self.kind == TextBlockKind::Text => self.closed(text, selected.end),
            None => String::new(),
        }
    }

    fn row(&self, at: usize) -> Option<&Range<usize>> {
        self.rows.iter().rfind(|row| row.start <= at)
    }

    /// The marks of the spans that are open at a place, the outermost first.
    fn opened(&self, text: &str, at: usize) -> String {
        let mut open: Vec<_> = self.spans.iter().filter_map(|span| span.around(at)).collect();
        open.sort_by_key(|(whole, _)| whole.start);
        open.into_iter().filter_map(|(whole, inside)| text.get(whole.start..inside.start)).collect()
    }

    /// What closes them, the innermost first.
    fn closed(&self, text: &str, at: usize) -> String {
        let mut open: Vec<_> = self.spans.iter().filter_map(|span| span.around(at)).collect();
        open.sort_by_key(|(whole, _)| whole.end);
        open.into_iter().filter_map(|(whole, inside)| text.get(inside.end..whole.end)).collect()
    }

    /// The marks of a fence, and what stands beside them.
    fn fence<'text>(&self, text: &'text str) -> Option<(&'text str, &'text str)> {
        let line = text.get(self.whole.start..line_end(text, self.whole.start))?.trim_start();
        let mark = line.chars().next().filter(|_| self.kind == TextBlockKind::Fence)?;
        Some(line.split_at(line.len() - line.trim_start_matches(mark).len()))
    }
}

impl<'a> Span<'a> {
    fn open(tag: Tag<'a>, whole: Range<usize>) -> Self {
        let defined = match tag {
            Tag::Link { link_type, dest_url, id, .. } | Tag::Image { link_type, dest_url, id, .. } => {
                let is_defined = matches!(link_type, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut);
                is_defined.then(|| (id.into_string(), dest_url))
            }
            _ => None,
        };
        Self { whole, inside: None, defined }
    }

    fn take(&mut self, range: &Range<usize>) {
        let inside = self.inside.get_or_insert_with(|| range.clone());
        inside.end = inside.end.max(range.end);
    }

    /// Where it and its content begin and end, if the place is inside of both.
    fn around(&self, at: usize) -> Option<(&Range<usize>, &Range<usize>)> {
        let inside = self.inside.as_ref().filter(|_| self.whole.start < at && at < self.whole.end)?;
        Some((&self.whole, inside))
    }

    fn touches(&self, selected: &Range<usize>) -> bool {
        self.whole.start < selected.end && selected.start < self.whole.end
    }
}

/// Where the line of a place begins.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |line| line + 1)
}

/// Where it ends, before the line break.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// Without the spaces that the first line begins with, on each line that has them: what was deep in a list is not code.
fn dedented(text: &str) -> String {
    let spaces = text.len() - text.trim_start_matches(' ').len();
    let lines = text.split('\n').map(|line| {
        let own = line.len() - line.trim_start_matches(' ').len();
        &line[own.min(spaces)..]
    });
    lines.collect::<Vec<_>>().join("\n")
}
