//! Thinking that stands in the text, cut anywhere.

use proptest::prelude::*;
use rivulet::provider::openai::think::Splitter;

/// The runs of thinking (true) and text that become of a reply in these pieces, neighbours of the same kind joined.
fn runs<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(bool, Vec<u8>)> {
    let mut splitter = Splitter::default();
    let mut runs: Vec<(bool, Vec<u8>)> = vec![];
    let mut all: Vec<_> = pieces.into_iter().flat_map(|piece| splitter.push(piece)).collect();
    all.push(splitter.finish());
    for (is_thinking, run) in all.into_iter().filter(|(_, run)| !run.is_empty()) {
        match runs.last_mut() {
            Some((last, before)) if *last == is_thinking => before.extend(run),
            _ => runs.push((is_thinking, run)),
        }
    }
    runs
}

/// The same of the whole reply, found by looking for the two marks.
fn expected(reply: &str) -> Vec<(bool, Vec<u8>)> {
    let (thinking, text) = match reply.trim_ascii_start().strip_prefix("<think>") {
        None => ("", reply),
        Some(inner) => {
            let (thinking, text) = inner.split_once("</think>").unwrap_or((inner, ""));
            (thinking.trim_ascii_start(), text.trim_ascii_start())
        }
    };
    let runs = [(true, thinking), (false, text)];
    runs.into_iter().filter(|(_, run)| !run.is_empty()).map(|(kind, run)| (kind, run.as_bytes().to_owned())).collect()
}

/// Replies of models that think, and others that have the marks elsewhere, as code has them.
fn reply() -> impl Strategy<Value = String> {
    let some = prop_oneof![
        3 => Just("<think>".to_owned()),
        3 => Just("</think>".to_owned()),
        1 => Just("</thi".to_owned()),
        1 => Just("<think".to_owned()),
        2 => "[ \n]{1,3}",
        2 => "[a水🐟`<>/]{1,4}",
    ];
    prop::collection::vec(some, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Rule: thinking at the beginning of a reply's text is distinguished from the text after it, wherever the bytes are cut; a mark
    /// anywhere else is text, and thinking that is never closed stays thinking.
    #[test]
    fn thinking_is_found_however_it_is_cut(reply in reply(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(reply.len() + 1)).chain([0, reply.len()]).collect();
        cuts.sort();
        let pieces = cuts.windows(2).map(|pair| &reply.as_bytes()[pair[0]..pair[1]]);
        prop_assert_eq!(runs(pieces), expected(&reply));
    }
}
