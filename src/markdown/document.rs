//! A text that grows, and what each step changes on the page.

mod cuts;

use std::cell::Cell;

use super::{
    edit::Edit,
    fence::Fence,
    heal::{heal, only_marks},
    html::{Root, append_code, plain, render},
    inline::visible,
    link::{Definitions, Label},
    open::{OpenTail, Total},
    outline::{Outline, outline},
    patch::{Patch, TailChange},
};

/// A text that grows, rendered block by block.
#[derive(Default)]
pub struct Document {
    /// What the page shows, the finished blocks first.
    blocks: Vec<Block>,
    finished: usize,
    open: OpenTail,
    /// How many bytes of the source have been read.
    read: usize,
    /// Those of the finished part.
    definitions: Definitions,
    fence: Option<Fence>,
    /// Rendered as one piece, since the parser limits how far the definitions of one piece expand.
    whole: bool,
    /// Bytes that the parser has been given.
    work: Cell<usize>,
}

/// A block and what is needed to render it again.
struct Block {
    html: String,
    /// Byte of the source from which it can be rendered; neighbours may share it.
    from: usize,
    missing: Vec<Label>,
    /// Of the text up to the end of this block.
    total: Total,
}

/// What takes the place of all blocks from `first` on.
struct New {
    first: usize,
    /// Bytes of the first block's HTML that stay, and that `blocks` does not have.
    kept: usize,
    blocks: Vec<Block>,
}

/// The longest text that is rendered, in bytes, and the most elements that one may make; past either a text is shown as it
/// was written. A browser takes some 20 µs for each element, all in one go where a conversation is opened.
const MAX_RENDERED: usize = 512 << 10;
const MAX_ELEMENTS: usize = 32_000;
/// How long the open part of a growing text gets, in bytes, before it is no longer rendered with each piece.
const LONG_OPEN: usize = 8 << 10;
/// Then it has to grow by this fraction of itself first.
const GROWTH: usize = 8;

/// Bytes that definitions may expand to before a text is rendered as one piece; half of the parser's own limit.
const EXPANDED: usize = 50_000;

impl Document {
    /// A document of the source so far; `growing`: whether more may come.
    pub fn new(text: &str, growing: bool) -> Self {
        let mut document = Self::default();
        document.update(text, growing);
        document
    }

    /// Takes the whole source so far, which begins with what was given before, and returns what changes on the page.
    ///
    /// While it is `growing`, what is half-written at its end is closed or held back; else the page shows exactly
    /// [`html`](super::html) of it. It may continue growing after that. Costs as much as the last item, row or paragraph is
    /// long, not the text; an open code block, or a long paragraph without open marks, as much as is new. What is longer
    /// than 8 KiB and cannot be cut waits until there is enough more of it: all pieces of a text together cost no
    /// more than a constant for each byte and for each piece. A text longer than 512 KiB, or that makes more than 32,000
    /// elements, is shown as it was written; while it grows, it stays so. A shorter text than before starts over.
    pub fn update(&mut self, text: &str, growing: bool) -> Patch {
        if text.len() > MAX_RENDERED || self.stays_plain(text, growing) {
            return self.show_plain(text);
        }
        let places = [self.open.from, self.open.rest()];
        if text.len() < self.read || self.is_plain() || !places.iter().all(|place| text.is_char_boundary(*place)) {
            self.start_over();
        }
        let rendered = std::mem::replace(&mut self.read, text.len());
        if growing && let Some(patch) = self.append_code(text) {
            return patch;
        }
        if growing && self.may_wait(text, rendered) {
            self.read = rendered;
            return Patch { keep: self.blocks.len(), change: TailChange::Nothing };
        }
        self.fence = None;
        let new = if growing { self.grow(text) } else { self.end(text) };
        let total = new.blocks.last().map(|block| block.total).unwrap_or_default();
        if !self.whole && total.expanded > EXPANDED {
            self.start_over();
            self.whole = true;
            return self.update(text, growing);
        }
        if total.elements > MAX_ELEMENTS {
            return self.show_plain(text);
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

    /// How many bytes were read in all, in as many passes as it took: by the parser, and for marks at the end.
    pub fn work(&self) -> usize {
        self.work.get()
    }

    /// Notes that the parser reads a text.
    fn reads<'a>(&self, text: &'a str) -> &'a str {
        self.work.set(self.work.get() + text.len());
        text
    }

    /// Forgets what was read, not what is shown: the next patch starts from that.
    fn start_over(&mut self) {
        let (blocks, work) = (std::mem::take(&mut self.blocks), self.work.take());
        *self = Self { blocks, work: work.into(), ..Self::default() };
    }

    /// Whether the text is shown as it was written.
    pub(super) fn is_plain(&self) -> bool {
        self.fence.as_ref().is_some_and(Fence::is_endless)
    }

    /// Whether a text that is shown as it was written still is. Elements that were there while it grew may be gone at its
    /// end.
    fn stays_plain(&self, text: &str, growing: bool) -> bool {
        if !self.is_plain() || text.len() < self.read {
            return false;
        }
        if growing {
            return true;
        }
        let end = Self::new(text, false);
        self.work.set(self.work.get() + end.work());
        end.is_plain()
    }

    /// The text as it was written, in one block to which more is only appended.
    fn show_plain(&mut self, text: &str) -> Patch {
        if self.is_plain()
            && self.read <= text.len()
            && let Some(patch) = self.append_code(text)
        {
            self.read = text.len();
            return patch;
        }
        self.start_over();
        (self.read, self.whole) = (text.len(), true);
        self.fence = Some(Fence::endless(text.len()));
        let block = Block { html: plain(text), from: 0, missing: Vec::new(), total: Total::default() };
        self.replace(New { first: 0, kept: 0, blocks: vec![block] })
    }

    /// Whether the open part is long, and little has come since it was rendered. `rendered`: how far it was.
    fn may_wait(&self, text: &str, rendered: usize) -> bool {
        let open = rendered.saturating_sub(self.open.rest());
        open > LONG_OPEN && text.len() - rendered < open / GROWTH
    }

    fn append_code(&mut self, text: &str) -> Option<Patch> {
        let code = self.fence.as_mut()?.grow(text)?;
        append_code(&mut self.blocks.last_mut()?.html, code);
        let change = match code {
            "" => TailChange::Nothing,
            _ => TailChange::Code(visible(code).into_owned()),
        };
        let keep = self.blocks.len() - 1;
        Some(Patch { keep, change })
    }

    /// The blocks of a text to which more will come.
    fn grow(&mut self, text: &str) -> New {
        let mut new = self.finish(text);
        let (source, context) = self.open.source(text);
        let mut healed = heal(&source);
        self.work.set(self.work.get() + healed.work);
        let mut rendered = render(self.reads(&healed.text), context, &self.definitions, healed.shown, None);
        if !rendered.fits {
            self.undo_cuts(&mut new);
            healed = heal(&text[self.open.from..]);
            self.work.set(self.work.get() + healed.work);
            rendered = render(self.reads(&healed.text), 0, &self.definitions, healed.shown, None);
        }
        let roots = rendered.roots;
        if self.open.last_cut().is_none() && roots.len() == 1 {
            self.fence = Fence::open(text, self.open.from, self.open.from + healed.shown);
        }
        self.push(&mut new, roots, |_| self.open.from);
        new
    }

    /// Moves the finished part up to the last place that nothing can change any more. Returns what of that is new on the
    /// page.
    fn finish(&mut self, text: &str) -> New {
        let text = complete(text, self.open.rest());
        let mut outline = self.outline(text);
        let mut new = self.after_cut();
        if let Some(cut) = outline.cuts.last().copied().filter(|cut| *cut > 0 && !self.whole) {
            let from = self.open.byte(cut);
            let definitions;
            (new, definitions) = self.render(&text[..from], &outline.cuts);
            let missing = self.open.close();
            new.blocks.first_mut().into_iter().for_each(|block| block.missing.extend_from_slice(&missing));
            self.definitions.add(definitions);
            self.open = OpenTail::at(from);
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
            self.open = OpenTail::at(self.blocks[new.first].from);
        }
        new
    }

    /// The open part's structure. Cuts that turn out to be wrong, since a list has become loose or a paragraph a heading,
    /// are undone.
    fn outline(&mut self, text: &str) -> Outline {
        loop {
            let (source, context) = self.open.source(text);
            let outline = outline(self.reads(&source), context);
            if self.open.fits(&outline) {
                return outline;
            }
            self.open.undo();
            if self.open.last_cut().is_none() {
                self.finished = self.blocks.partition_point(|block| block.from < self.open.from);
            }
        }
    }

    /// What begins after the finished part, or continues after the last cut.
    fn after_cut(&self) -> New {
        let mut new = New { first: self.finished, kept: 0, blocks: Vec::new() };
        if let Some(cut) = self.open.last_cut() {
            new.kept = cut.html;
            let (html, missing) = (String::new(), Vec::new());
            new.blocks.push(Block { html, from: self.open.from, missing, total: cut.total });
        }
        new
    }

    /// Renders the open part, exactly. If a definition in it is one that finished blocks missed, begins with the first of
    /// them.
    fn render(&self, text: &str, cuts: &[usize]) -> (New, Definitions) {
        let (source, context) = self.open.source(text);
        let rendered = render(self.reads(&source), context, &self.definitions, source.len(), None);
        let late = |block: &&Block| self.open.last_cut().is_none() && rendered.definitions.defines_any(&block.missing);
        let late = self.blocks[..self.finished].iter().find(late).map(|block| block.from);
        if let Some(from) = late.filter(|from| text.is_char_boundary(*from)) {
            let first = self.blocks.partition_point(|block| block.from < from);
            let rendered = render(self.reads(&text[from..]), 0, &self.definitions, text.len(), None);
            let cuts = outline(&text[from..], 0).cuts;
            let mut new = New { first, kept: 0, blocks: Vec::new() };
            self.push(&mut new, rendered.roots, |at| from + cuts[at]);
            return (new, rendered.definitions);
        }
        let mut new = self.after_cut();
        self.push(&mut new, rendered.roots, |at| self.open.byte(cuts[at]));
        (new, rendered.definitions)
    }

    /// Adds the blocks of these roots; the first root continues after the last cut. `from`: from which byte the root of
    /// an index is rendered.
    fn push(&self, new: &mut New, roots: Vec<Root>, from: impl Fn(usize) -> usize) {
        let mut cut = self.open.last_cut();
        for (at, root) in roots.into_iter().enumerate() {
            if let Some(block) = new.blocks.last_mut().filter(|_| cut.take().is_some()) {
                block.html.push_str(&root.html);
                block.total.add(&root);
                block.missing.extend(root.missing);
                continue;
            }
            let before = new.blocks.last().or(self.blocks[..new.first].last());
            let mut total = before.map(|block| block.total).unwrap_or_default();
            total.add(&root);
            new.blocks.push(Block { html: root.html, from: from(at), missing: root.missing, total });
        }
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
            _ if same == old.len() && same == new.len() => TailChange::Nothing,
            Some(edit) => TailChange::End(edit, htmls(&new[same + 1..])),
            None => TailChange::Blocks(htmls(&new[same..])),
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
