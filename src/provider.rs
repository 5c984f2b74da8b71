//! Where replies come from: the [`Provider`] trait, and the attempts made before a reply has begun.

pub mod demo;
pub mod error;
pub mod openai;
pub mod prices;
pub mod providers;
pub mod sse;
pub mod store;
pub mod wording;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

pub use crate::config::provider::{Config, ConfigError, ProviderKind};
use crate::{
    message::{Role, Usage},
    steering::options::Options,
};
pub use error::ProviderError;
pub use providers::{CatalogEntry, Providers};

/// How often a reply is asked for before its failure is passed on.
const ATTEMPTS: u32 = 4;
/// The longest wait that a provider may ask for and still be tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A provider, and what it calls a model.
pub type ModelHandle = (Arc<dyn Provider>, String);

/// What a reply is made of, in the order in which it came. Text is normalised ([`crate::text`]) and never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    Thinking(String),
    Text(String),
    /// What the reply cost; at most once, and last.
    Usage(Usage),
}

/// One message of the conversation, as a provider is sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    pub text: String,
}

/// What a reply is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The model, as the provider calls it.
    pub model: String,
    /// The conversation, oldest first.
    pub turns: Vec<Turn>,
    /// What is not set is left to the provider.
    pub options: Options,
    /// The last turn is the assistant's unfinished text: what streams is what follows it.
    pub resumes: bool,
    /// What a person asks for in that.
    pub instruction: Option<String>,
}

/// A model that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// What the provider calls it.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How many tokens it reads and writes together, if the provider lists that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
}

/// A reply as it comes. A failure ends it; what came before stays.
pub type DeltaStream = BoxStream<'static, Result<Delta, ProviderError>>;

/// A source of replies. Dropping a stream of deltas stops the reply at the provider too.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The name under which it is set up: the first half of its models' keys.
    fn name(&self) -> &str;

    /// What people call it.
    fn label(&self) -> &str {
        self.name()
    }

    /// The host that it asks, if it asks one.
    fn host(&self) -> Option<&str> {
        None
    }

    /// The models that it offers, if they are known without asking; else `None`.
    fn models(&self) -> Option<Vec<Model>>;

    /// The same, over the network where it must be.
    async fn ask_models(&self) -> Result<Vec<Model>, ProviderError> {
        Ok(self.models().unwrap_or_default())
    }

    /// One attempt at a reply; see [`reply`] for several.
    fn reply(&self, request: Request) -> DeltaStream;

    /// A short title for a conversation that began with `text`; `None` from a provider that thinks up none.
    async fn title(&self, model: &str, text: &str) -> Result<Option<String>, ProviderError>;
}

/// A reply, asked for again while nothing has come and the failure may pass: four times at most (twice where the provider
/// only kept silent), waiting longer each time, or as long as the provider asks for up to a minute. After the first word a
/// failure is passed on.
pub fn reply(provider: Arc<dyn Provider>, request: Request) -> DeltaStream {
    let attempts = Attempts { deltas: provider.reply(request.clone()), provider, request, made: 1, begun: false };
    stream::unfold(attempts, |mut attempts| async { attempts.next().await.map(|delta| (delta, attempts)) })
        .fuse()
        .boxed()
}

struct Attempts {
    provider: Arc<dyn Provider>,
    request: Request,
    deltas: DeltaStream,
    made: u32,
    begun: bool,
}

impl Attempts {
    async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        loop {
            let delta = self.deltas.next().await?;
            let wait = match &delta {
                Err(error) if !self.begun && self.made < ATTEMPTS => self.wait(error),
                _ => None,
            };
            let Some(wait) = wait else {
                self.begun |= matches!(delta, Ok(Delta::Thinking(_) | Delta::Text(_)));
                return Some(delta);
            };
            tokio::time::sleep(wait).await;
            self.made += 1;
            self.deltas = self.provider.reply(self.request.clone());
        }
    }

    /// How long to wait before the next attempt; `None` if there is no use in one.
    fn wait(&self, error: &ProviderError) -> Option<Duration> {
        let asked = error.retry_after().unwrap_or_default();
        // Whoever waited for two silences, which may be ten minutes each, should be asked before waiting for more.
        let silent_again = matches!(error, ProviderError::Silent { .. }) && self.made > 1;
        if !error.may_pass() || silent_again || asked > LONGEST_WAIT {
            return None;
        }
        // Jitter, so that replies which failed together do not all come back together.
        let backoff = Duration::from_millis(500 << (self.made - 1));
        let wait = asked + backoff.mul_f64(rand::random_range(0.5..1.0));
        tracing::warn!(provider = self.provider.name(), attempt = self.made, ?wait, %error, "trying again");
        Some(wait)
    }
}
