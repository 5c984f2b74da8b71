//! Texts that are made to be costly: nothing overflows the stack, and the HTML stays in proportion to the text.

use std::thread;

use proptest::prelude::*;
use rivulet::markdown::{Document, html};

use crate::page::Page;

/// Half of what a browser gives WebAssembly.
const STACK: usize = 512 << 10;
/// The longest HTML that a byte of text may make, where it is repeated often.
const RATIO: usize = 64;

/// What nests, opens without closing, or refers to itself.
const DEEP: [&str; 26] = [
    ">", "> ", "- ", "1. ", "* ", "- > ", "*", "_", "**a", "*a **b ", "~~", "[", "![", "[a](", "<", "`", "``` ", "|",
    "|-", "\\", "&", "[x]: y\n", "a\n- ", "# ", "\t", "<a href=",
];

/// Runs on a small stack of its own. An overflow would end the whole test run, as it would end the server.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread");
    thread.join().expect("it renders")
}

#[test]
fn no_depth_overflows_the_stack() {
    for mark in DEEP {
        for text in [mark.repeat(8_000 / mark.len()), format!("{}a\n\nb", mark.repeat(8_000 / mark.len()))] {
            let length = text.len();
            let made = on_a_small_stack(move || (html(&text).len(), Document::new(&text, true).html().len()));
            assert!(made.0.max(made.1) <= length * RATIO, "{mark:?} makes {made:?} bytes of {length}");
        }
    }
}

/// A row is filled up with cells to the length of its table's head: the one way to make much of little. A table gets
/// a quarter of a million such cells at most, of nine bytes each.
#[test]
fn a_wide_and_long_table_is_filled_up_only_so_far() {
    const FILLED: usize = 9 << 18;
    for (columns, rows) in [(500, 500), (2_000, 2_000), (5_000, 50)] {
        let head = format!("{}|\n{}|\n", "|a".repeat(columns), "|-".repeat(columns));
        let text = head + &"|a|\n".repeat(rows);
        let length = text.len();
        let made = on_a_small_stack(move || html(&text).len());
        assert!(made <= length * RATIO + FILLED, "{made} bytes of {length}");
    }
}

/// What nests may come piece by piece: it is shown at every step, and ends as the whole.
#[test]
fn what_nests_may_grow_piece_by_piece() {
    for mark in DEEP {
        on_a_small_stack(move || {
            let (mut page, mut text) = (Page::default(), String::new());
            for _ in 0..100 {
                text.push_str(&mark.repeat(4));
                page.show(&text, true);
            }
            page.show(&text, false);
            assert_eq!(page.blocks.concat(), html(&text), "{mark:?}");
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_few_marks_again_and_again_stay_in_proportion(marks in prop::collection::vec(prop::sample::select(DEEP.to_vec()), 1..5), line in any::<bool>()) {
        let once = marks.concat() + if line { "\n" } else { "" };
        let text = once.repeat(2_000 / once.len());
        let length = text.len();
        let made = on_a_small_stack(move || html(&text).len());
        prop_assert!(made <= length * RATIO * 4 + 4_096, "{once:?} makes {made} bytes of {length}");
    }

    #[test]
    fn no_bytes_panic_as_markdown(bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let text = String::from_utf8_lossy(&bytes);
        let mut page = Page::default();
        page.show(&text[..text.floor_char_boundary(at.index(text.len() + 1))], true);
        page.show(&text, true);
        page.show(&text, false);
        prop_assert_eq!(page.blocks.concat(), html(&text));
    }
}
