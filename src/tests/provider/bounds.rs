//! The parsers of a provider's bytes, given too much or any bytes at all: nothing panics, and nothing is kept beyond its
//! limit.

use proptest::prelude::*;
use rivulet::provider::{
    sse::{LIMIT, MAX_PASSED_OVER, Parser, SseEvent, TooLong},
    wording::Decoder,
};

const CHUNK: usize = 64 << 10;
const FIFTY_MEGABYTES: usize = 50 << 20;

/// Sends the same chunk again and again, `most` bytes of it. How many it took to be refused, and the largest event before.
fn flood(chunk: &[u8], most: usize) -> (Option<usize>, usize) {
    let (mut parser, mut events, mut sent, mut largest) = (Parser::default(), vec![], 0, 0);
    while sent < most {
        sent += chunk.len();
        let fits = parser.push(chunk, &mut events);
        assert!(parser.held() <= LIMIT, "{} bytes are held", parser.held());
        for SseEvent { name, data, .. } in events.drain(..) {
            largest = largest.max(name.len().max(data.len()));
        }
        if fits == Err(TooLong) {
            return (Some(sent), largest);
        }
    }
    (None, largest)
}

#[test]
fn fifty_megabytes_without_an_end_are_refused_at_the_limit() {
    for line in ["x", "data: ", "\u{FEFF}", ":", "水"] {
        let chunk = line.repeat(CHUNK / line.len());
        let (refused, _) = flood(chunk.as_bytes(), FIFTY_MEGABYTES);
        assert!(refused.is_some_and(|sent| sent <= MAX_PASSED_OVER + CHUNK), "{line:?}: {refused:?}");
    }
}

#[test]
fn an_event_without_an_end_is_refused_at_the_limit() {
    for line in ["data: x\n", "data:\n", "data\r", "error: x\r\n"] {
        let chunk = line.repeat(CHUNK / line.len());
        // Of each line that is kept the field's name does not count, and at least its line's end does.
        let most = (LIMIT + CHUNK) * line.len() + 2 * MAX_PASSED_OVER;
        let (refused, _) = flood(chunk.as_bytes(), most);
        assert!(refused.is_some(), "{line:?}");
    }
}

#[test]
fn many_times_the_limit_of_nothing_leaves_nothing_behind() {
    for line in ["\n", ": still here\n", "id: 7\n\n", "event: ping\n", "data: x\n\n", "\r\n"] {
        let chunk = line.repeat(CHUNK / line.len());
        let (refused, largest) = flood(chunk.as_bytes(), 8 * LIMIT);
        assert_eq!(refused, None, "{line:?}");
        assert!(largest <= line.len(), "{line:?} made an event of {largest} bytes");
    }
}

/// Bytes that are nearly a stream of events.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let some = prop_oneof![
        prop::sample::select(vec!["data: ", "data", "event: error\n", ":", "\n", "\n\n", "\r", "\r\n", "\u{FEFF}"])
            .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(some, 0..40).prop_map(|parts| parts.concat())
}

fn events<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseEvent> {
    let (mut parser, mut events) = (Parser::default(), vec![]);
    for part in parts {
        parser.push(part, &mut events).expect("less than the limit");
    }
    events.extend(parser.finish().0);
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn events_are_the_same_however_any_bytes_are_cut(bytes in nearly(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort();
        let whole = events([&bytes[..]]);
        prop_assert_eq!(events(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), whole.clone());
        prop_assert_eq!(events(bytes.chunks(1)), whole.clone());
        // A name that is no UTF-8 is written with three bytes for one.
        let held: usize = whole.iter().map(|event| event.name.len() + event.data.len()).sum();
        prop_assert!(held <= bytes.len() * 3);
    }

    #[test]
    fn of_any_bytes_fewer_than_six_are_held_back(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..8)) {
        let mut decoder = Decoder::default();
        for (at, part) in parts.iter().enumerate() {
            decoder.push(part);
            let mut fresh = Decoder::default();
            parts[..=at].iter().for_each(|part| drop(fresh.push(part)));
            prop_assert!(fresh.finish().chars().count() < 6);
        }
    }
}
