//! A model of the page: what the browser does with the patches.

use rivulet::markdown::{Change, Document, Patch};

/// The elements of a message, and the document that they follow.
#[derive(Default)]
pub struct Page {
    pub document: Document,
    pub blocks: Vec<String>,
}

impl Page {
    /// Shows a longer text and returns the patch, which must lead to exactly what the document says.
    pub fn show(&mut self, text: &str, growing: bool) -> Patch {
        let patch = self.document.update(text, growing);
        self.apply(patch.clone());
        let blocks: Vec<&str> = self.document.blocks().collect();
        assert_eq!(self.blocks, blocks, "after {text:?}");
        patch
    }

    fn apply(&mut self, patch: Patch) {
        match patch.change {
            Change::Nothing => {}
            Change::Blocks(new) => {
                assert!(patch.keep <= self.blocks.len());
                self.blocks.truncate(patch.keep);
                self.blocks.extend(new);
            }
            Change::Code(code) => {
                assert_eq!(patch.keep + 1, self.blocks.len());
                let block = &mut self.blocks[patch.keep];
                let end = block.rfind("</code>").expect("a code block");
                let escaped = code.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                block.insert_str(end, &escaped.replace('"', "&quot;"));
            }
        }
    }
}
