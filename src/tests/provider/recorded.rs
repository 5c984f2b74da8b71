//! Streams that real servers sent, recorded in the tests of other projects, and what an independent reader makes of them.
//! They are others' work and stay outside this repository: `RIVULET_RECORDED` names a folder with pairs of files.
//!
//! - `NAME.sse` (a stream) or `NAME.body` (a reply that is not streamed): the bytes of the body
//! - `NAME.json`: what is in it, `{"thinking": "…", "text": "…", "usage": [input, output] or null, "complete": true}`, the
//!   last one if it has no fault

use std::{fs, path::Path};

use rivulet::{
    provider::{Provider, ProviderError},
    text::normalize,
};
use serde::Deserialize;

use crate::{Answer, ProviderServer, Received, ask, provider};

#[derive(Debug, Deserialize, PartialEq)]
struct Expected {
    thinking: String,
    text: String,
    usage: Option<(u64, u64)>,
    complete: bool,
}

impl Expected {
    fn of(received: &Received) -> Self {
        let all = |wanted: &str| {
            received.runs.iter().filter(|(kind, _)| *kind == wanted).map(|(_, run)| run.as_str()).collect()
        };
        let usage = received.usage.map(|usage| (usage.input_tokens, usage.output_tokens));
        // A refusal is whole.
        let complete = matches!(received.error, None | Some(ProviderError::Declined { .. }));
        Self { thinking: all("thinking"), text: all("text"), usage, complete }
    }
}

#[tokio::test]
#[ignore = "needs recordings: RIVULET_RECORDED=FOLDER"]
async fn every_recorded_stream_is_whole() {
    let folder = std::env::var("RIVULET_RECORDED").expect("RIVULET_RECORDED names a folder");
    let server = ProviderServer::start().await;
    let (mut replayed, mut failures) = (0, Vec::new());
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        let Some(kind) = path.extension().and_then(|kind| kind.to_str()).filter(|kind| ["sse", "body"].contains(kind))
        else {
            continue;
        };
        replayed += 1;
        failures.extend(difference(&server, &path, kind).await);
    }
    println!("{} of {replayed} are whole", replayed - failures.len());
    assert!(replayed > 0, "there is nothing to replay");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// How a recording, whole and in small pieces, is read otherwise than expected.
async fn difference(server: &ProviderServer, path: &Path, kind: &str) -> Option<String> {
    let bytes = fs::read(path).expect("a recording");
    let expected = fs::read_to_string(path.with_extension("json")).expect("what is in it");
    let mut expected: Expected = serde_json::from_str(&expected).expect("what is in it, as JSON");
    (expected.text, expected.thinking) = (normalize(&expected.text), normalize(&expected.thinking));
    for size in [bytes.len().max(1), 37] {
        let answer = match kind {
            "sse" => bytes.chunks(size).fold(Answer::stream(), Answer::chunk).end(),
            _ => Answer::head(200, &[("Content-Type", "application/json")]).chunk(&bytes).end(),
        };
        server.answer(answer);
        let received = Received::of(provider(server).reply(ask("test", "Hello"))).await;
        let read = Expected::of(&received);
        // Of the others each ends in its own way.
        expected.complete |= read.complete;
        if read != expected {
            return Some(format!(
                "{}\n  expected {expected:?}\n  read     {read:?}\n  {}",
                path.display(),
                received.sentence()
            ));
        }
    }
    None
}
