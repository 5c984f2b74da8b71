//! What a provider is sent, and the titles that it gives.

use rivulet::{
    message::Role,
    provider::{Config, Provider, Providers, Request, Turn},
    steering::options::{Options, ReasoningEffort},
};
use serde_json::json;

use super::{
    catalog::whole_catalog,
    habits::{DONE, finish},
};
use kit::Seen;

use crate::{Answer, ProviderServer, Received, ask, config, provider, text};

fn turn(role: Role, text: &str) -> Turn {
    Turn { role, text: text.into() }
}

#[tokio::test]
async fn a_request_has_what_it_must() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
    Received::of(provider(&server).reply(ask("test", "Hi 水"))).await;
    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "POST /v1/chat/completions");
    assert_eq!(seen.header("authorization"), Some("Bearer sk-secret-0123456789"));
    // Some servers refuse requests without a user agent.
    assert_eq!(seen.header("user-agent"), Some(concat!("rivulet/", env!("CARGO_PKG_VERSION"))));
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
    let providers = Providers::new(&[Config { api_key: None, models: vec!["meta/llama".into()], ..config(&server) }])
        .expect("providers");
    let (provider, model) = providers.find("Test/meta/llama").expect("a provider");
    Received::of(provider.reply(ask(&model, "Hi"))).await;
    let seen = server.seen().remove(0);
    assert_eq!((seen.header("authorization"), seen.json()["model"].as_str()), (None, Some("meta/llama")));
}

#[tokio::test]
async fn headers_and_query_are_sent_with_every_request() {
    let server = ProviderServer::start().await;
    let table = format!(
        "kind = 'openai'\nname = 'Azure'\nbase-url = ' {}/?api-version=2024-10-21 '\nheaders = {{ api-key = 'sk-other-0123456789' }}",
        server.url()
    );
    let providers = Providers::new(&[toml::from_str(&table).expect("settings")]).expect("providers");
    whole_catalog(&providers).await;
    let refusal = r#"{"error":"sk-other-0123456789 may not, with 2024-10-21"}"#;
    server.answer(Answer::full(403, "application/json", refusal));
    let (provider, model) = providers.find("Azure/test").expect("a provider");
    let received = Received::of(provider.reply(ask(&model, "Hi"))).await;
    assert!(received.sentence().starts_with("Azure denied access: … may not, with 2024-10-21."), "{received:?}");
    let lines: Vec<_> =
        server.seen().iter().map(|seen| (seen.line.clone(), seen.header("api-key").map(str::to_owned))).collect();
    let key = || Some("sk-other-0123456789".to_owned());
    let expected = [
        ("GET /v1/models?api-version=2024-10-21".to_owned(), key()),
        ("POST /v1/chat/completions?api-version=2024-10-21".to_owned(), key()),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn continuing_asks_for_what_follows() {
    let server = ProviderServer::start().await;
    let mut request = Request {
        model: "test".into(),
        turns: vec![
            turn(Role::User, "Hi"),
            turn(Role::Assistant, ""),
            turn(Role::User, "Are you there?"),
            turn(Role::Assistant, "Yes, I"),
        ],
        options: Options::default(),
        resumes: true,
        instruction: None,
    };
    server.answer(Answer::stream().chunk(text(" am")).chunk(DONE).end());
    Received::of(provider(&server).reply(request.clone())).await;
    let messages = &server.seen()[0].json()["messages"];
    assert_eq!(messages[0], json!({ "role": "user", "content": "Hi\n\nAre you there?" }));
    assert_eq!(messages[1], json!({ "role": "assistant", "content": "Yes, I" }));
    assert_eq!((messages[2]["role"].as_str(), messages.as_array().map(Vec::len)), (Some("user"), Some(3)));

    // What a person asks for stands last.
    request.instruction = Some("In verse.".into());
    server.answer(Answer::stream().chunk(text(" am")).chunk(DONE).end());
    Received::of(provider(&server).reply(request.clone())).await;
    let messages = &server.seen()[1].json()["messages"];
    assert_eq!((messages[1]["content"].as_str(), messages[2]["role"].as_str()), (Some("Yes, I"), Some("user")));
    assert!(messages[2]["content"].as_str().is_some_and(|text| text.ends_with("\n\nIn verse.")), "{messages}");

    // Nothing was written, so there is nothing to continue.
    request.turns[3].text.clear();
    server.answer(Answer::stream().chunk(text("Yes")).chunk(DONE).end());
    Received::of(provider(&server).reply(request.clone())).await;
    assert_eq!(server.seen()[2].json()["messages"].as_array().map(Vec::len), Some(1));

    // Everything was written already.
    server.answer(Answer::stream().chunk(DONE).end());
    assert_eq!(Received::of(provider(&server).reply(request)).await, Received::default());
}

#[tokio::test]
async fn a_server_that_refuses_options_is_asked_without() {
    let server = ProviderServer::start().await;
    let provider = provider(&server);
    server.answer(Answer::full(400, "application/json", r#"{"error":"unknown field stream_options"}"#));
    for _ in 0..2 {
        server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
        assert_eq!(Received::of(provider.reply(ask("test", "Hi"))).await.text(), "Hello");
    }
    let options: Vec<_> = server.seen().iter().map(|seen| seen.json().get("stream_options").is_some()).collect();
    assert_eq!(options, [true, false, false]);
}

/// Rule: what is set is sent as the protocol has it, the system prompt before all turns; nothing else is.
#[tokio::test]
async fn options_are_sent_if_they_are_set() {
    let server = ProviderServer::start().await;
    let provider = provider(&server);
    let all = Options {
        system_prompt: Some("Be brief.".into()),
        temperature: Some(0.7),
        top_p: Some(0.9),
        max_tokens: Some(500),
        reasoning_effort: Some(ReasoningEffort::Low),
        stop: vec!["END".into(), "\n\n".into()],
    };
    let none = Options { system_prompt: Some(String::new()), ..Options::default() };
    for options in [all, none] {
        server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
        Received::of(provider.reply(Request { options, ..ask("test", "Hi") })).await;
    }
    let [all, none] = &server.seen().iter().map(|seen| seen.json()).collect::<Vec<_>>()[..] else { panic!("two") };
    let body = json!({
        "model": "test", "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi" }],
        "temperature": 0.7, "top_p": 0.9, "max_tokens": 500, "reasoning_effort": "low", "stop": ["END", "\n\n"],
    });
    assert_eq!(all, &body);
    assert_eq!(
        none.as_object().expect("a body").keys().collect::<Vec<_>>(),
        ["messages", "model", "stream", "stream_options"]
    );
    assert_eq!(none["messages"].as_array().map(Vec::len), Some(1));
}

/// Rule: a server that calls the maximum of tokens otherwise is asked in its own words, from then on at once; one that
/// refuses both is shown with its reason.
#[tokio::test]
async fn the_maximum_is_sent_under_the_name_that_the_server_takes() {
    let server = ProviderServer::start().await;
    let provider = provider(&server);
    let refusal = || {
        let said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        Answer::full(400, "application/json", &json!({ "error": { "message": said } }).to_string())
    };
    let request = || Request { options: Options { max_tokens: Some(5), ..Options::default() }, ..ask("test", "Hi") };
    server.answer(refusal());
    for _ in 0..2 {
        server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
        assert_eq!(Received::of(provider.reply(request())).await.text(), "Hello");
    }
    let names = ["max_tokens", "max_completion_tokens", "stream_options"];
    let sent = |seen: &Seen| names.map(|name| seen.json().get(name).is_some());
    let seen: Vec<_> = server.seen().iter().map(sent).collect();
    assert_eq!(seen, [[true, false, true], [false, true, true], [false, true, true]]);
    (0..3).for_each(|_| server.answer(refusal()));
    let sentence = Received::of(provider.reply(request())).await.sentence();
    assert!(sentence.starts_with("Test refused the request: Unsupported parameter: 'max_tokens'"), "{sentence}");
}

#[tokio::test]
async fn a_maximum_that_was_set_is_named_when_it_ends_a_reply() {
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(text("Half of")).chunk(finish("length")).chunk(DONE).end());
    let options = Options { max_tokens: Some(2), ..Options::default() };
    let received = Received::of(provider(&server).reply(Request { options, ..ask("test", "Hi") })).await;
    assert_eq!(
        received.sentence(),
        "The reply reached the 2 tokens that are set as its maximum. Press Continue to go on."
    );
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_shown() {
    let server = ProviderServer::start().await;
    let said = r#"{"error":{"message":"The context is too long"}}"#;
    server.answer(Answer::full(400, "application/json", said));
    server.answer(Answer::full(400, "application/json", said));
    let received = Received::of(provider(&server).reply(ask("test", "Hi"))).await;
    let sentence = "Test refused the request: The context is too long. Change the message, or choose another model.";
    assert_eq!(received.sentence(), sentence);
}

#[tokio::test]
async fn a_title_is_normalised() {
    let server = ProviderServer::start().await;
    for (said, title) in [
        ("\"Rivers and streams\"\n", Some("Rivers and streams")),
        ("<think>\nHm.\n</think>\n\n**Title.**", Some("Title")),
        (" \n", None),
        ("**Holiday Name:** Harmony", Some("Holiday Name: Harmony")),
    ] {
        server.answer(Answer::stream().chunk(text(said)).chunk(DONE).end());
        let made = provider(&server).title("test", &"long ".repeat(10_000)).await;
        assert_eq!(made, Ok(title.map(str::to_owned)));
    }
    assert!(server.seen()[0].body.len() < 3000);
}
