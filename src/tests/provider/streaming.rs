//! Complete streams, in all the formats in which servers write them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use proptest::prelude::*;
use rivulet::{
    message::Usage,
    provider::{Delta, Provider},
};
use tokio::{runtime::Runtime, sync::Notify};

use crate::{Answer, ProviderServer, Received, ask, provider, received_from, text};

/// Everything at once that a stream may have in it.
const WIRE: &[u8] = b"\xEF\xBB\xBFdata: {\"choices\":[{\"delta\":{\"reasoning\":\"First: \"}}]}\n\n\
: a comment\r\n\r\n\
data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}],\"usage\":null}\r\n\r\n\
data:{\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"Hm, \"}}]}\n\n\
: OPENROUTER PROCESSING\n\n\
data: {\"choices\":[{\"delta\":{\"reasoning\":\"\xE6\xB0\xB4?\",\"content\":\"\"}}]}\r\r\
id: 7\nretry: 10\nevent: message\n\
data: {\"choices\":[{\"delta\":\r\ndata:{\"content\":\"A \xF0\x9F\x90\x9F \\ud83c\"}}]}\n\n\
data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n\
data: {\"choices\":[{\"delta\":{\"content\":\"\\udf0a swims\\r\"}}]}\n\n\
data: {\"choices\":[{\"delta\":{\"content\":\"\\nby\\u0000 \\ud83d!\"}}]}\n\n\
data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":34,\"total_tokens\":46}}\n\n\
data: [DONE]\n\n";

fn whole() -> Received {
    Received {
        runs: vec![("thinking", "First: Hm, 水?".into()), ("text", "A 🐟 🌊 swims\nby\u{FFFD} \u{FFFD}!".into())],
        usage: Some(Usage { input_tokens: 12, output_tokens: 34, ..Usage::default() }),
        error: None,
    }
}

async fn cut(server: &ProviderServer, parts: &[&[u8]]) -> Received {
    let answer = parts.iter().fold(Answer::stream(), |answer, part| answer.chunk(part));
    server.answer(answer.end());
    Received::of(provider(server).reply(ask("test", "Hello"))).await
}

#[tokio::test]
async fn the_stream_with_everything() {
    let server = ProviderServer::start().await;
    assert_eq!(cut(&server, &[WIRE]).await, whole());
}

#[tokio::test]
async fn cut_in_two_at_every_byte() {
    let server = ProviderServer::start().await;
    for at in 0..=WIRE.len() {
        let (a, b) = WIRE.split_at(at);
        assert_eq!(cut(&server, &[a, b]).await, whole(), "cut at {at}");
    }
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let server = ProviderServer::start().await;
    assert_eq!(cut(&server, &WIRE.chunks(1).collect::<Vec<_>>()).await, whole());
}

#[test]
fn cut_anywhere() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(ProviderServer::start());
    proptest!(ProptestConfig::with_cases(64), |(mut cuts in prop::collection::vec(0..=WIRE.len(), 0..40))| {
        cuts.extend([0, WIRE.len()]);
        cuts.sort();
        let parts: Vec<_> = cuts.windows(2).map(|pair| &WIRE[pair[0]..pair[1]]).collect();
        prop_assert_eq!(runtime.block_on(cut(&server, &parts)), whole());
    });
}

/// Bytes that are nearly a stream, so that they get far into the code.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let snippet = prop::sample::select(vec![
        "data: ",
        "data",
        "event: error\n",
        ":",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\u{FEFF}",
        "[DONE]",
        r#"{"choices":[{"delta":{"content":""#,
        r#"\ud83d"#,
        r#"\udc1f"#,
        r#"\r"#,
        r#"\u0000"#,
        r#""}}]}"#,
        r#"{"error":{"message":"no","code":429}}"#,
        r#"{"choices":null,"usage":{}}"#,
        "水",
    ]);
    let snippet = snippet.prop_map(|text| text.as_bytes().to_vec());
    let event = any::<String>().prop_map(|said| text(&said).into_bytes());
    let some = prop_oneof![snippet, event, prop::collection::vec(any::<u8>(), 0..8)];
    prop::collection::vec(some, 0..24).prop_map(|parts| parts.concat())
}

#[test]
fn no_bytes_panic_and_all_come_to_an_end() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(ProviderServer::start());
    let wild = prop_oneof![nearly(), prop::collection::vec(any::<u8>(), 0..200)];
    proptest!(ProptestConfig::with_cases(256), |(bytes in wild, at in any::<prop::sample::Index>())| {
        let at = at.index(bytes.len() + 1);
        let two = runtime.block_on(cut(&server, &[&bytes[..at], &bytes[at..]]));
        let one = runtime.block_on(cut(&server, &[&bytes]));
        prop_assert_eq!(two, one);
    });
}

#[tokio::test]
async fn pieces_come_while_the_server_still_writes() {
    let server = ProviderServer::start().await;
    let resume = Arc::new(Notify::new());
    server
        .answer(Answer::stream().chunk(text("one ")).wait(&resume).chunk(text("two")).chunk("data: [DONE]\n\n").end());
    let mut deltas = provider(&server).reply(ask("test", "Hello"));
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("one ".into()))));
    resume.notify_one();
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("two".into()))));
    assert_eq!(deltas.next().await, None);
    assert_eq!(deltas.next().await, None);
}

#[tokio::test]
async fn dropping_a_reply_closes_its_request() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(text("one")).hang());
    let mut deltas = provider(&server).reply(ask("test", "Hello"));
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("one".into()))));
    drop(deltas);
    server.left().await;
}

#[tokio::test]
async fn complete_without_done_if_there_is_a_finish_reason() {
    let finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let received = received_from(Answer::stream().chunk(text("Hello.")).chunk(finish).end()).await;
    assert_eq!((received.text().as_str(), received.error), ("Hello.", None));
}

#[tokio::test]
async fn complete_without_finish_reason_if_there_is_done() {
    let received = received_from(Answer::stream().chunk(text("Hello.")).chunk("data: [DONE]").end()).await;
    assert_eq!((received.text().as_str(), received.error), ("Hello.", None));
}

#[tokio::test]
async fn complete_if_only_the_close_is_missing() {
    let finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let sent = || Answer::stream().chunk(text("Hello.")).chunk(finish);
    for answer in [sent(), sent().hang()] {
        let since = Instant::now();
        let received = received_from(answer).await;
        assert_eq!((received.text().as_str(), received.error), ("Hello.", None));
        assert!(since.elapsed() < Duration::from_secs(30), "waited for nothing");
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream() {
    let body = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",
        "reasoning":"Hm.","content":"Hello \ud83c\udf0a\r\n"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let received = received_from(Answer::full(200, "application/json", body)).await;
    assert_eq!(received.runs, [("thinking", "Hm.".into()), ("text", "Hello 🌊\n".into())]);
    assert_eq!(
        (received.usage, received.error),
        (Some(Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() }), None)
    );
}

#[tokio::test]
async fn bytes_that_are_not_utf_8() {
    let event = b"data: {\"choices\":[{\"delta\":{\"content\":\"caf\xE9 \xFF\xE6\xB0\"}}]}\n\ndata: [DONE]\n\n";
    let received = received_from(Answer::stream().chunk(event).end()).await;
    assert_eq!((received.text().as_str(), received.error), ("caf\u{FFFD} \u{FFFD}\u{FFFD}", None));
}

#[tokio::test]
async fn a_character_split_over_two_strings() {
    let event = |bytes: &[u8]| [b"data: {\"choices\":[{\"delta\":{\"content\":\"", bytes, b"\"}}]}\n\n"].concat();
    let sent = Answer::stream().chunk(event(b"\xE6\xB0")).chunk(event(b"\xB4!")).chunk("data: [DONE]\n\n").end();
    assert_eq!(received_from(sent).await.text(), "水!");
}

#[tokio::test]
async fn thinking_under_both_names_counts_once() {
    let event = "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm.\",\"reasoning_content\":\"Hm.\"}}]}\n\n";
    let received =
        received_from(Answer::stream().chunk(event).chunk(text("Yes.")).chunk("data: [DONE]\n\n").end()).await;
    assert_eq!(received.runs, [("thinking", "Hm.".into()), ("text", "Yes.".into())]);
}

/// An event whose text is these bytes of JSON.
fn raw(json: &[u8]) -> Vec<u8> {
    [b"data: {\"choices\":[{\"delta\":{\"content\":\"", json, b"\"}}]}\n\n"].concat()
}

async fn text_of(server: &ProviderServer, events: Vec<Vec<u8>>) -> String {
    let answer = events.iter().fold(Answer::stream(), Answer::chunk).chunk("data: [DONE]\n\n").end();
    server.answer(answer);
    Received::of(provider(server).reply(ask("test", "Hello"))).await.text()
}

#[test]
fn halves_of_characters_in_different_events_are_joined() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(ProviderServer::start());
    let unit = prop_oneof![0xD7F0..0xE010u16, 0xDB00..0xDD00u16, 0x61..0x7Bu16];
    proptest!(ProptestConfig::with_cases(128), |(units in prop::collection::vec(prop::collection::vec(unit, 1..4), 1..6))| {
        let escaped = |units: &Vec<u16>| raw(units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>().as_bytes());
        let text = runtime.block_on(text_of(&server, units.iter().map(escaped).collect()));
        prop_assert_eq!(text, String::from_utf16_lossy(&units.concat()));
    });
    // Any bytes that can stand in a string, but for those that begin half a surrogate pair.
    let byte = any::<u8>().prop_filter("plain", |byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\' | 0xED));
    proptest!(ProptestConfig::with_cases(128), |(bytes in prop::collection::vec(prop::collection::vec(byte, 1..4), 1..6))| {
        let text = runtime.block_on(text_of(&server, bytes.iter().map(|bytes| raw(bytes)).collect()));
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes.concat()).into_owned());
    });
}
