//! Attempts: only before the first word, only if it may help. The clock is tokio's paused one, except over HTTP.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use rivulet::provider::{self, Delta, DeltaStream, Model, Provider, ProviderError, Request};
use tokio::time::Instant;

use crate::{Answer, Came, ProviderServer, ask, provider, text};

/// Gives one prepared reply after the other.
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

fn said(text: &str) -> Result<Delta, ProviderError> {
    Ok(Delta::Text(text.into()))
}

/// What came of the prepared replies, how many of them were left, and how long it took.
async fn came_of(replies: Vec<Vec<Result<Delta, ProviderError>>>) -> (Came, usize, Duration) {
    let since = Instant::now();
    let prepared = Arc::new(Prepared(Mutex::new(replies)));
    let came = Came::of(provider::reply(prepared.clone(), ask("test", "Hello"))).await;
    let left = prepared.0.lock().unwrap_or_else(PoisonError::into_inner).len();
    (came, left, since.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_not_seen() {
    let (came, left, took) = came_of(vec![vec![Err(busy(None))], vec![Err(busy(None))], vec![said("Hello")]]).await;
    assert_eq!((came.text().as_str(), came.error, left), ("Hello", None, 0));
    assert!(took >= Duration::from_millis(750) && took <= Duration::from_millis(1510), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn four_attempts_and_no_more() {
    let (came, left, took) = came_of(vec![vec![Err(busy(None))]; 6]).await;
    assert_eq!((came.error, left), (Some(busy(None)), 2));
    assert!(took <= Duration::from_secs(4), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silence_is_waited_for_twice() {
    let silent =
        || Err(ProviderError::Silent { provider: "Test".into(), after: Duration::from_secs(600), words: false });
    let (came, left, _) = came_of(vec![vec![silent()], vec![said("Hello")]]).await;
    assert_eq!((came.text().as_str(), came.error, left), ("Hello", None, 0));
    let (came, left, _) = came_of(vec![vec![silent()]; 6]).await;
    assert_eq!((came.error, left), (silent().err(), 4));
}

#[tokio::test(start_paused = true)]
async fn as_late_as_the_provider_asks_for() {
    let (came, _, took) = came_of(vec![vec![Err(busy(Some(20)))], vec![said("Hello")]]).await;
    assert_eq!((came.text().as_str(), came.error), ("Hello", None));
    assert!(took >= Duration::from_secs(20) && took <= Duration::from_secs(21), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn no_attempt_where_it_would_take_too_long() {
    let (came, left, took) = came_of(vec![vec![Err(busy(Some(61)))], vec![said("Hello")]]).await;
    assert_eq!((came.error, left, took), (Some(busy(Some(61))), 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_where_it_would_not_help() {
    let (came, left, _) = came_of(vec![vec![Err(key())], vec![said("Hello")]]).await;
    assert_eq!((came.error, left), (Some(key()), 1));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_after_the_first_word() {
    for first in [said("Hel"), Ok(Delta::Thinking("Hm".into()))] {
        let (came, left, _) = came_of(vec![vec![first, Err(busy(None))], vec![said("Hello")]]).await;
        assert_eq!((came.runs.len(), came.error, left), (1, Some(busy(None)), 1));
    }
}

#[tokio::test]
async fn unavailable_once_then_well() {
    let server = ProviderServer::start().await;
    server.answer(Answer::full(503, "application/json", r#"{"error":{"message":"Loading model"}}"#));
    server.answer(Answer::stream().chunk(text("Hello")).chunk("data: [DONE]\n\n").end());
    let came = Came::of(provider::reply(Arc::new(provider(&server)), ask("test", "Hello"))).await;
    assert_eq!((came.text().as_str(), came.error), ("Hello", None));
    assert_eq!(server.seen().len(), 2);
    assert_eq!(server.seen()[0].body, server.seen()[1].body);
}
