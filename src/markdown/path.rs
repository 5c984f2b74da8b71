//! The blocks that are open while a text is read, and the last spot that it has.

use std::ops::Range;

use pulldown_cmark::{Event, Tag};

use super::{
    heal::only_marks,
    leaf::{Leaf, may_be_delimiters},
    spot::{Container, Inside, Spot, is_block, item_mark},
};

/// How deep a spot may lie, and so how long its context gets.
const DEEPEST: usize = 8;
/// How long a paragraph gets, in bytes, before there are spots in it.
const LONG: usize = 400;
/// How far before a word an entity may begin that reaches into it. The longest has 33 bytes.
const ENTITY: usize = 40;
/// How many cells may be missing from a table's rows before it has no spots; half of the parser's own limit.
pub(super) const MISSING_CELLS: usize = 1 << 17;

/// Follows the events of a text whose first bytes may be a spot's context.
pub(super) struct Path<'a> {
    text: &'a str,
    context: usize,
    open: Vec<OpenBlock>,
    /// The last spot between blocks.
    last: Option<(usize, Vec<Container>, Inside)>,
    paragraph: Option<Paragraph>,
    /// For each list of the context whether it is loose.
    pub loose: Vec<bool>,
    /// Cells that rows do not have.
    pub missing_cells: usize,
}

/// A block that is open.
enum OpenBlock {
    Quote(usize),
    /// The last item's mark, and whether the list is loose, once something shows that.
    List(Option<usize>, Option<bool>),
    Item,
    Table(usize),
    Paragraph,
    Other,
}

/// A paragraph, or the text of an item of a tight list.
struct Paragraph {
    chain: Option<Vec<Container>>,
    /// The pieces of text that are in no span, and stand there as they are shown.
    texts: Vec<Range<usize>>,
}

impl<'a> Path<'a> {
    pub fn new(text: &'a str, context: usize) -> Self {
        Self { text, context, open: Vec::new(), last: None, paragraph: None, loose: Vec::new(), missing_cells: 0 }
    }

    /// Takes the parser's next event.
    pub fn event(&mut self, event: &Event, range: &Range<usize>) {
        match event {
            Event::Start(tag) if is_block(tag) => self.start(tag, range),
            Event::End(_) => drop(self.open.pop()),
            Event::Rule => self.block(range.start),
            Event::TaskListMarker(_) => {}
            inline => {
                self.learn(false, range.start);
                if let Event::Text(text) = inline {
                    self.text(text, range);
                }
                if matches!(inline, Event::Start(_)) {
                    self.open.push(OpenBlock::Other);
                }
            }
        }
    }

    fn start(&mut self, tag: &Tag, range: &Range<usize>) {
        let at = range.start;
        match tag {
            Tag::Item => self.item(at),
            Tag::TableRow => self.row(at),
            Tag::TableHead => {}
            Tag::TableCell => self.missing_cells += usize::from(range.is_empty()),
            _ => self.block(at),
        }
        if matches!(tag, Tag::Paragraph) {
            self.learn(true, at);
        }
        self.open.push(match tag {
            Tag::BlockQuote(_) => OpenBlock::Quote(at),
            Tag::List(_) => OpenBlock::List(None, None),
            Tag::Item => OpenBlock::Item,
            Tag::Table(_) => OpenBlock::Table(at),
            Tag::Paragraph => OpenBlock::Paragraph,
            _ => OpenBlock::Other,
        });
    }

    /// Notes whether the list is loose in whose item the parser is.
    fn learn(&mut self, value: bool, at: usize) {
        if let [.., OpenBlock::List(_, loose @ None), OpenBlock::Item] = &mut self.open[..] {
            *loose = Some(value);
            if at < self.context {
                self.loose.push(value);
            }
        }
    }

    fn item(&mut self, start: usize) {
        self.paragraph = None;
        let mark = self.text.get(start..).map(|rest| start + spaces(rest));
        let mark = mark.filter(|mark| self.text[*mark..].starts_with(is_item_mark));
        if let (Some(OpenBlock::List(Some(before), _)), Some(mark)) = (self.open.last(), mark)
            && self.is_definite_item(mark)
            && self.is_beside(*before, mark)
        {
            self.note(mark, Inside::Blocks);
        }
        if let Some(OpenBlock::List(item, _)) = self.open.last_mut() {
            *item = mark;
        }
    }

    /// Whether what looks like an item cannot become anything else, such as a rule.
    fn is_definite_item(&self, mark: usize) -> bool {
        let item = &self.text[mark..];
        let content = item.trim_start_matches(|c: char| c.is_ascii_digit()).get(1..).unwrap_or_default();
        let line = self.text[..mark].rfind('\n').map_or(0, |line| line + 1);
        content.trim_start().starts_with(char::is_alphanumeric)
            || item.contains('\n') && !may_be_delimiters(&self.text[..line.saturating_sub(1)], item)
    }

    /// Whether an item stands too far left to be in the one before it. If not, that one is empty, and ends by itself.
    fn is_beside(&self, before: usize, mark: usize) -> bool {
        let column = |at: usize| at - self.text[..at].rfind('\n').map_or(0, |line| line + 1);
        item_mark(&self.text[before..]).is_some_and(|before_mark| column(mark) < column(before) + before_mark.len())
    }

    fn row(&mut self, start: usize) {
        if let Some(OpenBlock::Table(table)) = self.open.last()
            && self.missing_cells < MISSING_CELLS
        {
            self.note(start, Inside::Table(*table));
        }
    }

    /// A block in a quote or an item, which begins after a blank line.
    fn block(&mut self, start: usize) {
        self.paragraph = None;
        if !matches!(self.open.last(), Some(OpenBlock::Quote(_) | OpenBlock::Item)) {
            return;
        }
        let Some(rest) = self.text.get(start..) else { return };
        let may_be_item = rest.trim_start().starts_with(is_item_mark);
        let above = self.line(start).and_then(|line| self.text[..line.saturating_sub(1)].rsplit('\n').next());
        if above.is_some_and(is_lead) && (rest.contains('\n') || !may_be_item) {
            self.note(start, Inside::Blocks);
        }
    }

    /// Where the line begins of what begins at `start`, if only the marks of quotes stand before it.
    fn line(&self, start: usize) -> Option<usize> {
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        is_lead(&self.text[line..start]).then_some(line)
    }

    /// The blocks that are open; `None` if they are too many, or it is not clear what they are.
    fn chain(&self) -> Option<Vec<Container>> {
        let containers = self.open.iter().filter_map(|open| match open {
            OpenBlock::Quote(at) => Some(Some(Container { at: *at, loose: None })),
            OpenBlock::List(item, loose) => {
                Some(item.zip(*loose).map(|(at, loose)| Container { at, loose: Some(loose) }))
            }
            _ => None,
        });
        (self.open.len() <= 2 * DEEPEST + 2).then(|| containers.collect())?
    }

    /// Notes the spot at the beginning of the line of what begins at `start`.
    fn note(&mut self, start: usize, inside: Inside) {
        if start < self.context || self.open.len() > 2 * DEEPEST + 2 {
            return;
        }
        let place = self.line(start).filter(|line| *line > self.context).zip(self.chain());
        // What is open there began on a line before it.
        if let Some((line, chain)) = place.filter(|(line, chain)| chain.last().is_none_or(|last| last.at < *line)) {
            self.last = Some((line, chain, inside));
        }
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        if self.paragraph.is_none() {
            self.paragraph = Some(Paragraph { chain: self.chain(), texts: Vec::new() });
        }
        let plain = matches!(self.open.last(), Some(OpenBlock::Paragraph | OpenBlock::Item))
            && self.text[range.clone()] == *text;
        if let Some(paragraph) = self.paragraph.as_mut().filter(|_| plain) {
            paragraph.texts.push(range.clone());
        }
    }

    /// The last spot, in a text that ends in this leaf.
    pub fn spot(self, leaf: &Leaf) -> Option<Spot> {
        let in_text = self.paragraph.as_ref().filter(|_| leaf.is_paragraph).and_then(|paragraph| {
            let at = self.word(paragraph, leaf)?;
            Spot::new(self.text, at, paragraph.chain.as_ref()?, Inside::Text)
        });
        let (at, chain, inside) =
            self.last.as_ref().map_or((0, &[][..], Inside::Blocks), |(at, chain, inside)| (*at, chain, *inside));
        in_text.or_else(|| (at > 0).then(|| Spot::new(self.text, at, chain, inside))?)
    }

    /// The beginning of a word, or the middle of one, that nothing open reaches and that is the same alone.
    fn word(&self, paragraph: &Paragraph, leaf: &Leaf) -> Option<usize> {
        let first = paragraph.texts.first()?.start.max(self.context);
        if self.text.len() - first < LONG {
            return None;
        }
        let (mut end, bracketed) = leaf.first_open(self.text);
        let in_brackets = |at: usize| {
            let before = bracketed.partition_point(|brackets| brackets.start < at);
            before > 0 && at < bracketed[before - 1].end
        };
        for range in paragraph.texts.iter().rev() {
            let text = self.text[..range.end.min(end)].get(range.start..).unwrap_or_default();
            let Some(at) = word(text).map(|at| range.start + at).filter(|at| *at > first) else { continue };
            if in_brackets(at) || self.text.as_bytes()[at.saturating_sub(ENTITY)..at].contains(&b'&') {
                continue;
            }
            let line = self.text[..at].rfind('\n').map_or(0, |line| line + 1);
            // What is nothing but marks so far is not shown either, until its line has a word.
            if !is_structured(&self.text[line..at]) && !only_marks(&self.text[line..at]) {
                return Some(at);
            }
            end = line;
        }
        None
    }
}

/// Whether the line may become a row or a definition when it is whole.
fn is_structured(line: &str) -> bool {
    line.contains('|') || line.trim_start_matches([' ', '\t', '>']).starts_with('[')
}

fn is_item_mark(c: char) -> bool {
    c.is_ascii_digit() || "-+*".contains(c)
}

/// The last letter before which there is a letter or a space.
fn word(text: &str) -> Option<usize> {
    let mut after: Option<usize> = None;
    for (at, c) in text.char_indices().rev() {
        if after.is_some() && (c.is_alphanumeric() || c == ' ') {
            return after;
        }
        after = c.is_alphanumeric().then_some(at);
    }
    None
}

fn is_lead(line: &str) -> bool {
    line.bytes().all(|byte| b" >".contains(&byte))
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}
