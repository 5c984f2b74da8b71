//! In which direction a block is read: that of its first letter, as with `dir="auto"`, which a browser would work out
//! again for each element that it parses.

use crate::text::letter;

/// How much of a block is looked through for a letter: its characters and elements.
const LOOKED_THROUGH: usize = 1 << 10;

/// The direction of the block that is being written.
#[derive(Default)]
pub(super) struct Direction {
    /// Where it stands in the HTML, until it is settled.
    at: Option<usize>,
    /// How much is still looked through.
    left: usize,
}

impl Direction {
    /// Writes the attribute of the block that begins, as if it were read from the left.
    pub fn open(&mut self, html: &mut String) {
        html.push_str(r#" dir=""#);
        *self = Self { at: Some(html.len()), left: LOOKED_THROUGH };
        html.push_str(r#"ltr""#);
    }

    /// Takes the text that comes next in the block.
    pub fn text(&mut self, html: &mut String, text: &str) {
        for c in text.chars() {
            let Some(at) = self.at else { return };
            if let Some(letter) = letter(c) {
                html.replace_range(at..at + 3, letter);
                return self.settle();
            }
            self.pass();
        }
    }

    /// Takes what is no text.
    pub fn pass(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.settle();
        }
    }

    /// Nothing that still comes changes it.
    pub fn settle(&mut self) {
        self.at = None;
    }

    pub fn is_settled(&self) -> bool {
        self.at.is_none()
    }
}
