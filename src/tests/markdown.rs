//! The Markdown renderer: piece by piece as at once, safe, and without flashes.

#[path = "markdown/bounds.rs"]
mod bounds;
#[path = "markdown/cuts.rs"]
mod cuts;
#[path = "markdown/elements.rs"]
mod elements;
#[path = "markdown/excerpt.rs"]
mod excerpt;
#[path = "markdown/flash.rs"]
mod flash;
#[path = "markdown/long_blocks.rs"]
mod long_blocks;
#[path = "markdown/page.rs"]
mod page;
#[path = "markdown/rendering.rs"]
mod rendering;
#[path = "markdown/safety.rs"]
mod safety;
#[path = "markdown/source_map.rs"]
mod source_map;
#[path = "markdown/specification.rs"]
mod specification;
#[path = "markdown/spoofing.rs"]
mod spoofing;
#[path = "markdown/streaming.rs"]
mod streaming;
#[path = "markdown/texts.rs"]
mod texts;
#[path = "markdown/whole.rs"]
mod whole;
#[path = "markdown/work.rs"]
mod work;
