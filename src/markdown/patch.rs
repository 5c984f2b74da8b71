//! What changes on the page when a document grows.

use super::edit::Edit;

/// What changes on the page: the first `keep` blocks stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub keep: usize,
    pub change: TailChange,
}

/// What happens after the blocks that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailChange {
    /// These, one element each, replace all that follows.
    Blocks(Vec<String>),
    /// The next block changes at its end, and these replace all that follows it.
    End(Edit, Vec<String>),
    /// This plain text, not HTML, is appended to the `code` element of the one block that follows.
    Code(String),
    /// Nothing.
    Nothing,
}
