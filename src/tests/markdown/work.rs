//! Texts that are made to cost: what the parser is given stays in proportion, whole and piece by piece. Counted in bytes
//! that it reads, in all passes; of itself it takes a constant for each (5,667 pairs of marks were measured to 256 KiB).

use rivulet::markdown::{Document, html};

use crate::page::Page;

const HOSTILE: [&str; 26] = [
    "\\",
    "*",
    "_a ",
    "**a *b ",
    "~~a",
    "`",
    "`` ` ",
    "[",
    "![",
    "![[]()",
    "[](",
    "[a](<b",
    "]",
    "<",
    "<a b='",
    "<!--",
    "&",
    "&#x1",
    "> ",
    "- ",
    "- > ",
    "a|",
    "|-",
    "[a]: b 'c\n",
    "a\n- ",
    "*_[a](b\"c ",
];
/// What ends within these is rendered with each piece.
const LONG_OPEN: usize = 8 << 10;
/// From here on a text is shown as it was written.
const MAX_RENDERED: usize = 512 << 10;
/// The same for one that makes more elements.
const MAX_ELEMENTS: usize = 32_000;
/// What makes an element of a few bytes.
const MANY: [&str; 14] = [
    "- a\n",
    "- 1\n\n",
    "`` ` ",
    "~~a",
    "*a* ",
    "[](b)",
    "a\\\n",
    "a\n\n",
    "# a\n",
    "---\n",
    "> a\n\n",
    "- [ ] a\n",
    "|a|b|\n|-|-|\n",
    "```\na\n```\n",
];
/// How often each byte is read: whole, and in pieces, those within the first [`LONG_OPEN`] bytes not counted.
const WHOLE: usize = 3;
const PIECES: usize = 80;

fn repeated(pattern: &str, length: usize) -> String {
    pattern.repeat(length / pattern.len())
}

#[test]
fn a_whole_text_is_read_a_few_times() {
    for pattern in HOSTILE {
        let text = repeated(pattern, 16 << 10);
        let work = Document::new(&text, false).work();
        assert!(0 < work && work <= WHOLE * text.len(), "{pattern:?}: {work} bytes of {}", text.len());
    }
}

#[test]
fn a_text_in_pieces_is_read_in_proportion() {
    const PIECE: usize = 512;
    for pattern in HOSTILE {
        let text = repeated(pattern, 32 << 10);
        let mut document = Document::default();
        for end in (PIECE..text.len()).step_by(PIECE) {
            document.update(&text[..end], true);
        }
        document.update(&text, false);
        let bound = PIECES * text.len();
        assert!(document.work() <= bound, "{pattern:?}: {} bytes, at most {bound}", document.work());
    }
}

/// After a word the marks at the end of a line are held back, however many.
#[test]
fn marks_at_the_end_of_a_line_are_read_in_proportion() {
    for pattern in HOSTILE.iter().chain(&["[*", "\\[", "&a[", "<a["]) {
        let text = format!("word {}", repeated(pattern, 16 << 10));
        let work = Document::new(&text, true).work();
        assert!(work <= PIECES * text.len(), "{pattern:?}: {work} bytes of {}", text.len());
    }
}

/// Past the budget: no work at all, every word is there, and more is only appended.
#[test]
fn a_text_that_is_too_long_is_shown_as_it_was_written() {
    for pattern in ["\\*<b>&\u{202e} ", "- > a\n", "word "] {
        let text = repeated(pattern, 1 << 20);
        assert_eq!(Document::new(&text, false).work(), 0);
        let shown = html(&text);
        assert_eq!(shown.matches("<code").count(), 1, "{pattern:?}");
        assert!(shown.len() > text.len(), "{pattern:?}");
        let mut page = Page::default();
        let start = text.floor_char_boundary(1_000);
        page.show(&text[..start], true);
        for at in [MAX_RENDERED + 1, MAX_RENDERED + 100, (1 << 20) - 50] {
            page.show(&text[..text.floor_char_boundary(at)], true);
        }
        page.show(&text, false);
        assert_eq!(page.document.html(), shown, "{pattern:?}");
    }
}

fn elements(html: &str) -> usize {
    html.matches('<').count() - html.matches("</").count()
}

#[test]
fn no_text_makes_more_elements_than_a_browser_can_take() {
    for pattern in MANY {
        let text = repeated(pattern, 256 << 10);
        let (mut document, mut was_plain) = (Document::default(), false);
        for end in (0..text.len()).step_by(8 << 10) {
            document.update(&text[..end], true);
            let made = elements(&document.html());
            assert!(made <= MAX_ELEMENTS, "{pattern:?} makes {made} elements of {end} bytes");
            let is_plain = is_plain(&document, &text[..end]);
            assert!(is_plain || !was_plain, "{pattern:?} is rendered again at {end}");
            was_plain = is_plain;
        }
        document.update(&text, false);
        assert_eq!(document.html(), html(&text), "{pattern:?}");
        let bound = PIECES * text.len();
        assert!(document.work() <= bound, "{pattern:?}: {} bytes, at most {bound}", document.work());
        assert!(is_plain(&document, &text), "{pattern:?}");
    }
}

/// Whether the text is shown as it was written.
fn is_plain(document: &Document, text: &str) -> bool {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    !text.is_empty() && document.html().ends_with(&format!("<code>{escaped}</code></pre></div>"))
}

/// On both sides of the budget a text ends as the whole, and may go on.
#[test]
fn at_the_budget_a_text_in_pieces_ends_as_the_whole() {
    for (pattern, others) in [("- a\n", 1), ("*a* ", 1), ("a\n\n", 0)] {
        for more in [0, 1] {
            let text = pattern.repeat(MAX_ELEMENTS - others + more);
            let mut page = Page::default();
            for end in (8 << 10..text.len()).step_by(8 << 10) {
                page.show(&text[..end], true);
            }
            page.show(&text, false);
            assert_eq!(page.document.html(), html(&text), "{pattern:?}");
            assert_eq!(is_plain(&page.document, &text), more == 1, "{pattern:?} and {more} more");
            let longer = format!("{text}{pattern}");
            page.show(&longer, true);
            page.show(&longer, false);
            assert_eq!(page.document.html(), html(&longer), "{pattern:?}");
        }
    }
}

/// Spans that are closed only while more may come: too many while it grows, none at its end.
#[test]
fn a_text_that_ends_within_the_budget_is_rendered() {
    let text = repeated("*a ", 96 << 10);
    let mut page = Page::default();
    page.show(&text, true);
    assert!(is_plain(&page.document, &text));
    page.show(&text, false);
    assert!(page.document.html().starts_with("<p"));
    assert_eq!(page.document.html(), html(&text));
}

/// Real texts as long as the longest replies make a fifth of it at most.
#[test]
fn a_long_reply_is_far_from_the_budget() {
    const LONG: usize = 200 << 10;
    let texts = [include_str!("../../provider/demo/rivers.md"), include_str!("../../provider/demo/prose.txt")];
    for text in texts {
        let made = elements(&html(&format!("{text}\n\n").repeat(LONG / text.len())));
        assert!(made > 0 && 5 * made <= MAX_ELEMENTS, "{made} elements of {:?}", text.lines().next());
    }
}

/// What waits is shown once there is enough more, and at the end at once.
#[test]
fn what_waits_is_never_left_out() {
    let text = format!("{}end", repeated("*a **b ", 3 * LONG_OPEN));
    let (mut page, mut behind) = (Page::default(), 0);
    for end in (100..text.len()).step_by(100) {
        let before = page.document.html().len();
        page.show(&text[..end], true);
        behind = if page.document.html().len() > before { 0 } else { behind + 100 };
        assert!(behind <= 3 * LONG_OPEN / 8 + 200, "{behind} bytes behind at {end}");
    }
    page.show(&text, false);
    assert_eq!(page.document.html(), html(&text));
}
