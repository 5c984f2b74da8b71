//! While a text grows, unfinished marks are never shown raw.

use rivulet::markdown::Document;

use crate::{
    elements::{Piece, pieces, without_directions},
    texts::each_character,
};

/// The texts of a document's elements, those in code left out.
fn texts(document: &Document) -> Vec<String> {
    let (mut texts, mut code) = (Vec::new(), false);
    for piece in pieces(&document.html()) {
        match piece {
            Piece::Open(name, _) => code |= name == "code",
            Piece::Close(name) => code &= name != "code",
            Piece::Text(text) if !code => texts.push(text.to_string()),
            Piece::Text(_) => {}
        }
    }
    texts
}

/// Feeds the text character by character; none of the marks may be seen in two steps in a row.
fn never_shows(text: &str, marks: &[&str]) {
    let mut document = Document::default();
    let mut before: Vec<&str> = Vec::new();
    for beginning in each_character(text) {
        document.update(beginning, true);
        let texts = texts(&document);
        let seen: Vec<&str> =
            marks.iter().copied().filter(|mark| texts.iter().any(|text| text.contains(mark))).collect();
        let twice = seen.iter().find(|mark| before.contains(mark));
        assert!(twice.is_none(), "{twice:?} after {beginning:?} in {texts:?}");
        before = seen;
    }
}

#[test]
fn marks_of_spans() {
    let emphasis = "So **bold words** and *leaning ones*, ***both***, ~~gone~~, **bold *in* bold**, __b__ and _i_.\n";
    never_shows(emphasis, &["*", "~", "_"]);
    never_shows("这是**粗体**文字，还有**另一个**。", &["*"]);
    never_shows("Call `f(a, b)` or `` a ` b `` or **`x`**, then *`y` z*.", &["`", "*"]);
    never_shows("A &amp; B &lt; C &copy; D \\* E \\\\ F", &["&amp;amp", "&amp;l", "&amp;c", "\\\\", "\\*"]);
}

#[test]
fn marks_of_links() {
    let links = "See [the **page** here](http://e.org/a_b \"A title\"), ![a picture](https://e.org/p.png), and\n\
        <https://auto.org/x> or <me@e.org>, [![badge](https://e.org/b.png)](http://e.org) too. [One](http://a.b)[two](<http://c>).";
    never_shows(links, &["](", "[", "]", "**", "http://e", "&lt;", "\"", "!["]);
}

#[test]
fn marks_of_lines() {
    let lines = "Title\n=====\n\n# One\n\n## Two ##\n\n- a\n- b\n  - c **d**\n\n1. e\n2. f\n   1. g\n\n* h\n+ i\n\n> j\n> > k\n>\n> - l\n\n\
        ***\n\n- [ ] open\n- [x] done\n\n---\n\nLast\n----\n\nEnd.";
    never_shows(lines, &["#", "-", "=", ">", "&gt;", "[", "]", "*", "+", "1", "2", "10", "_"]);
}

#[test]
fn marks_of_tables() {
    let table = "The table:\n\n| Name | Value |\n|:-----|------:|\n| **a** | `x|` |\n| b | [l](http://e.org) |\n\nafter\n\n> | q |\n> |---|\n> | r |\n";
    never_shows(table, &["|", "--", "**", "]("]);
    never_shows("Text\n| a | b |\n|---|---|\n| c | d |\n\nEnd", &["|", "--"]);
}

#[test]
fn marks_of_code() {
    let code = "Run:\n\n```rust\nfn main() {}\n```\n\nand\n\n~~~\n# no heading\n~~~\n\n1. One:\n   ```sh\n   ls | wc\n   ```\n2. Two\n";
    never_shows(code, &["`", "~", "rust ", "1", "2", "#"]);
    let mut document = Document::default();
    for beginning in each_character(code) {
        document.update(beginning, true);
        let html = document.html();
        assert!(!html.contains("`") && !html.contains("~"), "{html} after {beginning:?}");
        assert!(!html.contains(">ru<") && !html.contains(">s<"), "half a language after {beginning:?}");
    }
}

#[test]
fn definitions_are_not_shown() {
    never_shows("See [this][a] and [b].\n\n[a]: http://e.org 'Title'\n[b]: <http://b>\n\nEnd", &["]:", "http"]);
}

#[test]
fn what_is_no_mark_is_shown() {
    let shown = |text: &str| without_directions(&Document::new(text, true).html());
    assert_eq!(shown("2 * 3 and 4 * 5 are"), "<p>2 * 3 and 4 * 5 are</p>");
    assert_eq!(shown("2*3 is 6, so"), "<p>2*3 is 6, so</p>");
    assert_eq!(shown("a snake_case name, a"), "<p>a snake_case name, a</p>");
    assert_eq!(shown("[1] holds"), "<p>[1] holds</p>");
    assert_eq!(shown("x [y] (see there"), "<p>x [y] (see there</p>");
    assert_eq!(shown("AT&T is"), "<p>AT&amp;T is</p>");
    assert_eq!(shown("if a < b then"), "<p>if a &lt; b then</p>");
    assert_eq!(shown("Now **bold"), "<p>Now <strong>bold</strong></p>");
    assert_eq!(shown("Now [a **link](http://e"), "<p>Now a <strong>link</strong></p>");
    assert_eq!(shown("Now `code"), "<p>Now <code>code</code></p>");
    assert_eq!(shown("| a |\n| no table"), "<p>| a |</p>");
}
