//! Text on its way in, and characters that come in halves.

use proptest::prelude::*;
use rivulet::{
    provider::wording::Decoder,
    text::{Normalizer, normalize},
};

fn in_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut decoder = Decoder::default();
    let text: String = parts.into_iter().map(|part| decoder.push(part)).collect();
    text + &decoder.finish()
}

/// Bytes of characters, of halves of surrogate pairs, and of nothing at all.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let some = prop_oneof![
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        (0xA0..=0xBFu8, 0x80..=0xBFu8).prop_map(|(a, b)| vec![0xED, a, b]),
        Just(vec![0xED, 0xA0]),
        Just(vec![0xED]),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(some, 0..16).prop_map(|parts| parts.concat())
}

#[test]
fn line_ends_and_nul() {
    assert_eq!(normalize("a\r\nb\rc\n\rd\r\r\n\0e"), "a\nb\nc\n\nd\n\n\u{FFFD}e");
}

#[test]
fn halves() {
    assert_eq!(in_parts([&b"\xED\xA0\xBD"[..], b"\xED\xB0\x9F"]), "🐟");
    assert_eq!(in_parts([&b"\xED\xB0\x9F\xED\xA0\xBD"[..]]), "\u{FFFD}\u{FFFD}");
    assert_eq!(in_parts([&b"\xED\xA0\xBD\xED\xA0\xBD\xED\xB0\x9F"[..]]), "\u{FFFD}🐟");
    assert_eq!(in_parts([&b"\xED\xA0\xBD"[..], "한".as_bytes()]), "\u{FFFD}한");
    assert_eq!(in_parts([&b"\xF0\x9F"[..], b"\x90\x9F"]), "🐟");
}

proptest! {
    #[test]
    fn normalised_the_same_however_it_is_cut(text in "[a水\r\n\0]{0,40}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
        ends.push(text.len());
        let mut cuts: Vec<_> = cuts.iter().map(|cut| ends[cut.index(ends.len())]).chain([0, text.len()]).collect();
        cuts.sort();
        let mut normalizer = Normalizer::default();
        let joined: String = cuts.windows(2).map(|pair| normalizer.push(&text[pair[0]..pair[1]])).collect();
        prop_assert_eq!(&joined, &normalize(&text));
        prop_assert_eq!(&joined, &text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"));
        prop_assert_eq!(normalize(&joined), joined);
    }

    #[test]
    fn decoded_the_same_however_it_is_cut(bytes in bytes(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort();
        prop_assert_eq!(in_parts(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), in_parts([&bytes[..]]));
    }

    #[test]
    fn what_is_text_already_stays(text in any::<String>()) {
        prop_assert_eq!(in_parts([text.as_bytes()]), text);
    }

    /// As UTF-16 would read it: serde_json writes each unit that stands alone as three bytes.
    #[test]
    fn surrogates_as_utf_16_reads_them(units in prop::collection::vec(prop_oneof![0xD7F0..0xE010u16, 0x20..0x80u16], 0..12)) {
        let json = units.iter().map(|unit| format!("\"\\u{unit:04x}\"")).collect::<Vec<_>>();
        let parts: Vec<Vec<u8>> = json.iter().map(|one| wtf8(one)).collect();
        prop_assert_eq!(in_parts(parts.iter().map(Vec::as_slice)), String::from_utf16_lossy(&units));
    }
}

fn wtf8(json: &str) -> Vec<u8> {
    use serde::{Deserializer, de::Visitor};
    struct AsBytes;
    impl Visitor<'_> for AsBytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_owned())
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_bytes(AsBytes).expect("a string")
}
