//! A provider sends too much, sends without end, or reveals what it must not.

use std::time::Duration;

use futures::StreamExt;
use kit::{Answer, ProviderServer};
use rivulet::{
    message::Role,
    provider::{Config, Delta, Provider, ProviderError, ProviderKind, Request, Turn, openai::OpenAi},
    steering::options::Options,
};
use serde_json::json;

const KEY: &str = "sk-test-0123456789abcdef-Secret";

fn config(server: &ProviderServer) -> Config {
    Config {
        name: Some("Test".into()),
        base_url: Some(server.url()),
        api_key: Some(KEY.into()),
        start_timeout_seconds: Some(1),
        idle_timeout_seconds: Some(1),
        ..Config { kind: ProviderKind::Openai, ..Config::demo() }
    }
}

/// What comes of a reply: its text, and its failure.
async fn reply(config: &Config) -> (String, Option<ProviderError>) {
    let turns = vec![Turn { role: Role::User, text: "Hello".into() }];
    let provider = OpenAi::new(config).expect("settings that are right");
    let mut deltas = provider.reply(Request {
        model: "test".into(),
        turns,
        options: Options::default(),
        resumes: false,
        instruction: None,
    });
    let (mut text, mut failure) = (String::new(), None);
    while let Some(delta) = deltas.next().await {
        match delta {
            Ok(Delta::Text(delta)) => text += &delta,
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    (text, failure)
}

fn text_event(text: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }))
}

/// Rule: of 200,000 models 500 are offered, and none with a name that is none.
#[tokio::test]
async fn a_list_without_measure_is_cut() {
    let server = ProviderServer::start().await;
    let mut models: Vec<_> = (0..200_000).map(|n| json!({ "id": format!("model-{n:06}") })).collect();
    models.insert(0, json!({ "id": "a".repeat(129) }));
    models.insert(0, json!({ "id": "a\nb" }));
    models.insert(0, json!({ "id": "a", "name": "n\u{1b}".repeat(200) }));
    server.models(Answer::full(200, "application/json", &json!({ "data": models }).to_string()));
    let models = OpenAi::new(&config(&server)).expect("settings").ask_models().await.expect("a list");
    assert_eq!(models.len(), 500);
    assert_eq!((models[0].id.as_str(), models[0].name.as_str()), ("a", "n".repeat(128).as_str()));
    assert_eq!(models[1].id, "model-000000");
}

/// Rule: empty events keep no reply open, neither few of them nor a flood.
#[tokio::test]
async fn empty_events_keep_no_reply_open() {
    for pause in [Duration::from_millis(50), Duration::ZERO] {
        let server = ProviderServer::start().await;
        server.answer(
            Answer::stream()
                .chunk(text_event("Words"))
                .forever("data: {\"choices\":[{\"index\":0,\"delta\":{}}]}\n\n", pause),
        );
        let (text, failure) = reply(&config(&server)).await;
        assert_eq!(text, "Words");
        assert!(matches!(failure, Some(ProviderError::Silent { words: true, .. })), "{failure:?}");
    }
}

/// Rule: the time of a whole reply is limited, whatever comes.
#[tokio::test]
async fn a_reply_without_an_end_is_ended() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().forever(text_event("on and "), Duration::from_millis(20)));
    let (text, failure) = reply(&Config { reply_timeout_seconds: Some(2), ..config(&server) }).await;
    assert!(text.starts_with("on and on and "), "{text}");
    let failure = failure.expect("it was ended");
    assert!(matches!(failure, ProviderError::Endless { words: true, .. }), "{failure:?}");
    assert!(failure.to_string().contains("Press Continue"), "{failure}");
}

/// Rule: the key is not shown, however the provider spells it.
#[tokio::test]
async fn the_key_is_shown_in_no_spelling() {
    let hex: String = KEY.bytes().map(|byte| format!("{byte:02X}")).collect();
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let partly = KEY.replace('S', "%53").replace('-', "%2D");
    for spelled in [KEY, &hex, &percent, &partly, "c2stdGVzdC0wMTIzNDU2Nzg5YWJjZGVmLVNlY3JldA"] {
        let server = ProviderServer::start().await;
        let body = json!({ "error": { "message": format!("Bad: {spelled} there") } }).to_string();
        server.answer(Answer::full(400, "application/json", &body));
        server.answer(Answer::full(400, "application/json", &body));
        let (_, failure) = reply(&config(&server)).await;
        let shown = failure.expect("a failure").to_string();
        assert!(!shown.contains(spelled), "{shown}");
    }
}

/// Rule: a wait that is longer than anybody waits is not given in minutes.
#[tokio::test]
async fn an_endless_wait_is_given_without_a_number() {
    let server = ProviderServer::start().await;
    let busy = || Answer::head(429, &[("Retry-After", "18446744073709551615"), ("Content-Type", "text/plain")]).end();
    (0..4).for_each(|_| server.answer(busy()));
    let (_, failure) = reply(&config(&server)).await;
    let shown = failure.expect("a failure").to_string();
    assert!(shown.ends_with("Try again in a while.") || shown.ends_with("Try again another day."), "{shown}");
}
