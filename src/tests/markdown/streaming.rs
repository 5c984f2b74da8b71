//! A text that is rendered piece by piece ends as if rendered at once, and only its last block is rendered again.

use proptest::prelude::*;
use rivulet::markdown::{Document, TailChange, html};

use crate::{
    page::Page,
    texts::{beginnings, cuts, each_character, text},
};

/// Shows all prefixes and then the whole text; the page must then be as if the whole text was rendered at once.
fn stream<'a>(beginnings: impl IntoIterator<Item = &'a str>, text: &str) {
    let mut page = Page::default();
    for beginning in beginnings {
        page.show(beginning, true);
    }
    page.show(text, false);
    let at_once = Document::new(text, false);
    assert_eq!(page.blocks, at_once.blocks().collect::<Vec<_>>(), "{text:?}");
    assert_eq!(page.blocks.concat(), html(text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_end_as_the_whole(text in text(), cuts in cuts()) {
        stream(beginnings(&text, &cuts), &text);
    }

    #[test]
    fn single_characters_end_as_the_whole(text in text()) {
        stream(each_character(&text), &text);
    }

    #[test]
    fn what_is_shown_depends_on_the_text_alone(text in text(), cuts in cuts()) {
        // A definition that is not finished is used by the open blocks alone, and which are open depends on the pieces.
        let text = text.replace("]:", "]");
        let mut page = Page::default();
        for beginning in beginnings(&text, &cuts) {
            page.show(beginning, true);
            let anew = Document::new(beginning, true);
            prop_assert_eq!(page.document.html(), anew.html(), "{:?}", beginning);
        }
    }

    #[test]
    fn a_finished_text_may_go_on(text in text(), cuts in cuts()) {
        let mut page = Page::default();
        for (turn, beginning) in beginnings(&text, &cuts).into_iter().enumerate() {
            page.show(beginning, turn % 2 == 0);
            if turn % 2 == 1 {
                prop_assert_eq!(page.document.html(), html(beginning));
            }
        }
        page.show(&text, false);
        prop_assert_eq!(page.document.html(), html(&text));
    }

    #[test]
    fn a_text_that_is_another_one_starts_over(first in text(), second in text()) {
        let mut page = Page::default();
        page.show(&first, true);
        if second.len() < first.len() {
            page.show(&second, false);
            prop_assert_eq!(page.document.html(), html(&second));
        } else {
            page.document.update(&second, false);
        }
    }
}

/// Its direction is settled before any of it is left alone.
#[test]
fn a_first_letter_that_comes_late_turns_the_whole_block() {
    for count in [3, 30, 300] {
        for pattern in ["- 1\n", "-\n", "12 ", "`a` ", "|1|\n|-|\n"] {
            let text = format!("{0}{1}{0}", pattern.repeat(count), pattern.replace(['1', 'a'], "שלום"));
            stream((0..text.len()).filter(|at| text.is_char_boundary(*at)).map(|at| &text[..at]), &text);
        }
    }
}

/// Texts that were once cut at the wrong place.
#[test]
fn known_hard_cases_end_as_the_whole() {
    let texts = [
        "- \n[a]: http://e.org\n- \n- ",
        "[a]: http://e.org\n- \nb\n---\n",
        "1. a\n\n2. b\n",
        "- a\n\n-\n",
        "[a]: http://e.org\n    # b\n",
        "[a]: http://e.org\n'b\nc'\n[a]",
        "a\n| b |\n|---|\n| c |",
    ];
    for text in texts {
        stream(each_character(text), text);
    }
}

#[test]
fn a_growing_paragraph_leaves_the_earlier_ones_alone() {
    let words = ["Some ", "**bold** ", "and `code`, ", "a [link](http://e.org/x) ", "and more.", "\n", "\n"];
    let (mut page, mut text) = (Page::default(), String::new());
    for paragraph in 0..40 {
        for word in words {
            text.push_str(word);
            let patch = page.show(&text, true);
            assert!(patch.keep >= paragraph, "{patch:?} in paragraph {paragraph}");
            if let TailChange::Blocks(new) = patch.change {
                assert!(new.len() <= 1, "{new:?}");
            }
        }
    }
    assert_eq!(page.blocks.len(), 40);
}

#[test]
fn an_open_fence_only_gets_text_appended() {
    let mut text = "Look:\n\n```rust\n".to_string();
    let mut page = Page::default();
    page.show(&text, true);
    for line in 0..200 {
        for piece in ["let <x> = \"", "&y\"; ", "`", "``", "\n", "\n   "] {
            text.push_str(piece);
            let patch = page.show(&text, true);
            assert!(!matches!(patch.change, TailChange::Blocks(_) | TailChange::End(..)), "{patch:?} in line {line}");
            assert_eq!(patch.keep, 1);
        }
    }
    text.push_str("\n```");
    assert_eq!(page.show(&text, true).change, TailChange::Code("   \n".to_string()));
    text.push('\n');
    assert_eq!(page.show(&text, true).change, TailChange::Nothing);
    text.push_str("\nDone");
    let done = page.show(&text, true);
    assert_eq!(done.keep, 2);
    assert_eq!(done.change, TailChange::Blocks(vec!["<p dir=\"ltr\">Done</p>".to_string()]));
}

#[test]
fn a_late_definition_reaches_back_to_the_first_block_that_uses_it() {
    let mut text = "Zero.\n\nOne [a].\n\nTwo.\n\nThree [A] and [b].\n\nFour.\n\n".to_string();
    let mut page = Page::default();
    page.show(&text, true);
    text.push_str("[a]: http://first.org\n");
    page.show(&text, true);
    text.push_str("[a]: http://second.org\n\n");
    page.show(&text, true);
    text.push_str("Five");
    let patch = page.show(&text, true);
    assert_eq!(patch.keep, 1);
    assert!(page.blocks[1].contains("href=\"http://first.org\""));
    assert!(page.blocks[3].contains("href=\"http://first.org\""));
    text.push_str(" is [a] too.\n\n[unused]: http://unused.org\n\nSix");
    assert_eq!(page.show(&text, true).keep, 5);
    assert!(page.blocks[5].contains("href=\"http://first.org\""));
}

#[test]
fn definitions_that_expand_too_far_are_cut_off_in_the_same_place() {
    let address = format!("http://e.org/{}", "x".repeat(9_000));
    let mut text = format!("[a]: {address}\n\n");
    (0..40).for_each(|_| text.push_str("See [a].\n\n"));
    let mut page = Page::default();
    for end in (0..text.len()).step_by(701) {
        page.show(&text[..end], true);
    }
    page.show(&text, false);
    assert_eq!(page.document.html(), html(&text));
    let links = page.document.html().matches("<a ").count();
    assert!((5..40).contains(&links), "{links} links");
}
