//! Every failure and the sentence for it. What was received before it stays.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::StreamExt;
use rivulet::{
    message::StopReason,
    provider::{Config, Delta, Provider, ProviderError, openai::OpenAi},
};
use tokio::{net::TcpListener, sync::Notify, time::timeout};

use crate::{
    Answer, KEY, ProviderServer, Received, ask, config, impatient, provider, received_from, received_in_time, text,
};

const SETTING: &str = "OPENAI_BASE_URL, or base-url in Leptos.toml";

async fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderError {
    let mut headers = headers.to_vec();
    headers.push(("Content-Type", "application/json"));
    let received = received_from(Answer::head(status, &headers).chunk(body).end()).await;
    assert_eq!(received.runs, []);
    received.error.expect("a failure")
}

#[tokio::test]
async fn a_wrong_key() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-sec***","code":"invalid_api_key"}}"#;
    let error = refused(401, &[], body).await;
    assert_eq!(error.to_string(), "Test refused the key. Check OPENAI_API_KEY, or api-key in Leptos.toml.");
    assert!(!error.may_pass());
}

#[tokio::test]
async fn an_unknown_model() {
    let sentence = "The model test is not known to Test. Choose another model.";
    let openai = r#"{"error":{"message":"The model `test` does not exist","code":"model_not_found"}}"#;
    let ollama = r#"{"error":{"message":"model 'test' not found, try pulling it first","type":"api_error"}}"#;
    let vllm = r#"{"object":"error","message":"The model `test` does not exist.","type":"NotFoundError","code":404}"#;
    for body in [openai, ollama, vllm] {
        assert_eq!(refused(404, &[], body).await.to_string(), sentence);
    }
}

#[tokio::test]
async fn a_wrong_address() {
    let server = ProviderServer::start().await;
    server.answer(Answer::full(404, "text/html", "<h1>Not Found: no such model page</h1>"));
    let received = Received::of(provider(&server).reply(ask("test", "Hello"))).await;
    let (url, sentence) = (server.url(), received.sentence());
    assert_eq!(sentence, format!("Test offers no chat at {url}. Check {SETTING}: it usually ends in /v1."));
}

#[tokio::test]
async fn too_busy() {
    let error = refused(429, &[("Retry-After", "20")], r#"{"error":{"message":"slow down"}}"#).await;
    assert_eq!(error.to_string(), "Test is too busy: slow down. Try again in 20 s.");
    assert_eq!((error.may_pass(), error.retry_after()), (true, Some(Duration::from_secs(20))));

    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    let after = refused(429, &[("Retry-After", &date)], "").await.retry_after().expect("a time");
    assert!((590..=600).contains(&after.as_secs()), "{after:?}");

    let past = refused(429, &[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], "").await;
    assert_eq!(past.retry_after(), Some(Duration::ZERO));

    let unclear = refused(429, &[("Retry-After", "soon")], "").await;
    assert_eq!(unclear.to_string(), "Test is too busy. Try again in a while.");
}

#[tokio::test]
async fn no_credit_is_not_too_busy() {
    let error = refused(429, &[], r#"{"error":{"message":"You exceeded it","code":"insufficient_quota"}}"#).await;
    assert!(error.to_string().contains("no credit left"), "{error}");
    assert!(!error.may_pass());
}

#[tokio::test]
async fn the_server_fails() {
    let error = refused(500, &[], r#"{"error":"out of\nmemory."}"#).await;
    assert_eq!(error.to_string(), "Test failed: out of memory. Try again in a while.");
    assert!(error.may_pass());
    let error = refused(502, &[], "<html><body>Bad gateway</body></html>").await;
    assert_eq!(error.to_string(), "Test failed: status 502. Try again in a while.");
}

#[tokio::test]
async fn a_refusal_shows_the_providers_reason_but_not_the_key() {
    let said = format!(r#"{{"detail":"no {KEY} here {}"}}"#, "x".repeat(10_000));
    let sentence = refused(403, &[], &said).await.to_string();
    assert!(sentence.starts_with("Test denied access: no … here xxx"), "{sentence}");
    assert!(sentence.len() < 500, "{sentence}");
}

#[tokio::test]
async fn an_error_body_without_an_end_is_left() {
    let endless = (0..8).fold(Answer::head(500, &[]), |answer, _| answer.chunk(vec![b'x'; 16 << 10]));
    let received = received_from(endless.hang()).await;
    assert!(received.sentence().starts_with("Test failed: xxx"), "{received:?}");
}

#[tokio::test]
async fn an_error_in_the_stream() {
    let error = r#"data: {"error":{"message":"The model crashed.","type":"crash"}}"#;
    let received = received_from(Answer::stream().chunk(text("So far")).chunk(error).chunk("\n\n").end()).await;
    assert_eq!(received.text(), "So far");
    let sentence = "Test reported an error: The model crashed. Press Retry, or Continue to go on from here.";
    assert_eq!(received.sentence(), sentence);
    for event in [
        "event: error\ndata: {\"message\":\"The model crashed.\"}\n\n",
        "event: error\ndata: The model crashed.\n\n",
        "error: {\"message\":\"The model crashed.\"}\n\n",
        "data: {\"error\":\"The model crashed.\"}\n\n",
    ] {
        let sentence = "Test reported an error: The model crashed. Press Retry.";
        assert_eq!(received_from(Answer::stream().chunk(event).end()).await.sentence(), sentence, "{event}");
    }
}

#[tokio::test]
async fn an_error_in_the_stream_that_may_pass() {
    let busy = r#"data: {"error":{"message":"Rate limited","code":429},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#;
    let received = received_from(Answer::stream().chunk(busy).chunk("\n\n").end()).await;
    assert_eq!(received.sentence(), "Test is too busy: Rate limited. Try again in a while.");
    let crash = r#"data: {"error":{"message":"Oh","type":"server_error","code":null}}"#;
    let received = received_from(Answer::stream().chunk(crash).chunk("\n\n").end()).await;
    assert_eq!(received.sentence(), "Test failed: Oh. Try again in a while.");
}

#[tokio::test]
async fn broken_off_before_the_first_word() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    let sentence = "Test closed the connection before it answered. Press Retry.";
    for answer in [Answer::nothing(), Answer::stream(), Answer::stream().end(), Answer::stream().chunk(role)] {
        let received = received_from(answer).await;
        assert_eq!(received.sentence(), sentence);
        assert!(received.error.is_some_and(|error| error.may_pass()));
    }
}

#[tokio::test]
async fn broken_off_in_the_middle() {
    let sent = || Answer::stream().chunk(text("So far"));
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"and no fur";
    for answer in [sent(), sent().end(), sent().chunk(half), sent().chunk(half).end(), sent().chunk("data: [DON").end()]
    {
        let received = received_from(answer).await;
        assert_eq!(received.text(), "So far");
        assert_eq!(received.sentence(), "Test stopped in the middle of the reply. Press Continue to go on.");
    }
}

#[tokio::test]
async fn half_a_surrogate_at_the_break_is_not_lost() {
    let half = r#"data: {"choices":[{"delta":{"content":"fish \ud83d"}}]}"#;
    assert_eq!(received_from(Answer::stream().chunk(half).chunk("\n\n")).await.text(), "fish \u{FFFD}");
}

#[tokio::test]
async fn silence() {
    let sentence = "Test sent nothing for 1 s. Press Retry, or choose another model.";
    for answer in [Answer::nothing().hang(), Answer::stream().hang(), Answer::stream().murmur()] {
        let received = received_in_time(answer).await;
        assert_eq!(received.sentence(), sentence);
        assert!(received.error.is_some_and(|error| error.may_pass()));
    }
    for more in [Answer::hang, Answer::murmur] {
        let received = received_in_time(more(Answer::stream().chunk(text("So far")))).await;
        let sentence = "Test sent nothing for 1 s. Press Continue to go on.";
        assert_eq!((received.text().as_str(), received.sentence().as_str()), ("So far", sentence));
    }
}

#[tokio::test]
async fn keep_alives_are_no_reply_but_extend_the_wait() {
    // For a delta after the first one there is a second, unless something shows that the server still works.
    let (server, more) = (ProviderServer::start().await, Arc::new(Notify::new()));
    server.answer(Answer::stream().chunk(text("So far")).murmur_until(&more).chunk(text(", so good")).hang());
    let mut deltas = impatient(&server, 60, 1).reply(ask("test", "Hello"));
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("So far".into()))));
    assert!(timeout(Duration::from_secs(3), deltas.next()).await.is_err(), "given up while it lived");
    more.notify_one();
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text(", so good".into()))));
    let error = deltas.next().await.expect("silence").expect_err("silence");
    assert_eq!(error.to_string(), "Test sent nothing for 1 s. Press Continue to go on.");
}

#[tokio::test]
async fn the_beginning_may_take_longer_than_what_follows() {
    let (server, more) = (ProviderServer::start().await, Arc::new(Notify::new()));
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    server.answer(Answer::stream().chunk(role).wait(&more).chunk(text("At last")).hang());
    let mut deltas = impatient(&server, 60, 1).reply(ask("test", "Hello"));
    assert!(timeout(Duration::from_secs(3), deltas.next()).await.is_err(), "given up too early");
    more.notify_one();
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("At last".into()))));
}

#[tokio::test]
async fn what_came_while_this_process_was_suspended_is_no_silence() {
    let (server, more) = (ProviderServer::start().await, Arc::new(Notify::new()));
    server.answer(Answer::stream().chunk(text("So far")).wait(&more).chunk(text(", so good")).hang());
    let mut deltas = impatient(&server, 1, 1).reply(ask("test", "Hello"));
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text("So far".into()))));
    more.notify_one();
    // Server and reader run on this one thread, which sleeps.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(deltas.next().await, Some(Ok(Delta::Text(", so good".into()))));
}

#[tokio::test]
async fn how_a_reply_that_was_cut_short_ends() {
    let finish = |reason: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\ndata: [DONE]\n\n")
    };
    let received = received_from(Answer::stream().chunk(text("So far")).chunk(finish("length")).end()).await;
    assert_eq!(received.sentence(), "Test reached the longest reply that it allows. Press Continue to go on.");
    assert_eq!(received.ending(), Some((Some(StopReason::Length), true)), "all of it is kept, and can be continued");
    let received = received_from(Answer::stream().chunk(text("So far")).chunk(finish("content_filter")).end()).await;
    assert!(received.sentence().contains("content filter"), "{received:?}");
    assert_eq!(received.ending(), Some((Some(StopReason::ContentFilter), false)));
    let received = received_from(Answer::stream().chunk(finish("stop")).end()).await;
    assert_eq!(received.sentence(), "Test sent an empty reply. Press Retry, or choose another model.");
}

#[tokio::test]
async fn something_else_than_a_reply() {
    let sentence = format!("Test answered with something that is not a chat reply. Check {SETTING}.");
    for answer in [
        Answer::full(200, "text/html", "<h1>Welcome to our router</h1>"),
        Answer::full(200, "text/plain", "hello\n\n"),
        Answer::full(200, "application/json", "[1, 2"),
        Answer::full(200, "text/event-stream", "data: hello\n\n"),
    ] {
        assert_eq!(received_from(answer).await.sentence(), sentence);
    }
}

#[tokio::test]
async fn a_line_without_an_end() {
    let sent = (0..66).fold(Answer::stream().chunk(text("So far")), |answer, _| answer.chunk(vec![b'x'; 512 << 10]));
    let received = received_from(sent.hang()).await;
    assert_eq!(received.text(), "So far");
    assert!(received.sentence().starts_with("Test sent more than 32 MiB at once"), "{received:?}");
    let lines = format!("data: {}\n", "x".repeat(64 << 10)).repeat(17 * 32);
    let received = received_from(Answer::stream().chunk(lines).hang()).await;
    assert!(received.sentence().starts_with("Test sent more than 32 MiB at once"), "{received:?}");
}

#[tokio::test]
async fn nobody_there() {
    let server = ProviderServer::start().await;
    let unused = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", unused.local_addr().expect("an address"));
    drop(unused);
    let base_url = Some(url.clone());
    let config = Config { base_url, ..config(&server) };
    let provider = OpenAi::new(&config).expect("a provider");
    let received = Received::of(provider.reply(ask("test", "Hello"))).await;
    let sentence =
        format!("Test could not be reached at {url} (Connection refused). Check that it is running, and {SETTING}.");
    assert_eq!(received.sentence(), sentence);
    assert!(received.error.is_some_and(|error| error.may_pass()));
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let cause = "invalid peer certificate: UnknownIssuer".into();
    let error = ProviderError::Unreachable { provider: "Test".into(), url: "https://localhost/v1".into(), cause };
    let sentence = "Test could not be reached at https://localhost/v1 (invalid peer certificate: UnknownIssuer). Check its certificate. \
                    If an authority of your own signed it, start Rivulet with SSL_CERT_FILE naming a file with the certificate of that one.";
    assert_eq!(error.to_string(), sentence);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, other) = (ProviderServer::start().await, ProviderServer::start().await);
    let to = format!("{}/chat/completions?token=hidden", other.url());
    server.answer(Answer::head(307, &[("Location", &to)]).end());
    let received = Received::of(provider(&server).reply(ask("test", "Hello"))).await;
    let to = format!("{}/chat/completions", other.url());
    assert_eq!(received.sentence(), format!("Test has moved to {to}. Set {SETTING}, to the new address."));
    assert!(other.seen().is_empty());
}
