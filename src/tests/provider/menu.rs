//! Settings, the menu of models, and what a request says.

use crate::{Answer, Came, ask, config, provider, provider_server::ProviderServer, text};
use async_trait::async_trait;
use futures::{StreamExt, future::pending, stream};
use rivulet::{
    message::Role,
    provider::{Choice, Config, Model, Pieces, Provider, ProviderError, Providers, Request, Turn, demo::Demo},
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, advance};

const DONE: &str = "data: [DONE]\n\n";

fn turn(role: Role, text: &str) -> Turn {
    Turn { role, text: text.into() }
}

fn keys(menu: &[Choice]) -> Vec<&str> {
    menu.iter().map(|choice| choice.key.as_str()).collect()
}

#[tokio::test]
async fn a_request_says_what_it_must() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
    Came::of(provider(&server).reply(ask("test", "Hi 水"))).await;
    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "POST /v1/chat/completions");
    assert_eq!(seen.header("authorization"), Some("Bearer sk-secret"));
    let body = json!({
        "model": "test", "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "Hi 水" }],
    });
    assert_eq!(seen.json(), body);
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
    let providers = Providers::new(&[Config { api_key: None, ..config(&server) }]).expect("providers");
    let (provider, model) = providers.find("Test/meta/llama").expect("a provider");
    Came::of(provider.reply(ask(&model, "Hi"))).await;
    let seen = server.seen().remove(0);
    assert_eq!((seen.header("authorization"), seen.json()["model"].as_str()), (None, Some("meta/llama")));
}

#[tokio::test]
async fn going_on_asks_for_what_follows() {
    let server = ProviderServer::start().await;
    let mut request = Request {
        model: "test".into(),
        turns: vec![
            turn(Role::User, "Hi"),
            turn(Role::Assistant, ""),
            turn(Role::User, "Are you there?"),
            turn(Role::Assistant, "Yes, I"),
        ],
        going_on: true,
    };
    server.answer(Answer::stream().chunk(text(" am")).chunk(DONE).end());
    Came::of(provider(&server).reply(request.clone())).await;
    let messages = &server.seen()[0].json()["messages"];
    assert_eq!(messages[0], json!({ "role": "user", "content": "Hi\n\nAre you there?" }));
    assert_eq!(messages[1], json!({ "role": "assistant", "content": "Yes, I" }));
    assert_eq!((messages[2]["role"].as_str(), messages.as_array().map(Vec::len)), (Some("user"), Some(3)));

    // Nothing had been said: there is nothing to go on from.
    request.turns[3].text.clear();
    server.answer(Answer::stream().chunk(text("Yes")).chunk(DONE).end());
    Came::of(provider(&server).reply(request.clone())).await;
    assert_eq!(server.seen()[1].json()["messages"].as_array().map(Vec::len), Some(1));

    // All had been said.
    server.answer(Answer::stream().chunk(DONE).end());
    assert_eq!(Came::of(provider(&server).reply(request)).await, Came::default());
}

#[tokio::test]
async fn a_server_that_refuses_options_is_asked_without() {
    let server = ProviderServer::start().await;
    let provider = provider(&server);
    server.answer(Answer::full(400, "application/json", r#"{"error":"unknown field stream_options"}"#));
    for _ in 0..2 {
        server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
        assert_eq!(Came::of(provider.reply(ask("test", "Hi"))).await.text(), "Hello");
    }
    let options: Vec<_> = server.seen().iter().map(|seen| seen.json().get("stream_options").is_some()).collect();
    assert_eq!(options, [true, false, false]);
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_shown() {
    let server = ProviderServer::start().await;
    let said = r#"{"error":{"message":"The context is too long"}}"#;
    server.answer(Answer::full(400, "application/json", said));
    server.answer(Answer::full(400, "application/json", said));
    let came = Came::of(provider(&server).reply(ask("test", "Hi"))).await;
    let sentence = "Test refused the request: The context is too long. Change the message, or choose another model.";
    assert_eq!(came.sentence(), sentence);
}

#[tokio::test]
async fn the_menu_has_every_model_and_is_kept() {
    let server = ProviderServer::start().await;
    server.models(Answer::full(200, "application/json", r#"{"data":[{"id":"z/b"},{"id":"a","name":"Model A"}]}"#));
    let providers = Providers::new(&[config(&server), Config::demo()]).expect("providers");
    let menu = providers.menu().await;
    let expected = ["Test/a", "Test/z/b", "demo/demo", "demo/demo-prose", "demo/demo-long", "demo/demo-fails"];
    assert_eq!(keys(&menu.choices), expected);
    assert_eq!((menu.choices[0].name.as_str(), menu.choices[1].name.as_str()), ("Model A", "z/b"));
    assert_eq!(menu.trouble, [""; 0]);
    assert_eq!(providers.menu().await, menu);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_provider_without_a_list_is_left_out_but_found() {
    let server = ProviderServer::start().await;
    server.models(Answer::full(500, "text/plain", "no"));
    let providers = Providers::new(&[config(&server), Config::demo()]).expect("providers");
    let menu = providers.menu().await;
    assert!(!keys(&menu.choices).iter().any(|key| key.starts_with("Test")));
    assert!(menu.trouble[0].starts_with("Test "), "{menu:?} says whose models are missing");
    let (provider, model) = providers.find("Test/some/model").expect("a provider");
    assert_eq!((provider.name(), model.as_str()), ("Test", "some/model"));
    assert!(["", "Test", "Test/", "other/model", "/"].iter().all(|key| providers.find(key).is_none()));
}

/// Its list never comes.
struct Slow(AtomicUsize);

#[async_trait]
impl Provider for Slow {
    fn name(&self) -> &str {
        "Slow"
    }

    async fn models(&self) -> Result<Vec<Model>, ProviderError> {
        self.0.fetch_add(1, Relaxed);
        pending().await
    }

    fn reply(&self, _request: Request) -> Pieces {
        stream::empty().boxed()
    }

    async fn title(&self, _model: &str, _text: &str) -> Result<Option<String>, ProviderError> {
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_a_list_and_one_that_was_missing_is_soon_asked_for_again() {
    let slow = Arc::new(Slow(AtomicUsize::new(0)));
    let demo = Demo::new(&Config::demo()).expect("a provider");
    let all: Vec<Arc<dyn Provider>> = vec![slow.clone(), Arc::new(demo)];
    let providers = Providers::from(all);
    let since = Instant::now();
    for _ in 0..2 {
        assert_eq!(providers.menu().await.choices[0].key, "demo/demo");
    }
    assert_eq!((since.elapsed(), slow.0.load(Relaxed)), (Duration::from_secs(3), 1));
    advance(Duration::from_secs(3)).await;
    providers.menu().await;
    assert_eq!(slow.0.load(Relaxed), 2);
}

#[tokio::test]
async fn models_from_the_settings_are_not_asked_for() {
    let server = ProviderServer::start().await;
    let models = vec!["one".into(), "two".into()];
    let providers = Providers::new(&[Config { models, ..config(&server) }]).expect("providers");
    assert_eq!(keys(&providers.menu().await.choices), ["Test/one", "Test/two"]);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_title_is_tidied() {
    let server = ProviderServer::start().await;
    for (said, title) in [
        ("\"Rivers and streams\"\n", Some("Rivers and streams")),
        ("<think>\nHm.\n</think>\n\n**Title.**", Some("Title")),
        (" \n", None),
    ] {
        server.answer(Answer::stream().chunk(text(said)).chunk(DONE).end());
        let made = provider(&server).title("test", &"long ".repeat(10_000)).await;
        assert_eq!(made, Ok(title.map(str::to_owned)));
    }
    assert!(server.seen()[0].body.len() < 3000);
}

#[test]
fn settings_are_checked() {
    let read = |table: &str| toml::from_str::<Config>(table);
    let config = read("kind = 'openai'\nname = 'Local'\nbase-url = 'http://localhost:1/v1'\nmodels = ['a']");
    assert!(Providers::new(&[config.expect("settings")]).is_ok());
    assert!(read("kind = 'openai'\nbase_url = 'http://localhost:1/v1'\napi_key = 'k'").is_ok());
    assert!(read("kind = 'openai'\nkey = 'k'").is_err());
    assert!(read("kind = 'other'").is_err());
    for (table, says) in [
        ("kind = 'openai'\nbase-url = 'localhost:11434'", "base-url"),
        ("kind = 'openai'\nbase-url = 'http://me:secret@localhost/v1'", "base-url"),
        ("kind = 'openai'\napi-key = \"sk-se\\ncret\"", "api-key"),
        ("kind = 'openai'\nname = 'a/b'", "name"),
        ("kind = 'openai'\npace = 4.0", "pace"),
        ("kind = 'demo'\npace = 0.0", "pace"),
        ("kind = 'demo'\npace = nan", "pace"),
        ("kind = 'demo'\nmodels = ['a']", "models"),
    ] {
        let error = Providers::new(&[read(table).expect("settings")]).err().expect(table).to_string();
        assert!(error.starts_with(&format!("[[provider]] {says} is ")), "{error}");
        assert!(!error.contains("se\ncret") && !error.contains("secret"), "{error}");
    }
    assert!(Providers::new(&[Config::demo(), Config::demo()]).is_err());
    let config = read("kind = 'openai'\napi-key = 'sk-secret'").expect("settings");
    assert!(!format!("{config:?}").contains("secret"));
}
