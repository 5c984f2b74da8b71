//! A piece of a text stands alone: it shows what was selected, as what it was.

use std::ops::Range;

use proptest::prelude::*;
use rivulet::markdown::{SourceMap, excerpt, html};

use crate::{source_map::shown, texts::text};

const TEXT: &str = "\
# A title

One **bold *both* word** and [a link](http://e.org), `code` too.

- first item
- second **item**
  1. inner one
  2. inner two

> quoted words
> over lines

```rust
fn main() {
    run();
}
```

| a | b |
|---|---|
| c | d |
| e | f |

See [this][ref].

[ref]: http://ref.org
";

/// The excerpt from the first of these words to the end of the last.
fn from_to(from: &str, to: &str) -> String {
    let start = TEXT.find(from).expect("the first word");
    let end = start + TEXT[start..].find(to).expect("the last word") + to.len();
    excerpt(TEXT, start..end)
}

/// Rule: words inside a block come without the block's marks, with those of the spans that are cut; all of a block with its
/// own.
#[test]
fn pieces_of_one_block() {
    assert_eq!(from_to("title", "title"), "title");
    assert_eq!(from_to("A title", "title"), "# A title");
    assert_eq!(from_to("One", "bold"), "One **bold**");
    assert_eq!(from_to("both", "both"), "***both***");
    assert_eq!(from_to("link", "link"), "[link](http://e.org)");
    assert_eq!(from_to("cod", "cod"), "`cod`");
    assert_eq!(from_to("second", "second"), "second");
    assert_eq!(from_to("second", "item"), "- second **item**");
    assert_eq!(from_to("inner two", "two"), "2. inner two");
    assert_eq!(from_to("c |", "c"), "c");
    assert_eq!(from_to("See", "this"), "See [this][ref]\n\n[ref]: <http://ref.org>");
}

/// Rule: a piece of code keeps its fence, a row the head of its table.
#[test]
fn code_and_tables() {
    assert_eq!(from_to("run", "run();"), "```rust\nrun();\n```");
    assert_eq!(from_to("    run", "}"), "```rust\n    run();\n}\n```");
    assert_eq!(from_to("c |", "d"), "| a | b |\n|---|---|\n| c | d |");
    assert_eq!(from_to("b |", "e"), "| a | b |\n|---|---|\n| c | d |\n| e | f |");
    assert_eq!(from_to("a |", "b"), "| a | b |\n|---|---|");
}

/// Rule: what reaches over several blocks has the marks of each.
#[test]
fn several_blocks() {
    assert_eq!(from_to("item\n", "second **item"), "- item\n- second **item**");
    assert_eq!(from_to("inner one", "quoted"), "1. inner one\n2. inner two\n\n> quoted");
    assert_eq!(from_to("words", "main"), "> words\n> over lines\n\n```rust\nfn main\n```");
}

/// Where each shown character of the text stands in it.
fn places() -> Vec<Range<usize>> {
    let map = SourceMap::new(TEXT, false);
    let of_block = |(block, shown): (usize, &str)| {
        shown.char_indices().map(|(at, c)| map.start(block, at)..map.end(block, at + c.len_utf8())).collect::<Vec<_>>()
    };
    map.blocks().enumerate().flat_map(of_block).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Rule: any selection in a text shows, alone, every word that was selected, and no marks.
    #[test]
    fn it_shows_what_was_selected(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let places = places();
        let (from, to) = (from.index(places.len()), to.index(places.len()));
        let (from, to) = (places[from.min(to)].start, places[from.max(to)].end);
        let alone = excerpt(TEXT, from..to);
        let shown = shown(&html(&alone));
        let map = SourceMap::new(TEXT, false);
        for (block, text) in map.blocks().enumerate() {
            for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                let at = word.as_ptr() as usize - text.as_ptr() as usize;
                let is_selected = from <= map.start(block, at) && map.end(block, at + word.len()) <= to;
                prop_assert!(!is_selected || shown.contains(word), "{word:?} in {alone:?}");
            }
        }
        let marks = ["**", "`", "| c |", "](", "[ref]"];
        prop_assert!(!marks.iter().any(|mark| shown.contains(mark)), "{alone:?} shows marks");
    }

    /// Rule: no selection of any text panics.
    #[test]
    fn any_selection_has_an_excerpt(text in text(), from in 0..90_usize, to in 0..90_usize) {
        let _ = excerpt(&text, from.min(to)..from.max(to));
        let _ = excerpt(&text, 0..text.len());
    }
}
