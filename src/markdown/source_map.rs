//! From what is shown of a text back to what was written: the bytes of the source from which each shown character comes.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::{document::Document, heal::heal, inline::visible, link::file_name, parser};

/// Which bytes of a text each character comes from that the page shows of it.
#[derive(Default)]
pub struct SourceMap {
    blocks: Vec<ShownBlock>,
    /// How much of the text is shown, in bytes.
    length: usize,
}

/// What is shown of a top-level block, which is one element: all its text, but no labels, buttons or hosts beside links.
#[derive(Default)]
struct ShownBlock {
    text: String,
    pieces: Vec<Piece>,
}

/// Shown text with one source.
struct Piece {
    /// Byte of the block's shown text.
    shown: usize,
    /// What it was made from, with the backslash before it.
    from: usize,
    source: Range<usize>,
    /// Whether each byte of it is a byte of the source; else it is made from the source as a whole.
    is_verbatim: bool,
}

impl SourceMap {
    /// Of the whole source so far; `growing`: as it is shown while more may come. Linear in the text's length.
    pub fn new(text: &str, growing: bool) -> Self {
        let mut map = Self { length: text.len(), ..Self::default() };
        if Document::new(text, growing).is_plain() {
            map.blocks.push(ShownBlock::default());
            map.push(text, 0, 0..text.len(), text);
        } else if growing {
            let healed = heal(text);
            // A space that was added behind a backtick has no source.
            let bytes = healed.text.bytes().take(healed.shown).zip(text.bytes());
            map.length = bytes.take_while(|(shown, written)| shown == written).count();
            map.read(&healed.text, healed.shown);
        } else {
            map.read(text, text.len());
        }
        map
    }

    /// The byte of the source where that begins which is shown from the byte `at` of a block's text on.
    pub fn start(&self, block: usize, at: usize) -> usize {
        let Some(shown) = self.blocks.get(block) else { return self.length };
        let next = shown.pieces.partition_point(|piece| piece.shown <= at);
        match next.checked_sub(1).map(|last| (&shown.pieces[last], shown.length_of(last))) {
            Some((piece, _)) if piece.shown == at => piece.from,
            Some((piece, length)) if at < piece.shown + length => piece.inside(at).start,
            _ => self.start_after(block, next),
        }
    }

    /// The byte of the source where that ends which is shown before the byte `at` of a block's text.
    pub fn end(&self, block: usize, at: usize) -> usize {
        let Some(shown) = self.blocks.get(block) else { return self.length };
        let next = shown.pieces.partition_point(|piece| piece.shown < at);
        match next.checked_sub(1).map(|last| (&shown.pieces[last], shown.length_of(last))) {
            Some((piece, length)) if at < piece.shown + length => piece.inside(at).end,
            Some((piece, _)) => piece.source.end,
            None => self.end_before(block),
        }
    }

    /// What is shown of each block.
    pub fn blocks(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|block| block.text.as_str())
    }

    fn start_after(&self, block: usize, piece: usize) -> usize {
        let here = self.blocks[block].pieces.get(piece);
        let after = || self.blocks[block + 1..].iter().find_map(|block| block.pieces.first());
        here.or_else(after).map_or(self.length, |piece| piece.from)
    }

    fn end_before(&self, block: usize) -> usize {
        let last = self.blocks[..block].iter().rev().find_map(|block| block.pieces.last());
        last.map_or(0, |piece| piece.source.end)
    }

    /// Follows the parser as the page's HTML is written. What stands from the byte `shown` on was added to close what is open.
    fn read(&mut self, text: &str, shown: usize) {
        let (mut depth, mut images, mut end) = (0_usize, Vec::new(), 0);
        for (event, range) in parser(text, None).into_offset_iter() {
            if depth == 0 && !matches!(event, Event::End(_)) {
                self.blocks.push(ShownBlock::default());
            }
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            // A backslash that escapes is in no event.
            let escapes = end < range.start && text[..range.start].ends_with('\\');
            let from = range.start - usize::from(escapes);
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => {
                    images.push((self.shown_length(), file_name(&dest_url).to_owned(), range));
                }
                Event::End(TagEnd::Image) => {
                    if let Some((length, name, range)) = images.pop()
                        && images.is_empty()
                        && length == self.shown_length()
                    {
                        self.push(&name, range.start, range, text);
                    }
                }
                Event::Text(shown_text) if range.end > shown => {
                    let kept = shown_text.get(..shown.saturating_sub(range.start)).unwrap_or_default();
                    self.push(kept, from, range.start..shown.max(range.start), text);
                }
                Event::Code(code) => {
                    let inner = code_inside(text, &range, &code);
                    self.push(&code, inner.start, inner, text);
                    end = range.end;
                }
                Event::Text(it) | Event::Html(it) | Event::InlineHtml(it) => {
                    end = range.end;
                    self.push(&it, from, range, text);
                }
                Event::HardBreak if images.is_empty() => {}
                Event::SoftBreak | Event::HardBreak => self.push("\n", range.start, range, text),
                Event::TaskListMarker(_) => self.push(" ", range.start, range, text),
                _ => {}
            }
        }
    }

    fn shown_length(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.text.len())
    }

    /// Adds shown text to the last block.
    fn push(&mut self, shown: &str, from: usize, source: Range<usize>, text: &str) {
        let Some(block) = self.blocks.last_mut().filter(|_| !shown.is_empty()) else { return };
        let source = source.start.min(self.length)..source.end.min(self.length);
        if text.get(source.clone()) != Some(shown) {
            let shown_at = block.text.len();
            block.text.push_str(&visible(shown));
            block.pieces.push(Piece { shown: shown_at, from: from.min(source.start), source, is_verbatim: false });
            return;
        }
        // What turns text around is shown by its name, a piece of its own.
        let (mut at, mut from) = (source.start, from);
        for run in shown.split_inclusive(crate::text::is_bidi_control) {
            let (plain, control) = match run.chars().next_back().filter(|c| crate::text::is_bidi_control(*c)) {
                Some(control) => run.split_at(run.len() - control.len_utf8()),
                None => (run, ""),
            };
            for (piece, is_verbatim) in [(plain, true), (control, false)] {
                if !piece.is_empty() {
                    let (shown_at, source) = (block.text.len(), at..at + piece.len());
                    block.text.push_str(&visible(piece));
                    at = source.end;
                    block.pieces.push(Piece { shown: shown_at, from, source, is_verbatim });
                    from = at;
                }
            }
        }
    }
}

impl ShownBlock {
    fn length_of(&self, piece: usize) -> usize {
        let end = self.pieces.get(piece + 1).map_or(self.text.len(), |next| next.shown);
        end - self.pieces[piece].shown
    }
}

impl Piece {
    /// What stands around a place inside: nothing, if each byte has its own.
    fn inside(&self, at: usize) -> Range<usize> {
        if !self.is_verbatim {
            return self.from..self.source.end;
        }
        let at = self.source.start + (at - self.shown);
        at..at
    }
}

/// Where the code stands between its backticks, if it stands there as it is shown.
pub(super) fn code_inside(text: &str, range: &Range<usize>, code: &str) -> Range<usize> {
    let source = text.get(range.clone()).unwrap_or_default();
    let ticks = source.len() - source.trim_start_matches('`').len();
    let inside = source.get(ticks..source.len().saturating_sub(ticks)).unwrap_or_default();
    let Some(at) = inside.find(code) else { return range.clone() };
    let start = range.start + ticks + at;
    start..start + code.len()
}
