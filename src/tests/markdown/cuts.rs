//! Blocks that grow long: what is finished inside them is left alone, and all ends as the whole.

use proptest::prelude::*;
use rivulet::markdown::{Change, Document, html};

use crate::{
    page::Page,
    texts::{beginnings, each_character},
};

/// Lines of lists, tables and quotes, and pieces of lines.
const LINES: &[&str] = &[
    "- a\n",
    "- b *c* d\n",
    "- 7\n",
    "- שלום\n",
    "- ",
    "-\n",
    "* x\n",
    "+ y\n",
    "1. one\n",
    "2. two\n",
    "10) ten\n",
    "  - nested\n",
    "   - deep\n",
    "    - deeper\n",
    "  * other\n",
    "   1. first\n",
    "   2. second\n",
    "- [ ] task\n",
    "- [x] done\n",
    "  - [x] ",
    "\n",
    "\n",
    "\n\n",
    "  \n",
    "  text\n",
    "    text\n",
    "lazy\n",
    "> quote\n",
    "> - a\n",
    "> - b\n",
    ">   - c\n",
    ">\n",
    "> > deep\n",
    "- > q\n",
    "  > r\n",
    "> 1. x\n",
    "- - twice\n",
    "- 1. mixed\n",
    "     - b\n",
    "-   wide\n",
    "    in it\n",
    "-     code\n",
    "- ```\n",
    "  ```\n",
    "  code\n",
    "```\n",
    "| a | b |\n",
    "|---|:-:|\n",
    "| c |\n",
    "| d | `e|` | f |\n",
    "  | g | h |\n",
    "  |---|---|\n",
    "  | i | j |\n",
    "> | k | l |\n",
    "> |---|---|\n",
    "> | m | n |\n",
    "# head\n",
    "- # head\n",
    "  ## head\n",
    "---\n",
    "===\n",
    "  ---\n",
    "- ---\n",
    "***\n",
    "- <b>\n",
    "<div>\n",
    "  <p>\n",
    "word",
    " and ",
    "**bold**",
    "**",
    "*",
    "_",
    "`",
    "`code`",
    "[",
    "]",
    "[a](http://e.org)",
    "[b]",
    "](u)",
    "~",
    "~~",
    "<",
    "<http://e.org>",
    "&amp;",
    "&",
    "\\",
    "\\*",
    "  \n",
    "é漢字",
    "!",
    "|",
    ":",
    "\t",
    "- \ta\n",
    "\t- tab\n",
];
/// What is also tried, now and then.
const DEFINITIONS: &[&str] =
    &["[b]: http://b.org\n", "- [b]: /b\n", "  [b]: http://late.org 'title'\n", "> [b]: http://q.org\n"];
const WORDS: &[&str] = &[
    "plain words without a mark ",
    "and more of them, ",
    "a *leaning one* ",
    "**bold words** and ",
    "`code` ",
    "a [link](http://e.org) ",
    "[1] ",
    "[b] ",
    "2 < 3 ",
    "AT&T ",
    "&amp; ",
    "\\* ",
    "snake_case ",
    "*",
    "**",
    "`",
    "[",
    "] ",
    "](x) ",
    "<",
    "~",
    "_",
    "\n",
    "\n",
    "| ",
    "漢字也是文字",
    "  \n",
    "\\\n",
    "!",
    "![i](http://e.org/i.png) ",
    "<b>",
    "***",
    "[x",
    "(http://e.org) ",
    "\n===\n",
    "\n|---|\n",
    "\n- ",
    "\n\n",
    "\n> ",
];

fn pieces(fragments: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(fragments), 0..most).prop_map(|pieces| pieces.concat())
}

/// A text of many lines, or of few long paragraphs.
fn text() -> impl Strategy<Value = String> {
    let start =
        prop::sample::select(&["", "", "- ", "> ", "1. ", "> - ", "- a\n\n  ", "| a |\n|---|\n", "Some\nlines\n"][..]);
    let long = (start.clone(), pieces(WORDS, 120))
        .prop_map(|(start, words)| format!("{start}{}{words}", "long enough ".repeat(34)));
    let defined = (pieces(LINES, 30), pieces(DEFINITIONS, 2), pieces(LINES, 30)).prop_map(|(a, b, c)| a + &b + &c);
    prop_oneof![
        4 => (start, pieces(LINES, 60)).prop_map(|(start, lines)| start.to_string() + &lines),
        3 => long,
        1 => defined,
    ]
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..60)
}

fn ends_as_the_whole<'a>(beginnings: impl IntoIterator<Item = &'a str>, text: &str) {
    let mut page = Page::default();
    for beginning in beginnings {
        page.show(beginning, true);
    }
    page.show(text, false);
    assert_eq!(page.blocks.concat(), html(text), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn long_blocks_end_as_the_whole(text in text(), cuts in cuts()) {
        ends_as_the_whole(beginnings(&text, &cuts), &text);
    }

    #[test]
    fn what_long_blocks_show_depends_on_the_text_alone(text in text(), cuts in cuts()) {
        let text = text.replace("]:", "]");
        let mut page = Page::default();
        for beginning in beginnings(&text, &cuts) {
            page.show(beginning, true);
            prop_assert_eq!(page.document.html(), Document::new(beginning, true).html(), "{:?}", beginning);
        }
    }

    #[test]
    fn long_blocks_may_end_at_any_time_and_go_on(text in text(), cuts in cuts()) {
        let mut page = Page::default();
        for beginning in beginnings(&text, &cuts) {
            page.show(beginning, true);
            page.show(beginning, false);
            prop_assert_eq!(page.document.html(), html(beginning), "{:?}", beginning);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn long_blocks_in_single_characters_end_as_the_whole(text in text()) {
        ends_as_the_whole(each_character(&text), &text);
    }
}

const SENTENCE: &str = "A river keeps its **words** by `moving` on, and [nobody](http://e.org) asks it twice. ";

/// A kind of long text, in pieces that are like each other.
fn kinds() -> [(&'static str, &'static str, String); 8] {
    [
        ("list", "", format!("- {SENTENCE}\n")),
        ("loose list", "", format!("1. {SENTENCE}\n\n")),
        ("nested list", "- a\n", format!("  - {SENTENCE}\n    1. one\n    2. two\n")),
        ("deep list", "- a\n  - b\n    - c\n", format!("      - {SENTENCE}\n")),
        ("table", "| a | b |\n|---|--:|\n", format!("| {SENTENCE} | 2 |\n")),
        ("table in a list", "1. a\n\n   | a | b |\n   |---|--:|\n", format!("   | {SENTENCE} | 2 |\n")),
        ("quote", "> a\n", format!(">\n> {SENTENCE}\n")),
        ("paragraph", "", SENTENCE.to_string()),
    ]
}

fn size(change: &Change) -> usize {
    let sum = |blocks: &[String]| blocks.iter().map(String::len).sum::<usize>();
    match change {
        Change::Blocks(blocks) => sum(blocks),
        Change::End(edit, blocks) => {
            edit.text.len() + edit.levels.iter().map(|level| level.html.len()).sum::<usize>() + sum(blocks)
        }
        Change::Code(text) => text.len(),
        Change::Nothing => 0,
    }
}

#[test]
fn what_changes_on_the_page_is_as_long_as_what_is_new() {
    for (kind, start, piece) in kinds() {
        let text = start.to_string() + &piece.repeat(60);
        let (mut page, mut at) = (Page::default(), 0);
        while at < text.len() {
            at = text.ceil_char_boundary(at + 5);
            let patch = page.show(&text[..at], true);
            let size = size(&patch.change);
            assert!(at < 1_000 || size < 300, "{size} bytes for 5 in a {kind} of {at}: {patch:?}");
        }
        page.show(&text, false);
        assert_eq!(page.document.html(), html(&text), "{kind}");
    }
}

/// Words without marks are text alone, which the page appends without a parser.
#[test]
fn plain_words_are_only_appended() {
    for (kind, start, text) in
        [("paragraph", "Some", " words"), ("item", "- a\n- b", " c"), ("row", "| a |\n|---|\n| b", " & c")]
    {
        let (mut page, mut whole) = (Page::default(), start.to_string());
        page.show(&whole, true);
        for _ in 0..200 {
            whole.push_str(text);
            let Change::End(edit, more) = page.show(&whole, true).change else { panic!("another block in a {kind}") };
            assert!(edit.appends && edit.text == text && more.is_empty(), "{edit:?} in a {kind}");
            assert!(edit.levels.iter().all(|level| level.html.is_empty()), "{edit:?} in a {kind}");
        }
    }
}

/// Nanoseconds for which this thread has had a processor, which others on the machine do not change.
fn worked() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel's account of this thread");
    times.split(' ').next().and_then(|ran| ran.parse().ok()).expect("nanoseconds")
}

#[test]
fn a_long_block_costs_what_it_is_long() {
    let cost = |start: &str, piece: &str, pieces: usize| -> u64 {
        let text = start.to_string() + &piece.repeat(pieces);
        let mut document = Document::default();
        let before = worked();
        for end in (0..text.len()).step_by(20) {
            document.update(&text[..end], true);
        }
        worked() - before
    };
    for (kind, start, piece) in kinds() {
        let short: u64 = (0..16).map(|_| cost(start, &piece, 80)).sum();
        let long = cost(start, &piece, 16 * 80);
        assert!(long < short * 4, "sixteen times a {kind} costs {short} ns, one of sixteen times the length {long} ns");
    }
}

#[test]
fn a_list_that_becomes_loose_late_is_rendered_again() {
    let mut text = "- a\n- b\n  - c\n  - d\n- e\n".to_string();
    let mut page = Page::default();
    page.show(&text, true);
    assert!(!page.blocks[0].contains("<p"));
    text.push_str("\n- f\n- g");
    page.show(&text, true);
    assert_eq!(page.blocks[0].matches("<p").count(), 5, "{}", page.blocks[0]);
    text.push_str("\n  1. h\n  2. i\n\n  3. j\n");
    page.show(&text, true);
    assert_eq!(page.blocks[0].matches("<p").count(), 8, "{}", page.blocks[0]);
    page.show(&text, false);
    assert_eq!(page.document.html(), html(&text));
}

#[test]
fn a_late_definition_reaches_into_a_long_list() {
    let items = "- see [a]\n- and [b]\n".repeat(20);
    for end in ["\n[a]: http://a.org\n\nEnd", "\n  [a]: http://a.org\n- c\n", "- d\n\n  [a]: http://a.org\n"] {
        let text = items.clone() + end;
        ends_as_the_whole(each_character(&text), &text);
        assert_eq!(html(&text).matches("<a ").count(), 20, "{end:?}");
    }
}

#[test]
fn a_long_paragraph_may_still_become_a_heading_or_a_table() {
    for end in ["\n===\n\nEnd", "\nlast | line\n---|---\na | b\n", " a\n|---|\n| b |", " *a\n\nb*", " `a\nb` c"] {
        let text = "plain words again and again ".repeat(40) + end;
        ends_as_the_whole(each_character(&text), &text);
    }
}
