//! pulldown-cmark's events as HTML, a string for each top-level block.

use std::{cell::RefCell, ops::Range};

use pulldown_cmark::{Alignment, BrokenLink, CodeBlockKind, Event, Tag, TagEnd};

use super::{
    inline::{Inline, escape},
    link::{Definitions, Label, label},
    parser,
    spot::ends_context,
};
use crate::language::t;

/// How an item's element ends.
const ITEM_END: &str = "</li>";

/// How a code block's element ends.
pub(super) const CODE_END: &str = "</code></pre></div>";

/// One top-level block: exactly one element.
pub(super) struct Root {
    pub html: String,
    /// Labels that it refers to and that nothing defines.
    pub missing: Vec<Label>,
    /// Bytes of addresses and titles that it took from definitions.
    pub expanded: usize,
}

/// What [`render`] gives.
pub(super) struct Rendered {
    /// The first one without what the context opens.
    pub roots: Vec<Root>,
    pub definitions: Definitions,
    /// Where the cut is that was asked for.
    pub cut: Option<Place>,
    /// Whether the context is what it was made for; it is not if its paragraph has become something else.
    pub fits: bool,
}

/// A place in what is rendered.
pub(super) struct Place {
    pub root: usize,
    /// Bytes of the root's HTML before it, and bytes that definitions were expanded to.
    pub html: usize,
    pub expanded: usize,
    /// Whether what follows it cannot change in which direction the block is read.
    pub settled: bool,
}

/// Renders `text`, of which the first bytes are the `context` of a spot. `known` are the definitions from before it; they
/// win. `cut` asks for the place in the HTML of a spot's byte in the text.
///
/// What stands from the byte `shown` on was added to close what is open: a link that ends there is not one yet, and
/// marks that found nothing to close are not shown.
pub(super) fn render(text: &str, context: usize, known: &Definitions, shown: usize, cut: Option<usize>) -> Rendered {
    let missing = RefCell::new(Vec::new());
    let mut lookup = |link: BrokenLink| {
        let Some(target) = known.get(&link.reference) else {
            missing.borrow_mut().push(label(&link.reference));
            return None;
        };
        Some((target.url.as_str().into(), target.title.as_str().into()))
    };
    let mut events = parser(text, Some(&mut lookup)).into_offset_iter();
    let mut writer = BlockWriter::new(Inline::new(known, shown));
    let (mut roots, mut place) = (Vec::new(), None);
    let (mut in_paragraph, mut fits) = (true, context == 0);
    for (mut event, mut range) in events.by_ref() {
        if let Some(at) = cut.filter(|_| place.is_none()) {
            (event, range) = writer.split_text(event, range, at);
            place = writer.place(&event, &range, at).map(|html| Place {
                root: roots.len(),
                html,
                expanded: writer.inline.expanded,
                settled: writer.inline.direction.is_settled(),
            });
        }
        match &event {
            Event::Start(tag) => {
                writer.depth += 1;
                in_paragraph = !matches!(tag, Tag::Heading { .. } | Tag::TableCell);
            }
            Event::End(_) => writer.depth = writer.depth.saturating_sub(1),
            _ => {}
        }
        let is_context = ends_context(&event, &range, context);
        fits |= is_context && (in_paragraph || matches!(event, Event::End(_)));
        writer.event(event, range);
        if is_context {
            writer.inline.out.clear();
        }
        if is_context || writer.depth == 0 {
            writer.inline.direction.settle();
        }
        if writer.depth == 0 {
            roots.push(Root {
                html: std::mem::take(&mut writer.inline.out),
                missing: missing.take(),
                expanded: std::mem::take(&mut writer.inline.expanded),
            });
        }
    }
    let definitions = Definitions::read(events.reference_definitions());
    Rendered { roots, definitions, cut: place, fits }
}

/// The block that is being written, and the table in it.
struct BlockWriter<'a> {
    inline: Inline<'a>,
    /// How many blocks and spans are open.
    depth: usize,
    columns: Vec<Alignment>,
    column: usize,
    cell: &'static str,
}

impl<'a> BlockWriter<'a> {
    fn new(inline: Inline<'a>) -> Self {
        Self { inline, depth: 0, columns: Vec::new(), column: 0, cell: "th" }
    }

    /// Writes the text before the byte `at`, if that is in the middle of it, and returns what is left.
    fn split_text<'text>(
        &mut self,
        event: Event<'text>,
        range: Range<usize>,
        at: usize,
    ) -> (Event<'text>, Range<usize>) {
        match &event {
            Event::Text(text) if range.start < at && at < range.end => {
                let (before, after) = text.split_at(at - range.start);
                self.event(Event::Text(before.to_string().into()), range.start..at);
                (Event::Text(after.to_string().into()), at..range.end)
            }
            _ => (event, range),
        }
    }

    /// How many bytes of HTML stand before the spot at the byte `at`, if this is the first event after it. An item before
    /// it is not closed there.
    fn place(&self, event: &Event, range: &Range<usize>, at: usize) -> Option<usize> {
        let closed = if matches!(event, Event::Start(Tag::Item)) { ITEM_END.len() } else { 0 };
        // A cell that its row does not have stands at the beginning of the next row.
        let is_first = range.start >= at && !range.is_empty() && !matches!(event, Event::End(_));
        is_first.then(|| self.inline.out.len().saturating_sub(closed))
    }

    fn event(&mut self, event: Event, range: Range<usize>) {
        if !matches!(event, Event::Text(_)) {
            self.inline.direction.pass();
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Rule => self.write("<hr>"),
            Event::TaskListMarker(done) => self.task_marker(done),
            inline => self.inline.event(inline, range),
        }
    }

    fn start(&mut self, tag: Tag, range: Range<usize>) {
        match tag {
            Tag::Paragraph => self.open("p"),
            Tag::Heading { level, .. } => self.open(&level.to_string()),
            Tag::BlockQuote(_) => self.open("blockquote"),
            Tag::HtmlBlock => self.open(r#"p class="raw""#),
            Tag::CodeBlock(kind) => self.start_code(&kind),
            Tag::List(None) => self.open("ul"),
            Tag::List(Some(1)) => self.open("ol"),
            Tag::List(Some(first)) => self.open(&format!(r#"ol start="{first}""#)),
            Tag::Item => self.write("<li>"),
            Tag::Table(columns) => {
                self.columns = columns;
                self.open(r#"div class="table" tabindex="0""#);
                self.write("<table>");
            }
            Tag::TableHead => self.start_row("<thead><tr>", "th"),
            Tag::TableRow => self.start_row("<tr>", "td"),
            Tag::TableCell => self.start_cell(),
            inline => self.inline.start(inline, range),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.write("</p>"),
            TagEnd::Heading(level) => self.write(&format!("</{level}>")),
            TagEnd::BlockQuote(_) => self.write("</blockquote>"),
            TagEnd::CodeBlock => self.write(CODE_END),
            TagEnd::List(true) => self.write("</ol>"),
            TagEnd::List(false) => self.write("</ul>"),
            TagEnd::Item => self.write(ITEM_END),
            TagEnd::Table => self.write("</tbody></table></div>"),
            TagEnd::TableHead => self.write("</tr></thead><tbody>"),
            TagEnd::TableRow => self.write("</tr>"),
            TagEnd::TableCell => self.write(&format!("</{}>", self.cell)),
            inline => self.inline.end(inline),
        }
    }

    fn start_code(&mut self, kind: &CodeBlockKind) {
        let language = match kind {
            CodeBlockKind::Fenced(info) => language(info),
            CodeBlockKind::Indented => String::new(),
        };
        self.inline.direction.settle(); // by the code, and what stands above it
        self.write(r#"<div class="code"><div class="code-bar"><span class="code-lang">"#);
        self.write(&language);
        self.write(r#"</span><button type="button" class="copy" data-copy>"#);
        escape(&mut self.inline.out, t().markdown.copy_code);
        self.write("</button></div>");
        self.write(r#"<pre tabindex="0" dir="ltr"><code"#);
        if !language.is_empty() {
            self.write(&format!(r#" class="language-{language}""#));
        }
        self.write(">");
    }

    fn task_marker(&mut self, done: bool) {
        let (checked, label) =
            if done { (" checked", t().markdown.task_done_label) } else { ("", t().markdown.task_open_label) };
        self.write(&format!(r#"<input type="checkbox" disabled{checked} aria-label=""#));
        escape(&mut self.inline.out, label);
        self.write(r#""> "#);
    }

    fn start_row(&mut self, tag: &str, cell: &'static str) {
        self.write(tag);
        self.column = 0;
        self.cell = cell;
    }

    fn start_cell(&mut self) {
        let class = match self.columns.get(self.column) {
            Some(Alignment::Left) => r#" class="left""#,
            Some(Alignment::Center) => r#" class="center""#,
            Some(Alignment::Right) => r#" class="right""#,
            _ => "",
        };
        self.write(&format!("<{}{class}>", self.cell));
        self.column += 1;
    }

    /// Begins a block. The page's blocks take their direction from what is written in them, others from the one around.
    fn open(&mut self, tag: &str) {
        self.write(&format!("<{tag}"));
        if self.depth == 1 {
            self.inline.direction.open(&mut self.inline.out);
        }
        self.write(">");
    }

    fn write(&mut self, html: &str) {
        self.inline.out.push_str(html);
    }
}

/// The language that a fence names: its first word, at most 32 of the characters that names of languages have.
fn language(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or("");
    let fits = |c: &char| c.is_ascii_alphanumeric() || "+#-_.".contains(*c);
    word.chars().take_while(fits).take(32).collect()
}

/// A text as it was written, as the page shows code.
pub(super) fn plain(text: &str) -> String {
    let (known, mut html) = (Definitions::default(), String::new());
    let mut writer = BlockWriter::new(Inline::new(&known, 0));
    writer.start_code(&CodeBlockKind::Indented);
    html.push_str(&writer.inline.out);
    escape(&mut html, text);
    html.push_str(CODE_END);
    html
}

/// How many elements begin in this HTML.
pub(super) fn elements(html: &str) -> usize {
    html.matches('<').count() - html.matches("</").count()
}

/// The block's element with `code` added to the end of the open code block that it is.
pub(super) fn append_code(html: &mut String, code: &str) {
    html.truncate(html.len() - CODE_END.len());
    escape(html, code);
    html.push_str(CODE_END);
}
