//! Cuts inside the block that is open: what stands before one is not rendered again.

use super::{Document, New};
use crate::markdown::{html::render, spot::Spot};

impl Document {
    /// Cuts the last of `new`'s blocks at the spot, and finishes those before it.
    pub(super) fn cut(&mut self, text: &str, mut spot: Spot, missing_cells: usize, new: &mut New) {
        let (source, context) = self.open.source(text);
        let rendered = render(self.reads(&source), context, &self.definitions, source.len(), Some(spot.at));
        let (Some(place), mut roots) = (rendered.cut.filter(|place| place.settled), rendered.roots) else { return };
        spot.at = self.open.byte(spot.at);
        roots.truncate(place.root + 1);
        if let Some(root) = roots.last_mut() {
            root.html.truncate(place.html);
            root.expanded = place.expanded;
        }
        let continued = new.blocks.len().saturating_sub(1);
        self.push(new, roots, |_| self.open.from);
        if place.root > 0 {
            new.blocks[continued].missing.append(&mut self.open.close());
        }
        let (index, Some(block)) = (new.blocks.len() - 1, new.blocks.last_mut()) else { return };
        self.finished = new.first + index;
        let html = block.html.len() + if index == 0 { new.kept } else { 0 };
        self.open.cut(spot, html, block.total, &mut block.missing, missing_cells);
    }

    /// Renders the open block without its cuts.
    pub(super) fn undo_cuts(&mut self, new: &mut New) {
        self.open.close();
        new.blocks.retain(|block| block.from < self.open.from);
        if new.blocks.is_empty() {
            new.kept = 0;
            new.first = self.blocks.partition_point(|block| block.from < self.open.from);
        }
        self.finished = new.first + new.blocks.len();
    }
}
