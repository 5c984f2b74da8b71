//! The top-level blocks of a text, and where it may be cut between them.

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::{
    leaf::{Leaf, may_be_delimiters},
    parser,
    path::Path,
    spot::{Spot, ends_context},
};

/// What [`outline`] finds.
#[derive(Default)]
pub(super) struct Outline {
    /// For each top-level block the byte of the cut at or before it from which it is rendered, 0 if there is none.
    pub cuts: Vec<usize>,
    /// Where the last block that can be cut can be cut last.
    pub spot: Option<Spot>,
    /// For each list of the context whether it is loose, the outermost first.
    pub loose: Vec<bool>,
    /// Whether the context is what it was made for; it is not if its paragraph has become something else.
    pub fits: bool,
    /// Whether there are link definitions.
    pub defines: bool,
    /// Cells that rows do not have.
    pub missing_cells: usize,
}

/// A top-level block, as far as a cut depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Top {
    /// Ends with its last line, whatever follows: a rule, a heading, a closed fence.
    Closed,
    List,
    Quote,
    Other,
}

/// Reads the structure of `text`, of which the first bytes are the `context` of a spot. Linear in its length.
pub(super) fn outline(text: &str, context: usize) -> Outline {
    let mut outline = Outline { fits: context == 0, ..Outline::default() };
    let (mut leaf, mut path) = (Leaf::default(), Path::new(text, context));
    let (mut depth, mut last, mut written) = (0_usize, None, 0);
    let mut events = parser(text, None).into_offset_iter();
    for (event, range) in events.by_ref() {
        if depth == 0 && !matches!(event, Event::End(_)) {
            let top = Top::new(&event);
            let cut = top.cut(range.start, last, written, text);
            outline.cuts.push(cut.or(outline.cuts.last().copied()).unwrap_or(0));
            last = Some(top);
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !is_container(&event) {
            written = written.max(range.end);
        }
        path.event(&event, &range);
        if ends_context(&event, &range, context) {
            outline.fits = !matches!(event, Event::Code(_)) || leaf.is_paragraph;
        }
        leaf.event(&event, range, text);
    }
    outline.defines = events.reference_definitions().iter().next().is_some();
    outline.loose = std::mem::take(&mut path.loose);
    outline.missing_cells = path.missing_cells;
    outline.spot = path.spot(&leaf).filter(|_| !outline.defines && !text.contains('\r'));
    outline
}

/// Whether the event is a block of blocks, whose range may reach over definitions.
fn is_container(event: &Event) -> bool {
    matches!(
        event,
        Event::Start(Tag::List(_) | Tag::Item | Tag::BlockQuote(_))
            | Event::End(TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_))
    )
}

impl Top {
    fn new(event: &Event) -> Self {
        match event {
            Event::Rule | Event::Start(Tag::Heading { .. } | Tag::CodeBlock(CodeBlockKind::Fenced(_))) => Self::Closed,
            Event::Start(Tag::List(_)) => Self::List,
            Event::Start(Tag::BlockQuote(_)) => Self::Quote,
            _ => Self::Other,
        }
    }

    /// The start of the line of this block, which begins at `start`, if nothing that may still come can join it to
    /// what stands before it, and it means the same without that. The block before it reaches to `written`.
    fn cut(self, start: usize, before: Option<Self>, written: usize, text: &str) -> Option<usize> {
        let line = text[..start].rfind('\n')? + 1;
        if !blank(&text[line..start]) {
            return None;
        }
        let above = &text[..line - 1];
        let after_blank = blank(above.rsplit('\n').next().unwrap_or(""));
        let complete = text[start..].contains('\n');
        let item = |c: char| c.is_ascii_digit() || "-+*".contains(c);
        let may_be_item = !complete && text[start..].starts_with(item);
        let adjacent = text.get(written..line).is_none_or(blank_lines);
        // Without a blank line only these interrupt a block, a setext heading not, and after definitions nothing does.
        let marked = text[start..].starts_with(['#', '`', '~', '-', '*', '_']);
        let interrupts = match self {
            Self::List | Self::Quote => true,
            Self::Closed => marked && start - line < 4,
            Self::Other => false,
        };
        let definite = match before {
            Some(Self::List) if after_blank => !may_be_item,
            _ if after_blank => true,
            Some(Self::Closed) if adjacent => true,
            _ => complete && interrupts && adjacent && !may_be_delimiters(above, &text[line..]),
        };
        definite.then_some(line)
    }
}

fn blank(line: &str) -> bool {
    line.trim_matches([' ', '\t']).is_empty()
}

fn blank_lines(lines: &str) -> bool {
    lines.trim_matches([' ', '\t', '\n']).is_empty()
}
