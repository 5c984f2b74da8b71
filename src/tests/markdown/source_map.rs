//! From what is shown back to the source: each character comes from its own.

use proptest::prelude::*;
use rivulet::markdown::{Document, SourceMap};

use crate::{
    elements::{Piece, pieces},
    texts::{cuts, text},
};

/// What the page shows of a block, without the bars of code blocks and the hosts beside links.
pub fn shown(html: &str) -> String {
    let (mut shown, mut skipped) = (String::new(), None::<(&str, usize)>);
    for piece in pieces(html) {
        match (piece, &mut skipped) {
            (Piece::Open(name, attributes), None)
                if attributes == r#"class="code-bar""# || attributes == r#"class="host""# =>
            {
                skipped = Some((name, 1));
            }
            (Piece::Open(name, _), Some((skipped, depth))) if name == *skipped => *depth += 1,
            (Piece::Close(name), Some((of, depth))) if name == *of => {
                *depth -= 1;
                if *depth == 0 {
                    skipped = None;
                }
            }
            (Piece::Text(text), None) => shown.push_str(text),
            _ => {}
        }
    }
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn shown_blocks(document: &Document) -> Vec<String> {
    document.blocks().map(shown).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Rule: the map has exactly the characters that the page shows, block by block.
    #[test]
    fn it_has_what_is_shown(text in text()) {
        let map = SourceMap::new(&text, false);
        prop_assert_eq!(map.blocks().collect::<Vec<_>>(), shown_blocks(&Document::new(&text, false)));
    }

    /// Rule: each shown character comes from bytes that stand after those of the one before, and that are this character
    /// if they are as many.
    #[test]
    fn each_character_comes_from_its_own_source(text in text(), growing in any::<bool>()) {
        let map = SourceMap::new(&text, growing);
        let mut before = 0;
        for (block, shown) in map.blocks().enumerate() {
            for (at, c) in shown.char_indices() {
                let (start, end) = (map.start(block, at), map.end(block, at + c.len_utf8()));
                let source = text.get(start..end);
                prop_assert!(source.is_some(), "{start}..{end} of {text:?}");
                prop_assert!(before <= end, "{c:?} of {shown:?} in {text:?}");
                let source = source.unwrap_or_default();
                prop_assert!(!source.is_empty() || c.is_whitespace(), "{c:?} of {shown:?} in {text:?}");
                let is_itself = source.ends_with(c);
                let is_made = source.contains(['&', '\\', '\r', '\0', '\t', '\n', ' ', '|', '!', '[', '`', '\u{feff}']);
                prop_assert!(is_itself || is_made || source.is_empty(), "{c:?} of {source:?} in {text:?}");
                before = start;
            }
        }
    }

    /// Rule: no place that somebody may name leads outside of the text, or into the middle of a character, if it is between two.
    #[test]
    fn no_place_leads_outside(text in text(), block in 0..9_usize, ats in cuts()) {
        let map = SourceMap::new(&text, false);
        for at in ats.into_iter().map(|at| at % 40) {
            let between = map.blocks().nth(block).is_none_or(|shown| shown.is_char_boundary(at) || at > shown.len());
            let (start, end) = (map.start(block, at), map.end(block, at));
            prop_assert!(start <= text.len() && end <= text.len());
            prop_assert!(!between || text.is_char_boundary(start) && text.is_char_boundary(end));
        }
    }
}

/// Rule: a place in the middle of a word is found in its block, whatever marks stand before it.
#[test]
fn places_are_found() {
    let text = "# One\n\n- **two** [three](http://e.org) `four`\n\n```rust\nfive\n```\n\n&amp; \\*six";
    let map = SourceMap::new(text, false);
    let place = |block: usize, word: &str| {
        let shown = map.blocks().nth(block).expect("a block").find(word).expect("a word");
        &text[map.start(block, shown)..map.end(block, shown + word.len())]
    };
    for (block, word) in [(0, "One"), (1, "two"), (1, "hree"), (1, "four"), (2, "five")] {
        assert_eq!(place(block, word), word);
    }
    assert_eq!(place(3, "&"), "&amp;");
    assert_eq!(place(3, "*six"), "\\*six");
    assert_eq!((map.start(9, 0), map.end(9, 0)), (text.len(), text.len()));
}
