//! The examples of the CommonMark specification 0.31.2 (`commonmark.json`; CC BY-SA 4.0, John MacFarlane).

use pulldown_cmark::{Event, Parser, Tag};
use rivulet::markdown::{Document, html};
use serde_json::Value;

use crate::{
    elements::{normal, without_directions},
    page::Page,
    texts::each_character,
};

/// The examples: their number, section, source and HTML.
fn examples() -> Vec<(u64, String, String, String)> {
    let examples: Vec<Value> = serde_json::from_str(include_str!("../commonmark.json")).expect("JSON");
    let text = |example: &Value, field: &str| example[field].as_str().expect("a text").to_string();
    let read = |e: &Value| {
        (e["example"].as_u64().expect("a number"), text(e, "section"), text(e, "markdown"), text(e, "html"))
    };
    examples.iter().map(read).collect()
}

#[test]
fn each_example_ends_as_the_whole_however_it_comes() {
    for (number, _, source, _) in examples() {
        let at_once = Document::new(&source, false);
        let mut characters = Page::default();
        for beginning in each_character(&source) {
            characters.show(beginning, true);
            let mut pieces = Page::default();
            pieces.show(beginning, true);
            pieces.show(&source, false);
            assert!(at_once.blocks().eq(pieces.blocks.iter()), "example {number} cut at {}", beginning.len());
        }
        characters.show(&source, false);
        assert!(at_once.blocks().eq(characters.blocks.iter()), "example {number}");
    }
}

#[test]
fn examples_together_end_as_the_whole() {
    let sources: Vec<String> = examples().into_iter().map(|(_, _, source, _)| source).collect();
    for pair in sources.windows(2) {
        let text = pair.concat();
        let mut page = Page::default();
        for beginning in each_character(&text) {
            page.show(beginning, true);
        }
        page.show(&text, false);
        assert_eq!(page.document.html(), html(&text), "{text:?}");
    }
}

/// Whether our form of the example is another one than the specification's: raw HTML, links, images, code blocks.
fn is_ours(source: &str) -> bool {
    Parser::new(source).any(|event| match event {
        Event::Html(_) | Event::InlineHtml(_) => true,
        Event::Start(tag) => matches!(tag, Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Link { .. } | Tag::Image { .. }),
        _ => false,
    })
}

#[test]
fn examples_are_as_in_the_specification() {
    let mut compared = 0;
    for (number, _, source, expected) in examples() {
        if !is_ours(&source) {
            assert_eq!(normal(&without_directions(&html(&source))), normal(&expected), "example {number}: {source:?}");
            compared += 1;
        }
    }
    assert!(compared >= 370, "only {compared} examples were compared");
}
