//! What a long block costs while it grows, and what may still change in it.

use rivulet::markdown::{Document, TailChange, html};

use super::cuts::ends_as_the_whole;
use crate::{page::Page, texts::each_character};

const SENTENCE: &str = "A river keeps its **words** by `moving` on, and [nobody](http://e.org) asks it twice. ";

/// Kinds of long text: a name, a start, and a piece that is repeated.
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

fn size(change: &TailChange) -> usize {
    let sum = |blocks: &[String]| blocks.iter().map(String::len).sum::<usize>();
    match change {
        TailChange::Blocks(blocks) => sum(blocks),
        TailChange::End(edit, blocks) => {
            edit.text.len() + edit.levels.iter().map(|level| level.html.len()).sum::<usize>() + sum(blocks)
        }
        TailChange::Code(text) => text.len(),
        TailChange::Nothing => 0,
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

/// Plain text is only appended by the page, without a parser.
#[test]
fn plain_words_are_only_appended() {
    for (kind, start, text) in
        [("paragraph", "Some", " words"), ("item", "- a\n- b", " c"), ("row", "| a |\n|---|\n| b", " & c")]
    {
        let (mut page, mut whole) = (Page::default(), start.to_string());
        page.show(&whole, true);
        for _ in 0..200 {
            whole.push_str(text);
            let TailChange::End(edit, more) = page.show(&whole, true).change else {
                panic!("another block in a {kind}")
            };
            assert!(edit.appends && edit.text == text && more.is_empty(), "{edit:?} in a {kind}");
            assert!(edit.levels.iter().all(|level| level.html.is_empty()), "{edit:?} in a {kind}");
        }
    }
}

/// Nanoseconds of processor time of this thread, which other processes do not change.
fn processor_time() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel's account of this thread");
    times.split(' ').next().and_then(|ran| ran.parse().ok()).expect("nanoseconds")
}

#[test]
fn the_cost_of_a_long_block_is_linear() {
    let cost = |start: &str, piece: &str, pieces: usize| -> u64 {
        let text = start.to_string() + &piece.repeat(pieces);
        let mut document = Document::default();
        let before = processor_time();
        for end in (0..text.len()).step_by(20) {
            document.update(&text[..end], true);
        }
        processor_time() - before
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
