//! The form of each kind of block.

use rivulet::markdown::{self, Document};

use crate::elements::without_directions;

const LINK: &str = r#"rel="noopener noreferrer nofollow" target="_blank""#;

fn html(text: &str) -> String {
    without_directions(&markdown::html(text))
}

#[test]
fn each_block_is_read_in_its_own_direction_and_code_from_the_left() {
    let html = markdown::html;
    assert_eq!(html("a"), r#"<p dir="ltr">a</p>"#);
    assert_eq!(html("## a"), r#"<h2 dir="ltr">a</h2>"#);
    assert_eq!(
        html("<b>\n"),
        r#"<p class="raw" dir="ltr">&lt;b&gt;
</p>"#
    );
    // What is inside has none of its own: a list has the direction of its first item, a table that of its first cell.
    assert_eq!(
        html("- a\n\n- > b"),
        r#"<ul dir="ltr"><li><p>a</p></li><li><blockquote><p>b</p></blockquote></li></ul>"#
    );
    assert_eq!(html("3. a\n   - b"), r#"<ol start="3" dir="ltr"><li>a<ul><li>b</li></ul></li></ol>"#);
    assert_eq!(html("> a"), r#"<blockquote dir="ltr"><p>a</p></blockquote>"#);
    assert!(
        html("| a |\n|---|").starts_with(r#"<div class="table" tabindex="0" dir="ltr"><table><thead><tr><th>a</th>"#)
    );
    assert_eq!(html("`a` b"), r#"<p dir="ltr"><code dir="ltr">a</code> b</p>"#);
    assert!(html("```\na\n```").contains(r#"<pre tabindex="0" dir="ltr"><code>a"#));
}

#[test]
fn a_block_is_read_in_the_direction_of_its_first_letter() {
    let starts = |text: &str, tag: &str| assert!(markdown::html(text).starts_with(tag), "{text:?} is no {tag}");
    starts("- 1\n- שלום\n- a", r#"<ul dir="rtl">"#);
    starts("7 `a` **سلام** b", r#"<p dir="rtl">"#);
    starts("# \u{200f}a", r#"<h1 dir="rtl">"#);
    starts("> 1\n>\n>     code\n>\n> שלום", r#"<blockquote dir="ltr">"#);
    starts("12 é שלום", r#"<p dir="ltr">"#);
    starts("12", r#"<p dir="ltr">"#);
    starts(&format!("{}שלום", "1 ".repeat(500)), r#"<p dir="rtl">"#);
    starts(&format!("{}שלום", "1 ".repeat(600)), r#"<p dir="ltr">"#);
}

#[test]
fn code_has_its_language_and_a_button() {
    let start = r#"<div class="code"><div class="code-bar"><span class="code-lang">"#;
    let button = r#"</span><button type="button" class="copy" data-copy>Copy</button></div><pre tabindex="0"><code"#;
    let rust = format!("{start}rust{button} class=\"language-rust\">a &lt; b\n</code></pre></div>");
    assert_eq!(html("```rust ignore\na < b\n```"), rust);
    assert_eq!(html("    a"), format!("{start}{button}>a</code></pre></div>"));
    let strange = html(&format!("```c++\"><script>{}\n```", "x".repeat(99)));
    assert_eq!(strange, format!("{start}c++{button} class=\"language-c++\"></code></pre></div>"));
    assert!(html(&format!("~~~{}\n", "x".repeat(99))).contains(&format!(">{}<", "x".repeat(32))));
}

#[test]
fn tables_can_scroll_and_align() {
    let table = "<div class=\"table\" tabindex=\"0\"><table><thead><tr><th class=\"left\">a</th><th>b</th></tr></thead>\
        <tbody><tr><td class=\"left\">c</td><td><strong>d</strong></td></tr></tbody></table></div>";
    assert_eq!(html("| a | b |\n|:--|---|\n| c | **d** |"), table);
}

#[test]
fn tasks_are_checkboxes_with_a_label() {
    let done = r#"<li><input type="checkbox" disabled checked aria-label="Done"> a</li>"#;
    let open = r#"<li><input type="checkbox" disabled aria-label="To do"> b</li>"#;
    assert_eq!(html("- [x] a\n- [ ] b"), format!("<ul>{done}{open}</ul>"));
}

#[test]
fn raw_html_is_text() {
    assert_eq!(html("<div>\n*a*\n</div>"), "<p class=\"raw\">&lt;div&gt;\n*a*\n&lt;/div&gt;</p>");
    assert_eq!(html("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>");
}

#[test]
fn images_are_links() {
    let image = |text: &str| format!("<p><a class=\"image\" href=\"https://e.org/a/cat.png?b\" {LINK}>{text}</a></p>");
    assert_eq!(html("![A *big* `cat`](https://e.org/a/cat.png?b)"), image("A big cat"));
    assert_eq!(html("![](https://e.org/a/cat.png?b)"), image("cat.png"));
    assert_eq!(html("![A](data:image/png,x)"), "<p><span class=\"dead-link\">A</span></p>");
    let linked = format!("<p><a href=\"http://e.org\" {LINK}>A</a></p>");
    assert_eq!(html("[![A](https://e.org/a.png)](http://e.org)"), linked);
    assert_eq!(html("[![](https://e.org/a.png)](http://e.org)"), linked.replace(">A<", ">a.png<"));
}

#[test]
fn headings_rules_and_lists_are_as_written() {
    let expected = "<h1>a</h1><hr><ol start=\"3\"><li>b</li></ol><blockquote><p>c<br>d</p></blockquote>";
    assert_eq!(html("# a\n***\n3. b\n\n> c  \n> d\n\n[e]: http://e.org"), expected);
    assert_eq!(Document::new("[e]: http://e.org\n\n", false).blocks().count(), 0);
}

#[test]
fn links_do_not_nest() {
    let source = "[a <http://b.org> \\[c][d]\n\n[d]: http://e.org";
    assert_eq!(html(source), format!("<p><a href=\"http://e.org\" {LINK}>a http://b.org [c</a></p>"));
}
