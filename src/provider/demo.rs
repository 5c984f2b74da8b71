//! A provider that is built in and needs nothing: prose written beforehand, at a set pace, always the same.

mod log;

use std::{iter, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::time::{Interval, interval};

use super::{Config, ConfigError, Delta, DeltaStream, Model, Provider, ProviderError, Request};
use crate::message::Usage;

const PACE: f64 = 40.0;
const MODELS: [(&str, &str); 4] = [
    ("demo", "Demo"),
    ("demo-prose", "Demo: plain prose"),
    ("demo-long", "Demo: a long reply"),
    ("demo-fails", "Demo: a failure"),
];
const THINKING: &str = include_str!("demo/thinking.txt");
const MARKDOWN: &str = include_str!("demo/rivers.md");
const PROSE: &str = include_str!("demo/prose.txt");
const FAILS: &str = include_str!("demo/fails.txt");
const AFRESH: &str = include_str!("demo/afresh.txt");

/// The built-in provider.
pub struct Demo {
    name: String,
    period: Duration,
}

/// What one of its models says.
struct Script {
    thinking: &'static str,
    text: &'static str,
    /// The byte of the text at which it fails, when it comes there from before.
    fails_at: Option<usize>,
}

impl Demo {
    /// Takes a table of kind `demo`.
    ///
    /// # Errors
    /// A pace that is no number from 0.1 to 1,000,000.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let pace = config.pace.unwrap_or(PACE);
        if !(0.1..=1e6).contains(&pace) {
            let right = "the pieces a second, from 0.1 to 1000000";
            return Err(ConfigError::new("pace", pace.to_string(), right));
        }
        Ok(Self { name: config.name().to_owned(), period: Duration::from_secs_f64(pace.recip()) })
    }
}

#[async_trait]
impl Provider for Demo {
    fn name(&self) -> &str {
        &self.name
    }

    fn models(&self) -> Option<Vec<Model>> {
        let model = |(id, name): (&str, &str)| Model { id: id.into(), name: name.into(), context: None };
        Some(MODELS.map(model).into())
    }

    /// Asked to continue, it continues with its script if the text so far is a beginning of that, else with a fresh paragraph.
    fn reply(&self, request: Request) -> DeltaStream {
        let Some(script) = script(&request.model) else {
            let error = ProviderError::Model { provider: self.name.clone(), model: request.model };
            return stream::iter([Err(error)]).boxed();
        };
        let so_far = request.turns.last().filter(|_| request.resumes).map_or("", |turn| &turn.text);
        let thinking = if so_far.is_empty() { script.thinking } else { "" };
        let rest = script.text.strip_prefix(so_far);
        let fails = rest.and(script.fails_at).and_then(|at| at.checked_sub(so_far.len())).filter(|left| *left > 0);
        let text = rest.unwrap_or_else(|| afresh(so_far));
        let (text, end) = match fails.and_then(|left| text.get(..left)) {
            Some(text) => (text, Err(self.failure())),
            None => (text, Ok(Delta::Usage(usage(&request, thinking.len() + text.len())))),
        };
        let words = words(thinking).map(Delta::Thinking).chain(words(text).map(Delta::Text));
        paced(words.map(Ok).chain([end]), self.period)
    }

    async fn title(&self, _model: &str, _text: &str) -> Result<Option<String>, ProviderError> {
        Ok(None)
    }
}

impl Demo {
    fn failure(&self) -> ProviderError {
        let said = "this model fails here on purpose, to show what that looks like".into();
        ProviderError::Reported { provider: self.name.clone(), said, words: true }
    }
}

fn script(model: &str) -> Option<Script> {
    let prose = |text| Script { thinking: "", text, fails_at: None };
    Some(match model {
        "demo" => Script { thinking: THINKING.trim_end(), ..prose(MARKDOWN) },
        "demo-prose" => prose(PROSE),
        "demo-long" => prose(log::long()),
        "demo-fails" => Script { fails_at: FAILS.find("\n\n"), ..prose(FAILS) },
        _ => return None,
    })
}

/// What is left to say of the fresh paragraph, which may have been broken off itself.
fn afresh(so_far: &str) -> &'static str {
    let said = AFRESH.char_indices().rev().find(|(at, _)| so_far.ends_with(&AFRESH[..*at]));
    if so_far.ends_with(AFRESH) { "" } else { &AFRESH[said.map_or(0, |(at, _)| at)..] }
}

/// Rough, as no tokens are counted: four bytes each.
fn usage(request: &Request, written: usize) -> Usage {
    let read: usize = request.turns.iter().map(|turn| turn.text.len()).sum();
    Usage { input_tokens: read.div_ceil(4) as u64, output_tokens: written.div_ceil(4) as u64, ..Usage::default() }
}

/// Each with the white space after it, so that together they are the text.
fn words(mut text: &'static str) -> impl Iterator<Item = String> + Send {
    iter::from_fn(move || {
        let space = text.find(char::is_whitespace).unwrap_or(text.len());
        let end = text[space..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |length| space + length);
        let word;
        (word, text) = text.split_at(end);
        (!word.is_empty()).then(|| word.to_owned())
    })
}

fn paced(deltas: impl Iterator<Item = Result<Delta, ProviderError>> + Send + 'static, period: Duration) -> DeltaStream {
    stream::unfold((deltas, None), move |(mut deltas, clock): (_, Option<Interval>)| async move {
        let delta = deltas.next()?;
        // Made here, as it needs the runtime; it catches up after a delay, so that the pace holds on average.
        let mut clock = clock.unwrap_or_else(|| interval(period));
        clock.tick().await;
        Some((delta, (deltas, Some(clock))))
    })
    .fuse()
    .boxed()
}
