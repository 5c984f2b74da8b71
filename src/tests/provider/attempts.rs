//! Attempts: only before the first word, and only if another one may help. The clock is tokio's paused one, except over
//! HTTP.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use rivulet::provider::{self, Delta, DeltaStream, Model, Provider, ProviderError, Request};
use tokio::time::Instant;

use crate::{Answer, ProviderServer, Received, ask, provider, text};

/// Returns one prepared reply after the other.
struct Prepared(Mutex<Vec<Vec<Result<Delta, ProviderError>>>>);

#[async_trait]
impl Provider for Prepared {
    fn name(&self) -> &str {
        "Test"
    }

    fn models(&self) -> Option<Vec<Model>> {
        None
    }

    fn reply(&self, _request: Request) -> DeltaStream {
        let mut replies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream::iter(replies.remove(0)).boxed()
    }

    async fn title(&self, _model: &str, _text: &str) -> Result<Option<String>, ProviderError> {
        Ok(None)
    }
}

fn busy(after: Option<u64>) -> ProviderError {
    ProviderError::Busy { provider: "Test".into(), said: String::new(), after: after.map(Duration::from_secs) }
}

fn key() -> ProviderError {
    ProviderError::Key { provider: "Test".into() }
}

fn delta(text: &str) -> Result<Delta, ProviderError> {
    Ok(Delta::Text(text.into()))
}

/// What was received, how many prepared replies were left, and how long it took.
async fn received_from(replies: Vec<Vec<Result<Delta, ProviderError>>>) -> (Received, usize, Duration) {
    let since = Instant::now();
    let prepared = Arc::new(Prepared(Mutex::new(replies)));
    let received = Received::of(provider::reply(prepared.clone(), ask("test", "Hello"))).await;
    let left = prepared.0.lock().unwrap_or_else(PoisonError::into_inner).len();
    (received, left, since.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_not_seen() {
    let (received, left, took) =
        received_from(vec![vec![Err(busy(None))], vec![Err(busy(None))], vec![delta("Hello")]]).await;
    assert_eq!((received.text().as_str(), received.error, left), ("Hello", None, 0));
    assert!(took >= Duration::from_millis(750) && took <= Duration::from_millis(1510), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn four_attempts_and_no_more() {
    let (received, left, took) = received_from(vec![vec![Err(busy(None))]; 6]).await;
    assert_eq!((received.error, left), (Some(busy(None)), 2));
    assert!(took <= Duration::from_secs(4), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_provider_is_tried_twice() {
    let silent =
        || Err(ProviderError::Silent { provider: "Test".into(), after: Duration::from_secs(600), words: false });
    let (received, left, _) = received_from(vec![vec![silent()], vec![delta("Hello")]]).await;
    assert_eq!((received.text().as_str(), received.error, left), ("Hello", None, 0));
    let (received, left, _) = received_from(vec![vec![silent()]; 6]).await;
    assert_eq!((received.error, left), (silent().err(), 4));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_comes_as_late_as_the_provider_asks_for() {
    let (received, _, took) = received_from(vec![vec![Err(busy(Some(20)))], vec![delta("Hello")]]).await;
    assert_eq!((received.text().as_str(), received.error), ("Hello", None));
    assert!(took >= Duration::from_secs(20) && took <= Duration::from_secs(21), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_where_it_would_take_too_long() {
    let (received, left, took) = received_from(vec![vec![Err(busy(Some(61)))], vec![delta("Hello")]]).await;
    assert_eq!((received.error, left, took), (Some(busy(Some(61))), 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_where_it_would_not_help() {
    let (received, left, _) = received_from(vec![vec![Err(key())], vec![delta("Hello")]]).await;
    assert_eq!((received.error, left), (Some(key()), 1));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_after_the_first_word() {
    for first in [delta("Hel"), Ok(Delta::Thinking("Hm".into()))] {
        let (received, left, _) = received_from(vec![vec![first, Err(busy(None))], vec![delta("Hello")]]).await;
        assert_eq!((received.runs.len(), received.error, left), (1, Some(busy(None)), 1));
    }
}

#[tokio::test]
async fn unavailable_once_and_then_available() {
    let server = ProviderServer::start().await;
    server.answer(Answer::full(503, "application/json", r#"{"error":{"message":"Loading model"}}"#));
    server.answer(Answer::stream().chunk(text("Hello")).chunk("data: [DONE]\n\n").end());
    let received = Received::of(provider::reply(Arc::new(provider(&server)), ask("test", "Hello"))).await;
    assert_eq!((received.text().as_str(), received.error), ("Hello", None));
    assert_eq!(server.seen().len(), 2);
    assert_eq!(server.seen()[0].body, server.seen()[1].body);
}
