//! The part of a text that is not finished, and the places up to which its first block is.

use std::borrow::Cow;

use super::{
    html::{Root, elements},
    link::Label,
    outline::Outline,
    path::MISSING_CELLS,
    spot::Spot,
};

/// The part of a text that is not finished.
#[derive(Default)]
pub(super) struct OpenTail {
    /// Byte of the source where it begins.
    pub from: usize,
    /// Places in its first block before which nothing changes any more, each deeper than the one before.
    cuts: Vec<Cut>,
    /// Labels that the block refers to, before the cuts, and that nothing defines.
    missing: Vec<Label>,
}

/// A place in the open block from which only its rest is rendered.
pub(super) struct Cut {
    /// The byte of the source, and what the parser needs to be there.
    spot: Spot,
    /// How much stands before it: bytes of the block's HTML, what the text came to, missing labels, and cells that the
    /// rows of a table do not have.
    pub html: usize,
    pub total: Total,
    missing: usize,
    missing_cells: usize,
}

/// What has a limit in a text, from its beginning up to a place in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Total {
    /// Bytes that definitions were expanded to.
    pub expanded: usize,
    pub elements: usize,
}

impl Total {
    pub fn add(&mut self, root: &Root) {
        self.expanded += root.expanded;
        self.elements += elements(&root.html);
    }
}

impl OpenTail {
    /// What begins at the byte `from`.
    pub fn at(from: usize) -> Self {
        Self { from, ..Self::default() }
    }

    pub fn last_cut(&self) -> Option<&Cut> {
        self.cuts.last()
    }

    /// The byte from which on the source is still read.
    pub fn rest(&self) -> usize {
        self.cuts.last().map_or(self.from, |cut| cut.spot.at)
    }

    /// What is to be parsed, and how many of its first bytes are only there to bring the parser to the last cut.
    pub fn source<'a>(&self, text: &'a str) -> (Cow<'a, str>, usize) {
        let rest = text.get(self.rest()..).unwrap_or_default();
        match self.cuts.last() {
            None => (Cow::Borrowed(rest), 0),
            Some(Cut { spot, .. }) => (Cow::Owned(format!("{}{rest}", spot.context)), spot.context.len()),
        }
    }

    /// The byte of the text at which a byte of its [`source`](Self::source) stands.
    pub fn byte(&self, at: usize) -> usize {
        match self.cuts.last() {
            None => self.from + at,
            Some(Cut { spot, .. }) => at.checked_sub(spot.context.len()).map_or(self.from, |at| spot.at + at),
        }
    }

    /// Whether the last cut is still right: not if a list has become loose since, a paragraph a heading, or if there are
    /// definitions.
    pub fn fits(&self, outline: &Outline) -> bool {
        self.cuts.last().is_none_or(|cut| {
            let few = cut.missing_cells + outline.missing_cells < MISSING_CELLS;
            few && outline.fits && !outline.defines && outline.loose == cut.spot.loose
        })
    }

    /// Cuts at the spot, which stands at a byte of the text. `missing` are the labels missing since the last cut.
    pub fn cut(&mut self, spot: Spot, html: usize, total: Total, missing: &mut Vec<Label>, missing_cells: usize) {
        self.missing.append(missing);
        let missing_cells = self.cuts.last().map_or(0, |cut| cut.missing_cells) + missing_cells;
        while self.cuts.last().is_some_and(|cut| cut.spot.depth >= spot.depth) {
            self.cuts.pop();
        }
        self.cuts.push(Cut { spot, html, total, missing: self.missing.len(), missing_cells });
    }

    /// Undoes the last cut.
    pub fn undo(&mut self) {
        self.cuts.pop();
        self.missing.truncate(self.cuts.last().map_or(0, |cut| cut.missing));
    }

    /// The labels that are missing before the cuts, of which there are none from now on.
    pub fn close(&mut self) -> Vec<Label> {
        self.cuts.clear();
        std::mem::take(&mut self.missing)
    }
}
