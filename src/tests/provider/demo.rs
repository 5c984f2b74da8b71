//! The built-in provider.

use std::time::Duration;

use futures::StreamExt;
use rivulet::{
    message::Role,
    provider::{Config, Delta, Provider, Request, Turn, demo::Demo},
    text::normalize,
};
use tokio::time::Instant;

use crate::{Received, ask};

fn demo(pace: f64) -> Demo {
    Demo::new(&Config { pace: Some(pace), ..Config::demo() }).expect("a provider")
}

async fn received(request: Request) -> Received {
    Received::of(demo(1e6).reply(request)).await
}

fn resumes(model: &str, so_far: &str) -> Request {
    let mut request = ask(model, "Hello");
    request.turns.push(Turn { role: Role::Assistant, text: so_far.into() });
    request.resumes = true;
    request
}

#[tokio::test(start_paused = true)]
async fn markdown_after_thinking_and_always_the_same() {
    let first = received(ask("demo", "Hello")).await;
    assert_eq!(first.runs.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["thinking", "text"]);
    for mark in ["## ", "**", "*pieces*", "](https://", "1. ", "   - ", "|---", "```rust\n", "`since`", "🐟", "水"] {
        assert!(first.text().contains(mark), "no {mark}");
    }
    assert!((2000..3000).contains(&first.text().len()));
    assert!(first.usage.is_some_and(|usage| usage.output_tokens > 500));
    assert_eq!(received(ask("demo", "Hello")).await, first);
}

#[tokio::test(start_paused = true)]
async fn prose_is_plain() {
    for (model, length) in [("demo-prose", 5_500..7_000), ("demo-long", 199_000..202_000)] {
        let received = received(ask(model, "Hello")).await;
        let text = received.text();
        assert_eq!((received.runs.len(), received.error), (1, None));
        assert!(length.contains(&text.len()), "{}", text.len());
        assert_eq!(normalize(&text), text);
        assert!(
            !text.contains(['*', '_', '`', '#', '<', '>', '&', '[', ']', '|', '~', '\\', '$', '=', '^', '{']),
            "{model}"
        );
        for paragraph in text.trim_end().split("\n\n") {
            assert!(paragraph.starts_with(char::is_alphabetic), "{paragraph}");
            assert!(
                paragraph.ends_with('.') && !paragraph.contains(['\n', '\t']) && !paragraph.contains("  "),
                "{paragraph}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_continuing_after_it() {
    let failed = received(ask("demo-fails", "Hello")).await;
    assert!(failed.text().len() > 200);
    assert!(failed.sentence().starts_with("demo reported an error: this model fails here on purpose"), "{failed:?}");
    assert_eq!(failed.usage, None);
    let rest = received(resumes("demo-fails", &failed.text())).await;
    assert!(rest.text().starts_with("\n\n") && rest.error.is_none(), "{rest:?}");
    // Stopped before the failure: that still lies ahead.
    assert_eq!(received(resumes("demo-fails", "Every river")).await.error, failed.error);
}

#[tokio::test(start_paused = true)]
async fn continuing_writes_what_follows() {
    let whole = received(ask("demo", "Hello")).await.text();
    for (at, _) in whole.char_indices().skip(1) {
        let rest = received(resumes("demo", &whole[..at])).await;
        assert_eq!((rest.runs.len(), rest.text().as_str()), (1, &whole[at..]));
    }
    assert_eq!(received(resumes("demo", &whole)).await.text(), "");
    assert_eq!(received(resumes("demo", "")).await.runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn continuing_from_words_that_are_not_its_own() {
    let so_far = "Somebody else began.";
    let afresh = received(resumes("demo", so_far)).await.text();
    assert!(afresh.starts_with("\n\nLet me take up the thread"));
    for (at, _) in afresh.char_indices() {
        assert_eq!(received(resumes("demo", &format!("{so_far}{}", &afresh[..at]))).await.text(), afresh[at..]);
    }
    assert_eq!(received(resumes("demo", &format!("{so_far}{afresh}"))).await.text(), "");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_model() {
    assert_eq!(
        received(ask("gpt", "Hello")).await.sentence(),
        "The model gpt is not known to demo. Choose another model."
    );
}

#[tokio::test(start_paused = true)]
async fn at_a_set_pace_and_word_by_word() {
    let since = Instant::now();
    let deltas: Vec<_> = demo(40.0).reply(ask("demo-prose", "Hello")).collect().await;
    let expected = Duration::from_millis(25) * (deltas.len() as u32 - 1);
    assert_eq!(since.elapsed(), expected);
    let words = deltas.iter().filter(|delta| matches!(delta, Ok(Delta::Text(text)) if text.len() < 24)).count();
    assert_eq!(words, deltas.len() - 1);
    let since = Instant::now();
    let fast = demo(1e6).reply(ask("demo-long", "Hello")).count().await;
    assert!(fast > 30_000 && since.elapsed() < Duration::from_millis(100), "{:?}", since.elapsed());
}
