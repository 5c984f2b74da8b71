//! The whole text at once through pulldown-cmark's own renderer, whose only knowledge of ours is the form of a few tags.

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd, html::push_html};
use rivulet::markdown::html;

use crate::{
    elements::{normal, without_directions},
    texts::text,
};

/// The text rendered by pulldown-cmark, with raw HTML, links, images, code, tables and tasks in our form.
fn reference(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut ends: Vec<&str> = Vec::new();
    let mut images: Vec<(String, bool, &str)> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::Image { link_type, dest_url, title, .. }) => {
                let inside = !images.is_empty() || ends.contains(&"</a>");
                let (start, end) =
                    if inside { (String::new(), "") } else { anchor("class=\"image\" ", link_type, &dest_url, &title) };
                events.push(tag(&start));
                images.push((dest_url.to_string(), true, end));
            }
            Event::End(TagEnd::Image) => {
                let (url, empty, end) = images.pop().expect("an image");
                if empty && images.is_empty() {
                    events.push(Event::Text(file_name(&url).into()));
                }
                events.push(tag(end));
                if let Some(outer) = images.last_mut() {
                    outer.1 &= empty;
                }
            }
            Event::Start(Tag::Link { link_type, dest_url, title, .. }) => {
                let (start, end) = if images.is_empty() && !ends.contains(&"</a>") {
                    anchor("", link_type, &dest_url, &title)
                } else {
                    (String::new(), "")
                };
                events.push(tag(&start));
                ends.push(end);
            }
            Event::End(TagEnd::Link) => events.push(tag(ends.pop().expect("a link"))),
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) if !images.is_empty() => {
                images.last_mut().expect("an image").1 &= text.is_empty();
                events.push(Event::Text(text));
            }
            Event::SoftBreak | Event::HardBreak if !images.is_empty() => {
                images.last_mut().expect("an image").1 = false;
                events.push(Event::SoftBreak);
            }
            Event::Start(_) | Event::End(_) if !images.is_empty() => {}
            other => in_our_form(other, &mut events),
        }
    }
    let mut out = String::new();
    push_html(&mut out, events.into_iter());
    ["left", "center", "right"]
        .iter()
        .fold(out, |out, side| out.replace(&format!(" style=\"text-align: {side}\">"), &format!(" class=\"{side}\">")))
}

/// Code, raw HTML, tables and tasks.
fn in_our_form<'a>(event: Event<'a>, events: &mut Vec<Event<'a>>) {
    match event {
        Event::Start(Tag::CodeBlock(kind)) => events.push(tag(&code(kind))),
        Event::End(TagEnd::CodeBlock) => events.push(tag("</code></pre></div>")),
        Event::Start(Tag::HtmlBlock) => events.push(tag("<p class=\"raw\">")),
        Event::End(TagEnd::HtmlBlock) => events.push(tag("</p>")),
        Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
        Event::Start(Tag::Table(columns)) => {
            events.push(tag("<div class=\"table\" tabindex=\"0\">"));
            events.push(Event::Start(Tag::Table(columns)));
        }
        Event::End(TagEnd::Table) => {
            events.push(Event::End(TagEnd::Table));
            events.push(tag("</div>"));
        }
        Event::TaskListMarker(done) => events.push(tag(if done {
            "<input type=\"checkbox\" disabled checked aria-label=\"Done\"> "
        } else {
            "<input type=\"checkbox\" disabled aria-label=\"To do\"> "
        })),
        other => events.push(other),
    }
}

fn tag<'a>(html: &str) -> Event<'a> {
    Event::Html(html.to_string().into())
}

fn anchor(class: &str, kind: LinkType, url: &str, title: &str) -> (String, &'static str) {
    let url = if kind == LinkType::Email { format!("mailto:{url}") } else { url.trim().to_string() };
    let lower = url.to_lowercase();
    let safe = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("mailto:");
    if !safe || url.chars().any(char::is_control) {
        return ("<span class=\"dead-link\">".to_string(), "</span>");
    }
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", escaped(title)) };
    let rest = "rel=\"noopener noreferrer nofollow\" target=\"_blank\"";
    (format!("<a {class}href=\"{}\"{title} {rest}>", escaped(&url)), "</a>")
}

fn code(kind: CodeBlockKind) -> String {
    let info = match kind {
        CodeBlockKind::Fenced(info) => info.to_string(),
        CodeBlockKind::Indented => String::new(),
    };
    let word = info.split_whitespace().next().unwrap_or_default();
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.')));
    let language = &word[..end.unwrap_or(word.len()).min(32)];
    let class = if language.is_empty() { String::new() } else { format!(" class=\"language-{language}\"") };
    format!(
        "<div class=\"code\"><div class=\"code-bar\"><span class=\"code-lang\">{language}</span><button type=\"button\" \
         class=\"copy\" data-copy>Copy</button></div><pre tabindex=\"0\"><code{class}>"
    )
}

fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { url.to_string() } else { name.to_string() }
}

/// The same HTML without the hosts beside links, which the parser's own renderer does not show.
fn without_hosts(html: &str) -> String {
    let mut pieces = html.split(r#"<span class="host">"#);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| out + piece.split_once("</span>").expect("its end").1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn splitting_into_blocks_changes_nothing(text in text()) {
        prop_assert_eq!(normal(&without_directions(&without_hosts(&html(&text)))), normal(&reference(&text)), "{:?}", text);
    }
}
