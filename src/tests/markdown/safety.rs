//! Nothing but known elements and attributes, one element a block, and links that lead only where they may.

use proptest::prelude::*;
use rivulet::markdown::{Document, html};

use crate::{
    elements::{EMPTY, Piece, attributes, pieces},
    texts::{beginnings, cuts, text},
};

const ELEMENTS: [&str; 29] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "li",
    "hr",
    "br",
    "em",
    "strong",
    "del",
    "code",
    "pre",
    "div",
    "span",
    "button",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "input",
];

const ATTRIBUTES: [&str; 13] = [
    "class",
    "href",
    "title",
    "rel",
    "target",
    "tabindex",
    "type",
    "disabled",
    "checked",
    "aria-label",
    "start",
    "data-copy",
    "dir",
];

/// Panics unless the block is one element of known elements, properly nested, with known attributes.
fn check(block: &str) {
    let mut open: Vec<&str> = Vec::new();
    for (at, piece) in pieces(block).into_iter().enumerate() {
        assert!(at == 0 || !open.is_empty(), "more than one element in {block:?}");
        match piece {
            Piece::Open(name, source) => {
                assert!(ELEMENTS.contains(&name), "{name} in {block:?}");
                assert!(name != "a" || !open.contains(&"a"), "a link in a link in {block:?}");
                attributes(source).into_iter().for_each(|(name, value)| check_attribute(name, value));
                if !EMPTY.contains(&name) {
                    open.push(name);
                }
            }
            Piece::Close(name) => assert_eq!(open.pop(), Some(name), "in {block:?}"),
            Piece::Text(_) => assert!(!open.is_empty(), "text outside an element in {block:?}"),
        }
    }
    assert!(open.is_empty() && !block.is_empty(), "{open:?} is open in {block:?}");
}

fn check_attribute(name: &str, value: &str) {
    assert!(ATTRIBUTES.contains(&name), "attribute {name}");
    let fits = |c: char| c.is_ascii_alphanumeric() || "-+#_. ".contains(c);
    match name {
        "href" => {
            let address = value.to_ascii_lowercase();
            let known = ["http://", "https://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
            assert!(known && !value.contains(char::is_control), "href {value:?}");
        }
        "title" => {}
        _ => assert!(value.chars().all(fits), "{name}={value:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn every_block_is_one_harmless_element(text in text(), cuts in cuts()) {
        for beginning in beginnings(&text, &cuts) {
            Document::new(beginning, true).blocks().for_each(check);
            Document::new(beginning, false).blocks().for_each(check);
        }
    }
}

#[test]
fn the_check_refuses_what_it_should() {
    let refused = [
        "<script></script>",
        "<p>a</p>b",
        "<p>a</p><p>b</p>",
        "<p onclick=\"x\">a</p>",
        "<p><b>a</p></b>",
        "text",
        "",
        "<p><a href=\"javascript:x\">a</a></p>",
        "<p><a href=\"/relative\">a</a></p>",
        "<p>",
        "<p class=\"a&quot;\"></p>",
        "<p><a href=\"http://a\"><a href=\"http://b\">c</a></a></p>",
        "<img>",
    ];
    for block in refused {
        assert!(std::panic::catch_unwind(|| check(block)).is_err(), "{block}");
    }
    check("<p>a <em>b</em><br><a href=\"mailto:x\" title=\"&lt;\">c</a></p>");
}

#[test]
fn links_lead_only_where_they_may() {
    let dead = [
        "[x](javascript:alert(1))",
        "[x](JavaScript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](<java\tscript:a>)",
        "[x](java&Tab;script:a)",
        "[x](&#1;javascript:a)",
        "[x](vbscript:a)",
        "[x](data:text/html,a)",
        "[x](//e.org)",
        "[x](/path)",
        "[x](path)",
        "[x](#part)",
        "[x]()",
        "[x](http:e.org)",
        "[x](file:///etc)",
        "[x](ht&#10;tp://e.org)",
        "[x](javascript&colon;alert(1))",
        "[x](\\javascript:a)",
        "[x](http&#58//e)",
    ];
    for link in dead {
        assert_eq!(html(link), "<p dir=\"ltr\"><span class=\"dead-link\">x</span></p>", "{link}");
    }
    let rest = r#"" rel="noopener noreferrer nofollow" target="_blank">x</a></p>"#;
    for address in ["http://e.org", "HTTPS://e.org/a?b=c#d", "mailto:me@e.org", "MailTo:me@e.org"] {
        assert_eq!(html(&format!("[x]({address})")), format!("<p dir=\"ltr\"><a href=\"{address}{rest}"));
    }
    assert_eq!(html("[x](&#104;ttp://e.org)"), format!("<p dir=\"ltr\"><a href=\"http://e.org{rest}"));
    assert!(html("<me@e.org>").contains("href=\"mailto:me@e.org\""));
    assert_eq!(html("<javascript:a>"), "<p dir=\"ltr\"><span class=\"dead-link\">javascript:a</span></p>");
}
