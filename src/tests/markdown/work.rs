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
