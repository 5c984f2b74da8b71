//! Long blocks that grow: what is finished inside them does not change, and the end is as if rendered at once.

use proptest::prelude::*;
use rivulet::markdown::{Document, html};

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
/// Definitions, which are also tried at times.
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

pub fn ends_as_the_whole<'a>(beginnings: impl IntoIterator<Item = &'a str>, text: &str) {
    let mut page = Page::default();
    for beginning in beginnings {
        page.show(beginning, true);
    }
    page.show(text, false);
    assert_eq!(page.blocks.concat(), html(text), "{text:?}");
}

/// Found by chance: a text that was cut in a line of which nothing but marks stood there showed that line, and one that was
/// cut before it did not.
#[test]
fn no_cut_is_made_where_a_line_has_only_marks() {
    let text = format!("{}\\\n2 < 3 **] &a", "long enough ".repeat(34));
    let mut page = Page::default();
    for beginning in each_character(&text) {
        page.show(beginning, true);
        assert_eq!(page.document.html(), Document::new(beginning, true).html(), "{beginning:?}");
    }
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
