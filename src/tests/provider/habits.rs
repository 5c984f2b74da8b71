//! What servers send beyond the specification. Each was recorded from a real one, or is similar to that.

use rivulet::{
    message::{Role, StopReason, Usage},
    provider::{Provider, Request, Turn},
    steering::options::Options,
};
use serde_json::{Value, json};

use crate::{Answer, ProviderServer, Received, provider, received_from, text};

pub const DONE: &str = "data: [DONE]\n\n";

pub fn event(value: Value) -> String {
    format!("data: {value}\n\n")
}

pub fn delta(delta: Value) -> String {
    event(json!({ "choices": [{ "index": 0, "delta": delta }] }))
}

pub fn finish(reason: &str) -> String {
    event(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

pub async fn received_from_events(events: impl IntoIterator<Item = String>) -> Received {
    received_from(events.into_iter().fold(Answer::stream(), Answer::chunk).end()).await
}

/// What is received of these events and a proper end.
pub async fn received_from_whole(events: impl IntoIterator<Item = String>) -> Received {
    received_from_events(events.into_iter().chain([finish("stop"), DONE.into()])).await
}

#[tokio::test]
async fn a_message_beside_a_delta_repeats_nothing() {
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
    let received = received_from_events(events).await;
    assert_eq!((received.text(), received.error), (sent, None));
}

#[tokio::test]
async fn the_message_of_a_whole_reply_counts_even_beside_a_delta() {
    let (delta, message) = (json!({ "role": "assistant", "content": "" }), json!({ "content": "A river runs." }));
    let body = json!({ "choices": [{ "index": 0, "delta": delta, "message": message, "finish_reason": "stop" }] });
    let received = received_from(Answer::full(200, "application/json", &body.to_string())).await;
    assert_eq!((received.text().as_str(), received.error), ("A river runs.", None));
}

#[tokio::test]
async fn messages_where_no_delta_ever_comes() {
    let message = |text: &str| event(json!({ "choices": [{ "message": { "content": text } }] }));
    assert_eq!(received_from_whole([message("A river"), message(" runs.")]).await.text(), "A river runs.");
}

#[tokio::test]
async fn content_as_a_list_of_parts() {
    let received = received_from_whole([
        delta(json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm, " }] }] })),
        delta(
            json!({ "content": [{ "type": "thinking", "thinking": "rivers." }, { "type": "text", "text": "They " }] }),
        ),
        delta(json!({ "content": [{ "type": "reference", "reference_ids": [1] }, { "type": "text", "text": "run" }] })),
        delta(json!({ "content": "." })),
    ])
    .await;
    assert_eq!(received.runs, [("thinking", "Hm, rivers.".into()), ("text", "They run.".into())]);
    assert_eq!(received.error, None);
    let body = json!({ "choices": [{ "message": { "content": [{ "type": "text", "text": "Whole." }] } }] });
    let received = received_from(Answer::full(200, "application/json", &body.to_string())).await;
    assert_eq!((received.text().as_str(), received.error), ("Whole.", None));
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
        let received = received_from_whole([delta(thinking.clone()), text("Yes.")]).await;
        assert_eq!(received.runs, [("thinking", "Hm.".into()), ("text", "Yes.".into())], "{thinking}");
    }
}

#[tokio::test]
async fn odd_usage_is_read_or_left_out() {
    let usage = |input, output| Some(Usage { input_tokens: input, output_tokens: output, ..Usage::default() });
    let in_detail =
        |cached_tokens, reasoning_tokens| usage(12, 34).map(|usage| Usage { cached_tokens, reasoning_tokens, ..usage });
    for (sent, expected) in [
        (json!({ "prompt_tokens": 12.0, "completion_tokens": "34" }), usage(12, 34)),
        (json!({ "prompt_tokens": -1, "completion_tokens": 34 }), usage(0, 34)),
        (json!({ "prompt_tokens": -1, "completion_tokens": null }), None),
        (json!({ "input_tokens": 12, "output_tokens": 34 }), usage(12, 34)),
        (json!({ "prompt_tokens": u64::MAX, "completion_tokens": 1e300 }), usage(u64::MAX, u64::MAX)),
        (
            json!({
                "prompt_tokens": 12, "completion_tokens": 34, "prompt_tokens_details": { "cached_tokens": 8 },
                "completion_tokens_details": { "reasoning_tokens": 30 },
            }),
            in_detail(8, 30),
        ),
        (
            json!({ "input_tokens": 12, "output_tokens": 34, "input_tokens_details": { "cached_tokens": 8 } }),
            in_detail(8, 0),
        ),
        (json!({ "prompt_tokens": 12, "completion_tokens": 34, "prompt_tokens_details": null }), in_detail(0, 0)),
        (json!([1, 2]), None),
        (json!("12"), None),
        (json!({}), None),
    ] {
        let received = received_from_whole([text("Hello."), event(json!({ "choices": [], "usage": sent }))]).await;
        assert_eq!((received.text().as_str(), received.usage, received.error), ("Hello.", expected, None), "{sent}");
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
    let received = received_from_whole([whole.to_owned()]).await;
    assert_eq!((received.text().as_str(), received.usage, received.error), ("A river runs12", None, None));
}

#[tokio::test]
async fn one_bad_event_between_good_ones_is_skipped() {
    for bad in
        ["data: }{\n\n", "data: oops\n\n", "data: 7\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"cut\n\n"]
    {
        let received = received_from_whole([text("A river"), bad.into(), text(" runs.")]).await;
        assert_eq!((received.text().as_str(), received.error), ("A river runs.", None), "{bad}");
    }
}

#[tokio::test]
async fn the_last_line_may_lack_its_blank_line() {
    for last in ["data: [DONE]\n", "data: [DONE]\r\n", "data: [DONE]"] {
        let received = received_from_events([text("Hello."), last.into()]).await;
        assert_eq!((received.text().as_str(), received.error), ("Hello.", None), "{last:?}");
    }
}

#[tokio::test]
async fn thinking_that_stands_in_the_text() {
    let thought = [("thinking", "Hm, <b>rivers</b>.\n".to_owned()), ("text", "They run.".to_owned())];
    let sent = "\n<think>\nHm, <b>rivers</b>.\n</think>\n\nThey run.";
    for size in 1..=sent.len() {
        let parts = sent.as_bytes().chunks(size).map(|part| String::from_utf8_lossy(part)).map(|part| text(&part));
        let received = received_from_whole(parts).await;
        assert_eq!((received.runs.as_slice(), received.error), (&thought[..], None), "in pieces of {size}");
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
        assert_eq!(received_from_whole([text(sent)]).await.runs, expected, "{sent:?}");
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
        Received::of(provider(&server).reply(Request {
            model: "test".into(),
            turns,
            options: Options::default(),
            resumes: false,
            instruction: None,
        }))
        .await;
        let messages = &server.seen().pop().expect("a request").json()["messages"];
        let reply = messages.as_array().and_then(|all| all.iter().find(|message| message["role"] == "assistant"));
        assert_eq!(reply.and_then(|reply| reply["content"].as_str()), sent);
        let last = messages.as_array().and_then(|all| all.last());
        assert!(last.is_some_and(|last| last["content"].as_str().is_some_and(|text| text.ends_with("<think>"))));
    }
}

#[tokio::test]
async fn an_image_is_mentioned_and_the_text_beside_it_kept() {
    let image = |bytes: usize| {
        let url = format!("data:image/png;base64,{}", "A".repeat(bytes));
        delta(json!({ "content": "", "images": [{ "type": "image_url", "image_url": { "url": url } }] }))
    };
    let part = delta(json!({ "content": [{ "type": "image_url", "image_url": "x" }] }));
    // Small, larger than most events, and too large to be kept at all.
    for image in [image(10), part, image(1_600_000), image(6 << 20)] {
        let received = received_from_whole([text("A river"), image.clone(), text(" runs.")]).await;
        assert_eq!(received.text(), "A river runs.");
        assert_eq!(
            received.sentence(),
            "Test sent something that cannot be shown here, such as an image. The text is all here."
        );
        assert!(received.error.is_some_and(|error| error.is_remark()));
        let alone = received_from_whole([image]).await;
        assert_eq!(
            alone.sentence(),
            "Test sent something that cannot be shown here, such as an image. Choose another model."
        );
        assert!(alone.error.is_some_and(|error| !error.is_remark()));
    }
}

#[tokio::test]
async fn a_refusal_is_mentioned_and_its_words_kept() {
    let sentence = "Test declined to answer this. Change the message, or choose another model.";
    let refusal = |words: &str| delta(json!({ "content": null, "refusal": words }));
    let part = delta(json!({ "content": [{ "type": "refusal", "refusal": "I cannot help with that." }] }));
    for events in [
        vec![refusal("I cannot "), refusal("help with that."), finish("stop")],
        vec![part, finish("stop")],
        vec![text("I cannot help with that."), finish("refusal")],
    ] {
        let received = received_from_events(events.into_iter().chain([DONE.into()])).await;
        assert_eq!((received.text().as_str(), received.sentence().as_str()), ("I cannot help with that.", sentence));
        assert_eq!(received.ending(), Some((Some(StopReason::Refusal), true)));
    }
    let received = received_from_events([finish("refusal"), DONE.into()]).await;
    assert_eq!((received.text().as_str(), received.sentence().as_str()), ("", sentence));
    assert_eq!(received.ending(), Some((Some(StopReason::Refusal), false)));
    // Most servers have an empty one in each event.
    let received = received_from_whole([delta(json!({ "content": "Yes.", "refusal": "" })), refusal("")]).await;
    assert_eq!((received.text().as_str(), received.error), ("Yes.", None));
}
