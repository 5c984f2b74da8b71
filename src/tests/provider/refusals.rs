//! Replies that fail or are refused: which sentence a person is shown, and what is done next.

use std::time::Duration;

use rivulet::{
    message::Role,
    provider::{Config, Provider, ProviderError, Turn, openai::OpenAi},
};
use serde_json::json;

use super::habits::{DONE, delta, event, finish, received_from_events};
use crate::{Answer, KEY, ProviderServer, Received, ask, config, provider, received_from, text};

async fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderError {
    let received = received_from(Answer::head(status, headers).chunk(body).end()).await;
    received.error.expect("a failure")
}

#[tokio::test]
async fn a_reply_that_is_not_whole_gives_the_reason() {
    for reason in ["max_tokens", "model_length", "MAX_TOKENS"] {
        let received = received_from_events([text("So far"), finish(reason), DONE.into()]).await;
        assert_eq!(
            received.sentence(),
            "Test reached the longest reply that it allows. Press Continue to go on.",
            "{reason}"
        );
    }
    let received = received_from_events([text("So far"), finish("error"), DONE.into()]).await;
    assert_eq!(received.sentence(), "Test reported an error. Press Retry, or Continue to go on from here.");
    let call = delta(json!({ "tool_calls": [{ "index": 0, "function": { "name": "search", "arguments": "{}" } }] }));
    let sentence = "Test asked for a tool to be run, and none is offered here. Press Retry, or choose another model.";
    for events in [vec![text("I look."), call.clone(), finish("tool_calls")], vec![call.clone(), finish("stop")]] {
        assert_eq!(received_from_events(events.into_iter().chain([DONE.into()])).await.sentence(), sentence);
    }
}

#[tokio::test]
async fn continue_is_suggested_only_where_it_helps() {
    let thought = || delta(json!({ "reasoning": "Hm." }));
    for (events, sentence) in [
        (
            vec![finish("length")],
            "Test reached the longest reply that it allows. Ask for a shorter one, or choose another model.",
        ),
        (
            vec![thought(), finish("length")],
            "Test reached the longest reply that it allows. Ask for a shorter one, or choose another model.",
        ),
        (vec![thought()], "Test stopped in the middle of the reply. Press Retry."),
        (vec![thought(), event(json!({ "error": "Oh!" }))], "Test reported an error: Oh! Press Retry."),
    ] {
        assert_eq!(received_from_events(events).await.sentence(), sentence);
    }
    // A reply that was continued can be continued again.
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(finish("length")).end());
    let mut request = ask("test", "Hello");
    request.turns.push(Turn { role: Role::Assistant, text: "So far".into() });
    request.resumes = true;
    let received = Received::of(provider(&server).reply(request)).await;
    assert_eq!(received.sentence(), "Test reached the longest reply that it allows. Press Continue to go on.");
}

#[tokio::test]
async fn other_protocols_are_not_empty_replies() {
    let sentence =
        "Test answered with something that is not a chat reply. Check OPENAI_BASE_URL, or base-url in Leptos.toml.";
    for events in [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{}}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}]}\n\n",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\ndata: [DONE]\n\n",
    ] {
        assert_eq!(received_from(Answer::stream().chunk(events).end()).await.sentence(), sentence, "{events}");
    }
    // Only that it lives: it may answer next time.
    let received = received_from(Answer::stream().chunk(": keep-alive\n\n").end()).await;
    assert!(received.error.is_some_and(|error| error.may_pass()));
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_kept_and_the_advice_fits() {
    for (status, body, sentence) in [
        // Google wraps its errors in a list.
        (
            400,
            json!([{ "error": { "code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT" } }]),
            "Test refused the key. Check OPENAI_API_KEY, or api-key in Leptos.toml.",
        ),
        (
            400,
            json!([{ "error": { "code": 400, "message": "User location is not supported for the API use." } }]),
            "Test denied access: User location is not supported for the API use. Check that the key may use this model, and that Test may be used where this server is.",
        ),
        (
            400,
            json!([{ "error": { "code": 400, "message": "Too long!" } }]),
            "Test refused the request: Too long! Change the message, or choose another model.",
        ),
        (
            403,
            json!({ "error": { "message": "Country, region, or territory not supported", "code": "unsupported_country_region_territory" } }),
            "Test denied access: Country, region, or territory not supported. Check that the key may use this model, and that Test may be used where this server is.",
        ),
        (
            403,
            json!({ "error": { "message": "Your input was flagged" } }),
            "Test refused the request: Your input was flagged. Change the message, or choose another model.",
        ),
        (
            422,
            json!({ "detail": [{ "loc": ["body", "n"], "msg": "Field required", "type": "missing" }, { "msg": "Too many" }] }),
            "Test refused the request: Field required; Too many. Change the message, or choose another model.",
        ),
        (
            422,
            json!({ "object": "error", "message": { "detail": [{ "msg": "Extra inputs are not permitted" }] } }),
            "Test refused the request: Extra inputs are not permitted. Change the message, or choose another model.",
        ),
        (
            404,
            json!({ "error": { "code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist." } }),
            "The model test is not known to Test. Choose another model.",
        ),
    ] {
        assert_eq!(
            refused(status, &[("Content-Type", "application/json")], &body.to_string()).await.to_string(),
            sentence
        );
    }
    let server = ProviderServer::start().await;
    server.answer(Answer::full(404, "application/json", r#"{"error":{"message":"No fixture matched"}}"#));
    let (url, received) = (server.url(), Received::of(provider(&server).reply(ask("test", "Hello"))).await);
    let begins = format!("Test offers no chat at {url}: No fixture matched. Check OPENAI_BASE_URL");
    assert!(received.sentence().starts_with(&begins), "{received:?}");
}

#[tokio::test]
async fn retry_after_is_read_in_every_format() {
    let body = |words: &str| json!({ "error": { "message": words } }).to_string();
    for (headers, words, seconds) in [
        (vec![("Retry-After", "2.5")], "Slow down", 2.5),
        (vec![("retry-after-ms", "1500"), ("Retry-After", "2")], "Slow down", 1.5),
        (vec![], "Rate limit reached. Please try again in 2s. Visit us.", 2.0),
        (vec![], "Please try again in 6m7.5s.", 367.5),
        (vec![], "Please try again in 120ms", 0.12),
        (vec![], "Please retry in 34.07 seconds", 34.07),
        (vec![("Retry-After", "9")], "Please try again in 2s", 9.0),
    ] {
        let error = refused(429, &headers, &body(words)).await;
        assert_eq!(error.retry_after(), Some(Duration::from_secs_f64(seconds)), "{headers:?} {words}");
        assert!(error.to_string().contains(words), "{error}");
    }
    for (headers, words) in
        [(vec![("Retry-After", "-1")], "Slow down"), (vec![("Retry-After", "inf")], "Try again in a while")]
    {
        assert_eq!(refused(429, &headers, &body(words)).await.retry_after(), None, "{headers:?} {words}");
    }
    // Its own reason is advice enough.
    let error = refused(429, &[], &body("Please try again in 2s.")).await;
    assert_eq!(error.to_string(), "Test is too busy: Please try again in 2s.");
}

/// The sentence of a refusal to a provider with this key.
async fn refused_with(key: &str, words: &str) -> String {
    let server = ProviderServer::start().await;
    for _ in 0..2 {
        server.answer(Answer::full(400, "application/json", &json!({ "error": words }).to_string()));
    }
    let provider = OpenAi::new(&Config { api_key: Some(key.into()), ..config(&server) }).expect("a provider");
    Received::of(provider.reply(ask("test", "Hello"))).await.sentence()
}

#[tokio::test]
async fn a_key_is_hidden_and_a_placeholder_key_changes_nothing() {
    let words = "The maximum context has 8 tokens";
    let sentence = format!("Test refused the request: {words}. Change the message, or choose another model.");
    for dummy in ["x", "max", "EMPTY", "ollama", "maximum"] {
        assert_eq!(refused_with(dummy, words).await, sentence);
    }
    for (said, shown) in [
        (format!("no {KEY}!"), "no …!"),
        (format!("token={KEY},{KEY}"), "token=…,…"),
        (format!("x{KEY} {KEY}x"), &*format!("x{KEY} {KEY}x")),
    ] {
        let sentence = refused_with(KEY, &said).await;
        assert!(sentence.starts_with(&format!("Test refused the request: {shown}")), "{sentence}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_tls_is_named_as_such() {
    // The TLS alert that answers a request without TLS.
    let server = ProviderServer::start().await;
    server.answer(Answer::raw(b"\x15\x03\x01\x00\x02\x02\x46"));
    let (url, received) = (server.url(), Received::of(provider(&server).reply(ask("test", "Hello"))).await);
    let sentence = format!(
        "Test answers only over TLS at {url}. Check OPENAI_BASE_URL, or base-url in Leptos.toml: it should begin with https."
    );
    assert_eq!(received.sentence(), sentence);
}
