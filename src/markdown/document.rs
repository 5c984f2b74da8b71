//! A text that grows, and what each step changes on the page.

use std::borrow::Cow;

use super::edit::Edit;
use super::fence::Fence;
use super::heal::{heal, only_marks};
use super::html::{Root, append_code, render};
use super::link::{Definitions, Label};
use super::outline::{Outline, outline};
use super::path::MISSING_CELLS;
use super::spot::Spot;

/// A text that grows, rendered block by block.
#[derive(Default)]
pub struct Document {
    /// What the page shows, the finished blocks first.
    blocks: Vec<Block>,
    finished: usize,
    /// Bytes of the source: where the part begins that is not finished, and how much has been read.
    open: usize,
    read: usize,
    /// Places in the first open block before which all is finished too, each deeper than the one before.
    cuts: Vec<Cut>,
    /// Labels that the open block refers to, before its cuts, and that nothing defines.
    missing: Vec<Label>,
    /// Those of the finished part.
    definitions: Definitions,
    fence: Option<Fence>,
    /// Rendered as one piece, since the parser limits how far the definitions of one piece expand.
    whole: bool,
}

/// A block and what is needed to render it again.
struct Block {
    html: String,
    /// Byte of the source from which it can be rendered; neighbours may share it.
    from: usize,
    missing: Vec<Label>,
    /// Bytes that definitions were expanded to, up to the end of this block.
    expanded: usize,
}

/// A place in the open block from which only its rest is rendered.
struct Cut {
    /// The byte of the source, and what the parser needs to be there.
    spot: Spot,
    /// How much stands before it: bytes of the block's HTML, missing labels, bytes that definitions were expanded to, and
    /// cells that the rows of a table do not have.
    html: usize,
    missing: usize,
    expanded: usize,
    missing_cells: usize,
}

/// What takes the place of all blocks from `first` on.
struct New {
    first: usize,
    /// Bytes of the first block's HTML that stay, and that `blocks` does not have.
    kept: usize,
    blocks: Vec<Block>,
}

/// What changes on the page: the first `keep` blocks stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub keep: usize,
    pub change: Change,
}

/// What happens after the blocks that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These, one element each, replace all that follows.
    Blocks(Vec<String>),
    /// The next block changes at its end, and these replace all that follows it.
    End(Edit, Vec<String>),
    /// This plain text, not HTML, is appended to the `code` element of the one block that follows.
    Code(String),
    /// Nothing.
    Nothing,
}

/// Bytes that definitions may expand to before a text is rendered as one piece; half of the parser's own limit.
const EXPANDED: usize = 50_000;

impl Document {
    /// A document of the source so far; `growing` says whether more may come.
    pub fn new(text: &str, growing: bool) -> Self {
        let mut document = Self::default();
        document.update(text, growing);
        document
    }

    /// Takes the whole source so far, which begins with what was given before, and says what changes on the page.
    ///
    /// While it is `growing`, what is half-written at its end is closed or held back; else the page shows exactly
    /// [`html`](super::html) of it. It may go on growing after that. Costs as much as the last item, row or paragraph is
    /// long, not the text; an open code block, or a long paragraph without open marks, as much as is new. A shorter text
    /// than before starts over.
    pub fn update(&mut self, text: &str, growing: bool) -> Patch {
        let known = self.cuts.last().map_or(self.open, |cut| cut.spot.at);
        if text.len() < self.read || !text.is_char_boundary(known) || !text.is_char_boundary(self.open) {
            self.start_over();
        }
        self.read = text.len();
        if growing && let Some(patch) = self.append_code(text) {
            return patch;
        }
        self.fence = None;
        let new = match growing {
            true => self.grow(text),
            false => self.end(text),
        };
        if !self.whole && new.blocks.last().is_some_and(|block| block.expanded > EXPANDED) {
            self.start_over();
            self.whole = true;
            return self.update(text, growing);
        }
        self.replace(new)
    }

    /// The HTML of what the page shows now.
    pub fn html(&self) -> String {
        self.blocks().collect()
    }

    /// The HTML of each block, one element each.
    pub fn blocks(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|block| block.html.as_str())
    }

    /// Forgets what was read, not what is shown: the next patch starts from that.
    fn start_over(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        *self = Self { blocks, ..Self::default() };
    }

    fn append_code(&mut self, text: &str) -> Option<Patch> {
        let code = self.fence.as_mut()?.grow(text)?;
        append_code(&mut self.blocks.last_mut()?.html, code);
        let change = match code {
            "" => Change::Nothing,
            _ => Change::Code(code.to_string()),
        };
        let keep = self.blocks.len() - 1;
        Some(Patch { keep, change })
    }

    /// The blocks of a text to which more will come.
    fn grow(&mut self, text: &str) -> New {
        let mut new = self.finish(text);
        let (source, context) = self.source(text);
        let mut healed = heal(&source);
        let mut rendered = render(&healed.text, context, &self.definitions, healed.shown, None);
        if !rendered.fits {
            self.undo_cuts(&mut new);
            healed = heal(&text[self.open..]);
            rendered = render(&healed.text, 0, &self.definitions, healed.shown, None);
        }
        let roots = rendered.roots;
        if self.cuts.is_empty() && roots.len() == 1 {
            self.fence = Fence::open(text, self.open, self.open + healed.shown);
        }
        self.push(&mut new, roots, |_| self.open);
        new
    }

    /// Moves the finished part up to the last place that nothing can change any more. Returns what of that is new on the
    /// page.
    fn finish(&mut self, text: &str) -> New {
        let text = complete(text, self.cuts.last().map_or(self.open, |cut| cut.spot.at));
        let mut outline = self.outline(text);
        let mut new = self.after_cut();
        if let Some(cut) = outline.cuts.last().copied().filter(|cut| *cut > 0 && !self.whole) {
            let open = self.byte(cut);
            let definitions;
            (new, definitions) = self.render(&text[..open], &outline.cuts);
            new.blocks.first_mut().into_iter().for_each(|block| self.close_cuts(block));
            self.cuts.clear();
            self.definitions.add(definitions);
            self.open = open;
            self.finished = new.first + new.blocks.len();
            outline = self.outline(text);
        }
        if let Some(spot) = outline.spot.filter(|_| !self.whole) {
            self.cut(text, spot, outline.missing_cells, &mut new);
        }
        new
    }

    /// The blocks of a text that is complete.
    fn end(&mut self, text: &str) -> New {
        let outline = self.outline(text);
        let (new, _) = self.render(text, &outline.cuts);
        if new.first < self.finished {
            self.finished = new.first;
            self.open = self.blocks[new.first].from;
        }
        new
    }

    /// The open part's structure. Cuts that turn out to be wrong, since a list has become loose or a paragraph a heading,
    /// are undone.
    fn outline(&mut self, text: &str) -> Outline {
        loop {
            let (source, context) = self.source(text);
            let outline = outline(&source, context);
            let Some(cut) = self.cuts.last() else { return outline };
            let few = cut.missing_cells + outline.missing_cells < MISSING_CELLS;
            if few && outline.fits && !outline.defines && outline.loose == cut.spot.loose {
                return outline;
            }
            self.cuts.pop();
            self.missing.truncate(self.cuts.last().map_or(0, |cut| cut.missing));
            if self.cuts.is_empty() {
                self.finished = self.blocks.partition_point(|block| block.from < self.open);
            }
        }
    }

    /// What is to be parsed of the open part, and how much of that is only there to bring the parser to the last cut.
    fn source<'a>(&self, text: &'a str) -> (Cow<'a, str>, usize) {
        match self.cuts.last() {
            None => (Cow::Borrowed(&text[self.open..]), 0),
            Some(Cut { spot, .. }) => {
                let rest = text.get(spot.at..).unwrap_or_default();
                (Cow::Owned(format!("{}{rest}", spot.context)), spot.context.len())
            }
        }
    }

    /// The byte of the text at which a byte of its [`source`](Self::source) stands.
    fn byte(&self, at: usize) -> usize {
        match self.cuts.last() {
            None => self.open + at,
            Some(Cut { spot, .. }) => at.checked_sub(spot.context.len()).map_or(self.open, |at| spot.at + at),
        }
    }

    /// What begins after the finished part, or goes on after the last cut.
    fn after_cut(&self) -> New {
        let mut new = New { first: self.finished, kept: 0, blocks: Vec::new() };
        if let Some(cut) = self.cuts.last() {
            new.kept = cut.html;
            let (html, missing) = (String::new(), Vec::new());
            new.blocks.push(Block { html, from: self.open, missing, expanded: cut.expanded });
        }
        new
    }

    /// Renders the open part, exactly. If a definition in it is one that finished blocks missed, begins with the first of
    /// them.
    fn render(&self, text: &str, cuts: &[usize]) -> (New, Definitions) {
        let (source, context) = self.source(text);
        let rendered = render(&source, context, &self.definitions, source.len(), None);
        let late = |block: &&Block| self.cuts.is_empty() && rendered.definitions.defines_any(&block.missing);
        let late = self.blocks[..self.finished].iter().find(late).map(|block| block.from);
        if let Some(from) = late.filter(|from| text.is_char_boundary(*from)) {
            let first = self.blocks.partition_point(|block| block.from < from);
            let rendered = render(&text[from..], 0, &self.definitions, text.len(), None);
            let cuts = outline(&text[from..], 0).cuts;
            let mut new = New { first, kept: 0, blocks: Vec::new() };
            self.push(&mut new, rendered.roots, |at| from + cuts[at]);
            return (new, rendered.definitions);
        }
        let mut new = self.after_cut();
        self.push(&mut new, rendered.roots, |at| self.byte(cuts[at]));
        (new, rendered.definitions)
    }

    /// Adds the blocks of these roots; the first root goes on after the last cut. `from` says from which byte the root of
    /// an index is rendered.
    fn push(&self, new: &mut New, roots: Vec<Root>, from: impl Fn(usize) -> usize) {
        let mut cut = self.cuts.last();
        for (at, root) in roots.into_iter().enumerate() {
            if let Some(block) = new.blocks.last_mut().filter(|_| cut.take().is_some()) {
                block.html.push_str(&root.html);
                block.missing.extend(root.missing);
                block.expanded += root.expanded;
                continue;
            }
            let before = new.blocks.last().or(self.blocks[..new.first].last()).map_or(0, |block| block.expanded);
            let expanded = before + root.expanded;
            new.blocks.push(Block { html: root.html, from: from(at), missing: root.missing, expanded });
        }
    }

    /// Cuts the last of `new`'s blocks at the spot, and finishes those before it.
    fn cut(&mut self, text: &str, mut spot: Spot, missing_cells: usize, new: &mut New) {
        let (source, context) = self.source(text);
        let rendered = render(&source, context, &self.definitions, source.len(), Some(spot.at));
        let (Some(place), mut roots) = (rendered.cut, rendered.roots) else { return };
        spot.at = self.byte(spot.at);
        roots.truncate(place.root + 1);
        if let Some(root) = roots.last_mut() {
            root.html.truncate(place.html);
            root.expanded = place.expanded;
        }
        let continued = new.blocks.len().saturating_sub(1);
        self.push(new, roots, |_| self.open);
        let missing_cells = self.cuts.last().map_or(0, |cut| cut.missing_cells) + missing_cells;
        if place.root > 0 {
            self.close_cuts(&mut new.blocks[continued]);
        }
        let (index, Some(block)) = (new.blocks.len() - 1, new.blocks.last_mut()) else { return };
        self.missing.append(&mut block.missing);
        self.finished = new.first + index;
        while self.cuts.last().is_some_and(|cut| cut.spot.depth >= spot.depth) {
            self.cuts.pop();
        }
        let html = block.html.len() + if index == 0 { new.kept } else { 0 };
        self.cuts.push(Cut { spot, html, missing: self.missing.len(), expanded: block.expanded, missing_cells });
    }

    /// The block that was cut, if one was, is finished.
    fn close_cuts(&mut self, block: &mut Block) {
        block.missing.append(&mut self.missing);
        self.cuts.clear();
    }

    /// Renders the open block without its cuts.
    fn undo_cuts(&mut self, new: &mut New) {
        self.cuts.clear();
        self.missing.clear();
        new.blocks.retain(|block| block.from < self.open);
        if new.blocks.is_empty() {
            new.kept = 0;
            new.first = self.blocks.partition_point(|block| block.from < self.open);
        }
        self.finished = new.first + new.blocks.len();
    }

    /// Puts what is new in the place of all blocks from its first on.
    fn replace(&mut self, New { first, kept, blocks: mut new }: New) -> Patch {
        let mut old = self.blocks.split_off(first);
        let kept_of = |at: usize| if at == 0 { kept } else { 0 };
        let alike = |at: &usize| old[*at].html[kept_of(*at)..] == new[*at].html;
        let same = (0..old.len().min(new.len())).take_while(alike).count();
        let htmls = |new: &[Block]| new.iter().map(|block| block.html.clone()).collect();
        let edit = old.get(same).zip(new.get(same)).and_then(|(old, new)| {
            let (kept, old) = old.html.split_at(kept_of(same));
            Edit::new(kept, old, &new.html)
        });
        let change = match edit {
            _ if same == old.len() && same == new.len() => Change::Nothing,
            Some(edit) => Change::End(edit, htmls(&new[same + 1..])),
            None => Change::Blocks(htmls(&new[same..])),
        };
        if let (true, Some(old), Some(new)) = (kept > 0, old.first_mut(), new.first_mut()) {
            old.html.truncate(kept);
            old.html.push_str(&new.html);
            new.html = std::mem::take(&mut old.html);
        }
        self.blocks.extend(new);
        Patch { keep: first + same, change }
    }
}

/// The text without its last line, if that is not complete and may become anything. A line begins at the byte `from`, or a
/// word.
fn complete(text: &str, from: usize) -> &str {
    let line = text[from..].rfind('\n').map_or(from, |at| from + at + 1);
    if only_marks(&text[line..]) { &text[..line] } else { text }
}
