//! What stands inside a block: text, emphasis, links, images.

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::{
    direction::Direction,
    link::{Definitions, file_name, other_host, safe},
};
use crate::text::is_bidi_control;

/// Writes the inline events of one block after another.
pub(super) struct Inline<'a> {
    pub out: String,
    /// That of the block that is being written.
    pub direction: Direction,
    /// Bytes of addresses and titles taken from definitions.
    pub expanded: usize,
    known: &'a Definitions,
    /// From here on, in the source, stands what was added to close what is open.
    shown: usize,
    /// How each open link ends.
    links: Vec<&'static str>,
    /// Where the link that is open leads, and where its text begins.
    leads: Option<(String, usize)>,
    images: Vec<Image>,
}

/// An open image. Its description is plain text, and its name takes the place of an empty one.
struct Image {
    description: usize,
    name: String,
    end: &'static str,
}

impl<'a> Inline<'a> {
    pub fn new(known: &'a Definitions, shown: usize) -> Self {
        let direction = Direction::default();
        Self {
            out: String::new(),
            direction,
            expanded: 0,
            known,
            shown,
            links: Vec::new(),
            leads: None,
            images: Vec::new(),
        }
    }

    pub fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Text(text) if range.end > self.shown => {
                let kept = self.shown.saturating_sub(range.start);
                self.text(text.get(..kept).unwrap_or_default());
            }
            Event::Code(code) if self.images.is_empty() => {
                self.out.push_str(r#"<code dir="ltr">"#);
                escape(&mut self.out, &code);
                self.out.push_str("</code>");
            }
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text(&text);
            }
            Event::HardBreak if self.images.is_empty() => self.out.push_str("<br>"),
            Event::SoftBreak | Event::HardBreak => self.out.push('\n'),
            _ => {}
        }
    }

    pub fn start(&mut self, tag: Tag, range: Range<usize>) {
        match tag {
            Tag::Link { link_type, dest_url, title, id } => {
                let leads =
                    self.known.get(&id).filter(|_| has_definition(link_type)).map_or(&*dest_url, |first| &first.url);
                let leads = leads.trim().to_string();
                let end = if range.end > self.shown || self.inside() {
                    ""
                } else {
                    self.anchor("", link_type, dest_url, title, &id)
                };
                self.links.push(end);
                if end == "</a>" {
                    self.leads = Some((leads, self.out.len()));
                }
            }
            Tag::Image { link_type, dest_url, title, id } => {
                let name = file_name(&dest_url).to_string();
                let end = if range.end > self.shown || self.inside() {
                    ""
                } else {
                    self.anchor(r#"class="image" "#, link_type, dest_url, title, &id)
                };
                self.images.push(Image { description: self.out.len(), name, end });
            }
            Tag::Emphasis => self.mark("<em>"),
            Tag::Strong => self.mark("<strong>"),
            Tag::Strikethrough => self.mark("<del>"),
            _ => {}
        }
    }

    pub fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link => {
                let end = self.links.pop().unwrap_or_default();
                self.out.push_str(end);
                if end == "</a>"
                    && let Some((url, from)) = self.leads.take()
                    && let Some(host) = other_host(&self.out[from..self.out.len() - end.len()], &url)
                {
                    self.out.push_str(r#"<span class="host"> ("#);
                    escape(&mut self.out, host);
                    self.out.push_str(")</span>");
                }
            }
            TagEnd::Image => {
                let Some(image) = self.images.pop() else {
                    return;
                };
                if self.out.len() == image.description && self.images.is_empty() {
                    self.text(&image.name);
                }
                self.out.push_str(image.end);
            }
            TagEnd::Emphasis => self.mark("</em>"),
            TagEnd::Strong => self.mark("</strong>"),
            TagEnd::Strikethrough => self.mark("</del>"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.direction.text(&mut self.out, text);
        escape(&mut self.out, text);
    }

    /// Whether what begins here cannot be a link: links do not nest, and a description of an image is text.
    fn inside(&self) -> bool {
        !self.images.is_empty() || self.links.contains(&"</a>")
    }

    /// Opens a link and returns how it ends. One that leads nowhere safe is only its text.
    fn anchor(&mut self, class: &str, kind: LinkType, url: CowStr, title: CowStr, label: &str) -> &'static str {
        let (mut url, mut title) = (&*url, &*title);
        if has_definition(kind) {
            self.expanded += url.len() + title.len();
            // The parser has only the part that it was given, where an earlier definition may be missing.
            if let Some(first) = self.known.get(label) {
                (url, title) = (&first.url, &first.title);
                self.expanded += url.len() + title.len();
            }
        }
        let Some(url) = safe(url, kind) else {
            self.out.push_str(r#"<span class="dead-link">"#);
            return "</span>";
        };
        self.out.push_str("<a ");
        self.out.push_str(class);
        self.out.push_str("href=\"");
        escape(&mut self.out, &url);
        if !title.is_empty() {
            self.out.push_str("\" title=\"");
            escape(&mut self.out, title);
        }
        self.out.push_str(r#"" rel="noopener noreferrer nofollow" target="_blank">"#);
        "</a>"
    }

    /// A description of an image has no elements in it.
    fn mark(&mut self, tag: &str) {
        if self.images.is_empty() {
            self.out.push_str(tag);
        }
    }
}

/// Whether where a link leads stands elsewhere in the text.
fn has_definition(kind: LinkType) -> bool {
    !matches!(kind, LinkType::Inline | LinkType::Autolink | LinkType::Email)
}

/// The text with a name in the place of each character that turns around, unseen, what stands beside it. What is copied is
/// what is seen.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_bidi_control) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bidi_control(c) { shown.push_str(&format!("[U+{:X}]", u32::from(c))) } else { shown.push(c) }
    }
    shown.into()
}

/// Appends `text` as it may stand in an element or a quoted attribute.
pub(super) fn escape(out: &mut String, text: &str) {
    let text = visible(text);
    let mut rest = &*text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
