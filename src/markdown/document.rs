//! A text that grows, and what each step changes on the page.

use super::fence::Fence;
use super::heal::heal;
use super::html::{Root, append_code, render};
use super::link::{Definitions, Label};
use super::outline::outline;

/// A text that grows, rendered block by block.
#[derive(Default)]
pub struct Document {
    /// What the page shows, the finished blocks first.
    blocks: Vec<Block>,
    finished: usize,
    /// Bytes of the source: where the part begins that is not finished, and how much has been read.
    open: usize,
    read: usize,
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
    /// [`html`](super::html) of it. It may go on growing after that. Costs as much as the last block is long, not the
    /// text; an open code block as much as is new. A shorter text than before starts over.
    pub fn update(&mut self, text: &str, growing: bool) -> Patch {
        if text.len() < self.read || !text.is_char_boundary(self.open) {
            self.start_over();
        }
        self.read = text.len();
        if growing && let Some(patch) = self.append_code(text) {
            return patch;
        }
        self.fence = None;
        let (first, new) = match growing {
            true => self.grow(text),
            false => self.end(text),
        };
        if !self.whole && new.last().is_some_and(|block| block.expanded > EXPANDED) {
            self.start_over();
            self.whole = true;
            return self.update(text, growing);
        }
        self.replace(first, new)
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

    /// The blocks from the returned index on, of a text to which more will come.
    fn grow(&mut self, text: &str) -> (usize, Vec<Block>) {
        let (first, mut blocks) = self.finish(text);
        let healed = heal(&text[self.open..]);
        let (roots, _) = render(&healed.text, &self.definitions, healed.shown);
        if roots.len() == 1 {
            self.fence = Fence::open(text, self.open, self.open + healed.shown);
        }
        let before = blocks.last().or(self.blocks[..first].last());
        let open = number(roots, before, |_| self.open);
        blocks.extend(open);
        (first, blocks)
    }

    /// Moves the finished part up to the last block that nothing can change any more.
    fn finish(&mut self, text: &str) -> (usize, Vec<Block>) {
        let cut = outline(&text[self.open..]).cuts.last().copied();
        let Some(cut) = cut.filter(|cut| *cut > 0 && !self.whole) else {
            return (self.finished, Vec::new());
        };
        let (first, blocks, definitions) = self.render(text, self.open + cut);
        self.definitions.add(definitions);
        self.open += cut;
        self.finished = first + blocks.len();
        (first, blocks)
    }

    /// The blocks from the returned index on, of a text that is complete.
    fn end(&mut self, text: &str) -> (usize, Vec<Block>) {
        let (first, blocks, _) = self.render(text, text.len());
        if first < self.finished {
            self.finished = first;
            self.open = self.blocks[first].from;
        }
        (first, blocks)
    }

    /// Renders the open part up to the byte `to`, exactly. If a definition in it is one that finished blocks missed,
    /// begins with the first of them: its index is returned.
    fn render(&self, text: &str, to: usize) -> (usize, Vec<Block>, Definitions) {
        let (mut first, mut from) = (self.finished, self.open);
        let (mut roots, mut definitions) = render(&text[from..to], &self.definitions, to);
        let late = |block: &Block| definitions.defines_any(&block.missing);
        let late = self.blocks[..first].iter().find(|block| late(block));
        if let Some(block) = late.filter(|block| text.is_char_boundary(block.from)) {
            from = block.from;
            first = self.blocks.partition_point(|block| block.from < from);
            (roots, definitions) = render(&text[from..to], &self.definitions, to);
        }
        let cuts = outline(&text[from..to]).cuts;
        let blocks = number(roots, self.blocks[..first].last(), |at| from + cuts[at]);
        (first, blocks, definitions)
    }

    /// Puts `new` in the place of all blocks from `first` on.
    fn replace(&mut self, first: usize, new: Vec<Block>) -> Patch {
        let old = self.blocks.split_off(first);
        let same = old.iter().zip(&new).take_while(|(old, new)| old.html == new.html).count();
        let change = if same == old.len() && same == new.len() {
            Change::Nothing
        } else {
            Change::Blocks(new[same..].iter().map(|block| block.html.clone()).collect())
        };
        self.blocks.extend(new);
        Patch { keep: first + same, change }
    }
}

/// The blocks of these roots, which follow `before`; `from` says from which byte the root of an index is rendered.
fn number(roots: Vec<Root>, before: Option<&Block>, from: impl Fn(usize) -> usize) -> Vec<Block> {
    let mut expanded = before.map_or(0, |block| block.expanded);
    let block = |(at, root): (usize, Root)| {
        expanded += root.expanded;
        Block { html: root.html, from: from(at), missing: root.missing, expanded }
    };
    roots.into_iter().enumerate().map(block).collect()
}
