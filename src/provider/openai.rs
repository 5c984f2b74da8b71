//! OpenAI's chat completions, which Ollama, vLLM, llama.cpp, LM Studio and OpenRouter speak too.

mod chunk;
mod failure;
mod http;
mod json;
mod stream;
pub mod think;
mod transcript;
mod wire;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use reqwest::{Client, Method, Response, Url};

use super::{Config, ConfigError, Delta, DeltaStream, Model, Provider, ProviderError, Request, Turn};
use crate::{message::Role, steering::options::Options};
use wire::Dialect;

const OPENAI: &str = "https://api.openai.com/v1";
/// How long the beginning of a reply may take: a machine at home reads a long prompt for minutes.
const START_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a reply that has begun may stand still.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a reply may take in all: the slowest machines write a long one in an hour.
const REPLY_TIMEOUT: Duration = Duration::from_secs(7_200);
/// The most characters of a first message that a title is made from, and of the title.
const TITLE_FROM: usize = 2000;
const TITLE: usize = 80;
/// The most bytes of an answer to be called a title; thinking may come before it.
const TITLE_ANSWER: usize = 16 << 10;

/// A server that speaks chat completions.
#[derive(Clone)]
pub struct OpenAi {
    name: String,
    label: String,
    /// Where the paths of the protocol begin, with the query that each request gets.
    base: Url,
    /// What must not be shown, should the server say it.
    secrets: Vec<String>,
    models: Vec<String>,
    client: Client,
    timeouts: Timeouts,
    /// How the server wants to be asked, as far as it is known.
    dialect: Arc<Mutex<Dialect>>,
}

#[derive(Clone, Copy)]
struct Timeouts {
    start: Duration,
    idle: Duration,
    reply: Duration,
}

impl OpenAi {
    /// Takes a table of kind `openai`; asks nothing over the network.
    ///
    /// # Errors
    /// A `base-url` that is no http address, a key or a header that cannot be sent, or a machine without root certificates.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let address = config.base_url.as_deref().unwrap_or(OPENAI).trim();
        let base = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(mut base) = base.filter(|url| url.username().is_empty() && url.password().is_none()) else {
            let right = "an http or https address without a password, such as http://127.0.0.1:11434/v1";
            return Err(ConfigError::new("base-url", crate::config::provider::shown(address), right));
        };
        base.set_fragment(None);
        let key = config.api_key.as_deref().map(str::trim).filter(|key| !key.is_empty());
        let queried = base.query_pairs().map(|(_, value)| value.into_owned());
        let seconds = |seconds: Option<u64>, other| seconds.map_or(other, Duration::from_secs);
        Ok(Self {
            name: config.name().to_owned(),
            label: config.label(),
            client: http::client(&base, key, &config.headers)?,
            secrets: key
                .map(str::to_owned)
                .into_iter()
                .chain(config.headers.values().cloned())
                .chain(queried)
                .collect(),
            dialect: Arc::new(Mutex::new(Dialect::of(&base))),
            base,
            models: config.models.clone(),
            timeouts: Timeouts {
                start: seconds(config.start_timeout_seconds, START_TIMEOUT),
                idle: seconds(config.idle_timeout_seconds, IDLE_TIMEOUT),
                reply: seconds(config.reply_timeout_seconds, REPLY_TIMEOUT),
            },
        })
    }

    async fn open(self, request: Request) -> Result<DeltaStream, ProviderError> {
        let response = self.ask(&request).await?;
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if kind.starts_with("text/html") {
            return Err(ProviderError::Nonsense { provider: self.label });
        }
        let transcript = self.transcript(&request);
        if kind.starts_with("application/json") {
            return Ok(futures::stream::iter(transcript.whole(self.body(response).await?)).boxed());
        }
        Ok(stream::deltas(response, transcript, self.timeouts))
    }

    /// Asks for a reply, and once more in another dialect where the server may have refused the one before. Its first
    /// refusal counts.
    async fn ask(&self, request: &Request) -> Result<Response, ProviderError> {
        let mut dialect = *self.dialect();
        let mut refusal = None;
        loop {
            let response = self.post(request, dialect).await?;
            let may_be_dialect = matches!(response.status().as_u16(), 400 | 422);
            let error = match self.checked(response, &request.model).await {
                Ok(response) => {
                    *self.dialect() = dialect;
                    return Ok(response);
                }
                Err(error) => error,
            };
            let next = dialect.next(request, &error.to_string()).filter(|_| may_be_dialect);
            let first = refusal.get_or_insert(error);
            match next {
                Some(next) => dialect = next,
                None => return Err(first.clone()),
            }
        }
    }

    async fn post(&self, request: &Request, dialect: Dialect) -> Result<Response, ProviderError> {
        self.send(self.request(Method::POST, &["chat", "completions"]).json(&wire::body(request, dialect))).await
    }

    fn dialect(&self) -> MutexGuard<'_, Dialect> {
        self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn host(&self) -> Option<&str> {
        self.base.host_str()
    }

    fn models(&self) -> Option<Vec<Model>> {
        let model = |id: &String| Model { id: id.clone(), name: id.clone(), context: None };
        (!self.models.is_empty()).then(|| self.models.iter().map(model).collect())
    }

    async fn ask_models(&self) -> Result<Vec<Model>, ProviderError> {
        let response = self.send(self.request(Method::GET, &["models"])).await?;
        let body = self.body(self.checked(response, "").await?).await?;
        wire::models(&body).ok_or_else(|| ProviderError::NoList { provider: self.label.clone() })
    }

    fn reply(&self, request: Request) -> DeltaStream {
        futures::stream::once(self.clone().open(request)).try_flatten().boxed()
    }

    async fn title(&self, model: &str, text: &str) -> Result<Option<String>, ProviderError> {
        let text: String = text.chars().take(TITLE_FROM).collect();
        let ask = "Give a title of at most six words to a conversation that begins with the message below. \
                   Answer with the title alone, in the language of the message, without quotation marks.";
        let turns = vec![Turn { role: Role::User, text: format!("{ask}\n\n{text}") }];
        let mut deltas = self.reply(Request {
            model: model.to_owned(),
            turns,
            options: Options::default(),
            resumes: false,
            instruction: None,
        });
        let mut title = String::new();
        while title.len() < TITLE_ANSWER
            && let Some(delta) = deltas.try_next().await?
        {
            if let Delta::Text(text) = delta {
                title.push_str(&text);
            }
        }
        Ok(tidy(&title))
    }
}

/// The first line with words, without the marks that models put around a title.
fn tidy(answer: &str) -> Option<String> {
    let marks = |c: char| c.is_whitespace() || "\"'“”„«»`*#_.".contains(c);
    // Some servers leave a model's thinking in its text.
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, answer)| answer);
    let answer = answer.replace("**", "");
    let title = answer.lines().map(|line| line.trim_matches(marks)).find(|line| !line.is_empty())?;
    Some(title.chars().take(TITLE).collect())
}
