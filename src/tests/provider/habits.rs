//! What servers send that no specification foresees. Each was recorded from a real one, or is one step from it.

use std::time::Duration;

use rivulet::{
    message::{Role, Usage},
    provider::{Config, Provider, ProviderError, Request, Turn, openai::OpenAi},
};
use serde_json::{Value, json};

use crate::{Answer, Came, KEY, ProviderServer, ask, came_of, config, provider, text};

const DONE: &str = "data: [DONE]\n\n";

fn event(value: Value) -> String {
    format!("data: {value}\n\n")
}

fn delta(delta: Value) -> String {
    event(json!({ "choices": [{ "index": 0, "delta": delta }] }))
}

fn finish(reason: &str) -> String {
    event(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

async fn came_of_events(events: impl IntoIterator<Item = String>) -> Came {
    came_of(events.into_iter().fold(Answer::stream(), Answer::chunk).end()).await
}

/// What comes of these events and a proper end.
async fn came_of_whole(events: impl IntoIterator<Item = String>) -> Came {
    came_of_events(events.into_iter().chain([finish("stop"), DONE.into()])).await
}

async fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderError {
    let came = came_of(Answer::head(status, headers).chunk(body).end()).await;
    came.error.expect("a failure")
}

#[tokio::test]
async fn a_message_beside_a_delta_doubles_nothing() {
    let mut sent = String::new();
    let mut events = vec![];
    for word in ["A river", " runs", " to the sea."] {
        sent += word;
        let (delta, message) = (json!({ "content": word }), json!({ "role": "assistant", "content": sent }));
        events.push(event(json!({ "choices": [{ "index": 0, "delta": delta, "message": message }] })));
    }
    // The last one has the message alone.
    let message = json!({ "role": "assistant", "content": sent });
    events.push(event(
        json!({ "choices": [{ "index": 0, "delta": null, "message": message, "finish_reason": "stop" }] }),
    ));
    let came = came_of_events(events).await;
    assert_eq!((came.text(), came.error), (sent, None));
}

#[tokio::test]
async fn the_message_of_a_whole_reply_counts_even_beside_a_delta() {
    let (delta, message) = (json!({ "role": "assistant", "content": "" }), json!({ "content": "A river runs." }));
    let body = json!({ "choices": [{ "index": 0, "delta": delta, "message": message, "finish_reason": "stop" }] });
    let came = came_of(Answer::full(200, "application/json", &body.to_string())).await;
    assert_eq!((came.text().as_str(), came.error), ("A river runs.", None));
}

#[tokio::test]
async fn messages_where_no_delta_ever_comes() {
    let message = |text: &str| event(json!({ "choices": [{ "message": { "content": text } }] }));
    assert_eq!(came_of_whole([message("A river"), message(" runs.")]).await.text(), "A river runs.");
}

#[tokio::test]
async fn content_as_a_list_of_parts() {
    let came = came_of_whole([
        delta(json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm, " }] }] })),
        delta(
            json!({ "content": [{ "type": "thinking", "thinking": "rivers." }, { "type": "text", "text": "They " }] }),
        ),
        delta(json!({ "content": [{ "type": "reference", "reference_ids": [1] }, { "type": "text", "text": "run" }] })),
        delta(json!({ "content": "." })),
    ])
    .await;
    assert_eq!(came.runs, [("thinking", "Hm, rivers.".into()), ("text", "They run.".into())]);
    assert_eq!(came.error, None);
    let body = json!({ "choices": [{ "message": { "content": [{ "type": "text", "text": "Whole." }] } }] });
    let came = came_of(Answer::full(200, "application/json", &body.to_string())).await;
    assert_eq!((came.text().as_str(), came.error), ("Whole.", None));
}

#[tokio::test]
async fn thinking_under_any_name() {
    for thinking in [
        json!({ "reasoning_details": [{ "type": "reasoning.text", "text": "Hm" }, { "type": "reasoning.encrypted", "data": "x" }, { "type": "reasoning.summary", "summary": "." }] }),
        json!({ "thinking_blocks": [{ "type": "thinking", "thinking": "Hm.", "signature": "x" }] }),
        json!({ "reasoning_text": "Hm." }),
        json!({ "reasoning": { "content": "Hm." } }),
        json!({ "reasoning_content": "Hm.", "content": [{ "type": "thinking", "thinking": "Hm." }] }),
        json!({ "reasoning_content": "Hm.", "reasoning_details": [{ "text": "Hm." }], "thinking_blocks": [{ "thinking": "Hm." }] }),
    ] {
        let came = came_of_whole([delta(thinking.clone()), text("Yes.")]).await;
        assert_eq!(came.runs, [("thinking", "Hm.".into()), ("text", "Yes.".into())], "{thinking}");
    }
}

#[tokio::test]
async fn odd_usage_is_read_or_left_out() {
    let usage = |input, output| Some(Usage { input_tokens: input, output_tokens: output });
    for (sent, expected) in [
        (json!({ "prompt_tokens": 12.0, "completion_tokens": "34" }), usage(12, 34)),
        (json!({ "prompt_tokens": -1, "completion_tokens": 34 }), usage(0, 34)),
        (json!({ "prompt_tokens": -1, "completion_tokens": null }), None),
        (json!({ "input_tokens": 12, "output_tokens": 34 }), usage(12, 34)),
        (json!({ "prompt_tokens": u64::MAX, "completion_tokens": 1e300 }), usage(u64::MAX, u64::MAX)),
        (json!([1, 2]), None),
        (json!("12"), None),
        (json!({}), None),
    ] {
        let came = came_of_whole([text("Hello."), event(json!({ "choices": [], "usage": sent }))]).await;
        assert_eq!((came.text().as_str(), came.usage, came.error), ("Hello.", expected, None), "{sent}");
    }
}

#[tokio::test]
async fn odd_fields_cost_no_words() {
    let whole = r#"data: {"choices":[{"index":null,"delta":{"content":"A "},"finish_reason":0}],"error":{},"usage":"3"}

data: {"choices":[{"index":"0","delta":{"content":"river","tool_calls":[],"function_call":{"name":"","arguments":""},"audio":{"data":"","id":""},"reasoning":{}},"delta":{"content":"river"}}],"error":false}

data: {"choices":[null,{"index":0.0,"delta":{"content":" runs","refusal":7,"images":null}}],"error":""}

data: {"choices":[{"index":1,"delta":{"content":"another reply"}},{"index":0,"delta":{"content":12}}],"object":7}

data: {"choices":{},"created":"now"}

data: {"choices":[{"delta":"no object"}]}

"#;
    let came = came_of_whole([whole.to_owned()]).await;
    assert_eq!((came.text().as_str(), came.usage, came.error), ("A river runs12", None, None));
}

#[tokio::test]
async fn one_bad_event_between_good_ones_is_skipped() {
    for bad in
        ["data: }{\n\n", "data: oops\n\n", "data: 7\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"cut\n\n"]
    {
        let came = came_of_whole([text("A river"), bad.into(), text(" runs.")]).await;
        assert_eq!((came.text().as_str(), came.error), ("A river runs.", None), "{bad}");
    }
}

#[tokio::test]
async fn the_last_line_may_lack_its_blank_line() {
    for last in ["data: [DONE]\n", "data: [DONE]\r\n", "data: [DONE]"] {
        let came = came_of_events([text("Hello."), last.into()]).await;
        assert_eq!((came.text().as_str(), came.error), ("Hello.", None), "{last:?}");
    }
}

#[tokio::test]
async fn thinking_that_stands_in_the_text() {
    let thought = [("thinking", "Hm, <b>rivers</b>.\n".to_owned()), ("text", "They run.".to_owned())];
    let sent = "\n<think>\nHm, <b>rivers</b>.\n</think>\n\nThey run.";
    for size in 1..=sent.len() {
        let parts = sent.as_bytes().chunks(size).map(|part| String::from_utf8_lossy(part)).map(|part| text(&part));
        let came = came_of_whole(parts).await;
        assert_eq!((came.runs.as_slice(), came.error), (&thought[..], None), "in pieces of {size}");
    }
    for (sent, expected) in [
        ("<think>\n\n</think>\n\nYes.", vec![("text", "Yes.")]),
        ("<think>Hm.", vec![("thinking", "Hm.")]),
        ("<think>Hm.</th", vec![("thinking", "Hm.</th")]),
        ("<thi", vec![("text", "<thi")]),
        ("<thin ice>", vec![("text", "<thin ice>")]),
        ("The mark <think> opens</think>.", vec![("text", "The mark <think> opens</think>.")]),
        ("  \n", vec![("text", "  \n")]),
        (&" ".repeat(2_000), vec![("text", &" ".repeat(2_000))]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(kind, run)| (kind, run.to_owned())).collect();
        assert_eq!(came_of_whole([text(sent)]).await.runs, expected, "{sent:?}");
    }
}

#[tokio::test]
async fn thinking_is_not_sent_back() {
    let server = ProviderServer::start().await;
    let kept = "No mark here,\n</think> is in a line";
    for (said, sent) in [
        ("<think>\nHm.\n</think>\n\nYes.", Some("Yes.")),
        ("Hm.\n</think>\n\nYes.", Some("Yes.")),
        ("<think>Hm.", None),
        (kept, Some(kept)),
    ] {
        server.answer(Answer::stream().chunk(text("Hello")).chunk(DONE).end());
        let turn = |role, text: &str| Turn { role, text: text.into() };
        let turns = vec![turn(Role::User, "Why?"), turn(Role::Assistant, said), turn(Role::User, "<think>")];
        Came::of(provider(&server).reply(Request { model: "test".into(), turns, resumes: false })).await;
        let messages = &server.seen().pop().expect("a request").json()["messages"];
        let reply = messages.as_array().and_then(|all| all.iter().find(|message| message["role"] == "assistant"));
        assert_eq!(reply.and_then(|reply| reply["content"].as_str()), sent);
        let last = messages.as_array().and_then(|all| all.last());
        assert!(last.is_some_and(|last| last["content"].as_str().is_some_and(|text| text.ends_with("<think>"))));
    }
}

#[tokio::test]
async fn a_reply_that_is_not_whole_gives_the_reason() {
    for reason in ["max_tokens", "model_length", "MAX_TOKENS"] {
        let came = came_of_events([text("So far"), finish(reason), DONE.into()]).await;
        assert_eq!(
            came.sentence(),
            "Test reached the longest reply that it allows. Press Continue to go on.",
            "{reason}"
        );
    }
    let came = came_of_events([text("So far"), finish("error"), DONE.into()]).await;
    assert_eq!(came.sentence(), "Test reported an error. Press Retry, or Continue to go on from here.");
    let call = delta(json!({ "tool_calls": [{ "index": 0, "function": { "name": "search", "arguments": "{}" } }] }));
    let sentence = "Test asked for a tool to be run, and none is offered here. Press Retry, or choose another model.";
    for events in [vec![text("I look."), call.clone(), finish("tool_calls")], vec![call.clone(), finish("stop")]] {
        assert_eq!(came_of_events(events.into_iter().chain([DONE.into()])).await.sentence(), sentence);
    }
}

#[tokio::test]
async fn continue_is_only_spoken_of_where_it_leads_on() {
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
        assert_eq!(came_of_events(events).await.sentence(), sentence);
    }
    // Asked to go on from text, it can be asked so again.
    let server = ProviderServer::start().await;
    server.answer(Answer::stream().chunk(finish("length")).end());
    let mut request = ask("test", "Hello");
    request.turns.push(Turn { role: Role::Assistant, text: "So far".into() });
    request.resumes = true;
    let came = Came::of(provider(&server).reply(request)).await;
    assert_eq!(came.sentence(), "Test reached the longest reply that it allows. Press Continue to go on.");
}

#[tokio::test]
async fn an_image_is_spoken_of_and_the_text_beside_it_kept() {
    let image = |bytes: usize| {
        let url = format!("data:image/png;base64,{}", "A".repeat(bytes));
        delta(json!({ "content": "", "images": [{ "type": "image_url", "image_url": { "url": url } }] }))
    };
    let part = delta(json!({ "content": [{ "type": "image_url", "image_url": "x" }] }));
    // Small, larger than most events, and too large to be kept at all.
    for image in [image(10), part, image(1_600_000), image(6 << 20)] {
        let came = came_of_whole([text("A river"), image.clone(), text(" runs.")]).await;
        assert_eq!(came.text(), "A river runs.");
        assert_eq!(
            came.sentence(),
            "Test sent something that cannot be shown here, such as an image. The text is all here."
        );
        assert!(came.error.is_some_and(|error| error.is_remark()));
        let alone = came_of_whole([image]).await;
        assert_eq!(
            alone.sentence(),
            "Test sent something that cannot be shown here, such as an image. Choose another model."
        );
        assert!(alone.error.is_some_and(|error| !error.is_remark()));
    }
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
        assert_eq!(came_of(Answer::stream().chunk(events).end()).await.sentence(), sentence, "{events}");
    }
    // Only that it lives: it may answer next time.
    let came = came_of(Answer::stream().chunk(": keep-alive\n\n").end()).await;
    assert!(came.error.is_some_and(|error| error.may_pass()));
}

#[tokio::test]
async fn the_words_of_a_refusal_are_kept_and_the_advice_fits() {
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
    let (url, came) = (server.url(), Came::of(provider(&server).reply(ask("test", "Hello"))).await);
    let begins = format!("Test offers no chat at {url}: No fixture matched. Check OPENAI_BASE_URL");
    assert!(came.sentence().starts_with(&begins), "{came:?}");
}

#[tokio::test]
async fn when_to_come_again_is_heeded_however_it_is_said() {
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
    // Its own words are advice enough.
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
    Came::of(provider.reply(ask("test", "Hello"))).await.sentence()
}

#[tokio::test]
async fn a_key_is_hidden_and_a_dummy_cut_out_of_nothing() {
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
    // The alert with which one answers a greeting without TLS.
    let server = ProviderServer::start().await;
    server.answer(Answer::raw(b"\x15\x03\x01\x00\x02\x02\x46"));
    let (url, came) = (server.url(), Came::of(provider(&server).reply(ask("test", "Hello"))).await);
    let sentence = format!(
        "Test answers only over TLS at {url}. Check OPENAI_BASE_URL, or base-url in Leptos.toml: it should begin with https."
    );
    assert_eq!(came.sentence(), sentence);
}
