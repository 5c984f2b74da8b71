//! Markdown as HTML for the page, the same on the server and in the browser.
//!
//! A [`Document`] renders a text that grows. Each top-level block is exactly one root element, so that a block's
//! index is its element's index in the DOM; a block that is followed by another is left alone from then on, and so is
//! an item, a row or a word inside a long block. The text is CommonMark with GitHub's tables, strikethrough and task
//! lists. Raw HTML shows as text, links lead only to `http`, `https` and `mailto`, and nothing is ever fetched: an image
//! is a link. A link whose text looks like another address has its host beside it, and characters that turn text around
//! unseen are named. Work is in proportion to the text, whole and in pieces; past 512 KiB or 32,000 elements it is
//! shown as written.
//!
//! ```text
//! document  which blocks are finished
//! patch     what changes on the page
//! open      the part that is not finished, and how far its first block is
//! outline   the top-level blocks, where a text may be cut
//! path      the blocks that are open, where the last one may be cut inside
//! spot      what the parser needs to begin there
//! leaf      the block in which it ends
//! heal      holds back or closes what is half-written
//! span      which spans are open
//! edit      what changes at the end of a block's HTML
//! fence     an open code block, which only gets text appended
//! html      pulldown-cmark's events as HTML, a string for each block
//! inline    what stands inside a block
//! direction in which direction a block is read
//! link      definitions, safe addresses
//! dom       a patch on the page
//! source_map from what is shown back to the source
//! excerpt   a piece of the source that stands alone
//! trusted   the one way by which HTML comes onto it
//! ```

mod direction;
mod document;
pub mod dom;
mod edit;
mod excerpt;
mod fence;
mod heal;
mod html;
mod inline;
mod leaf;
mod link;
mod open;
mod outline;
mod patch;
mod path;
mod source_map;
mod span;
mod spot;
mod trusted;

use pulldown_cmark::{BrokenLink, CowStr, Options, Parser};

pub use document::Document;
pub use edit::{Edit, Level};
pub use excerpt::excerpt;
pub use patch::{Patch, TailChange};
pub use source_map::SourceMap;
pub use trusted::{Html, trust};

const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// What a label leads to that the text itself does not define.
type Lookup<'a, 'text> = &'a mut dyn FnMut(BrokenLink<'text>) -> Option<(CowStr<'text>, CowStr<'text>)>;

/// One type of parser for all who read: each other type of callback would be another parser for the browser to load.
fn parser<'a, 'text>(text: &'text str, lookup: Option<Lookup<'a, 'text>>) -> Parser<'text, Lookup<'a, 'text>> {
    Parser::new_with_broken_link_callback(text, OPTIONS, lookup)
}

/// The HTML of a finished text: its blocks one after another, nothing held back. Linear in the text's length.
pub fn html(text: &str) -> String {
    Document::new(text, false).html()
}
