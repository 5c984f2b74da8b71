//! The providers, against a real HTTP server that sends bytes as real servers do.

#[path = "provider/attempts.rs"]
mod attempts;
#[path = "provider/bounds.rs"]
mod bounds;
#[path = "provider/catalog.rs"]
mod catalog;
#[path = "provider/demo.rs"]
mod demo;
#[path = "provider/failing.rs"]
mod failing;
#[path = "provider/habits.rs"]
mod habits;
#[path = "provider/prices.rs"]
mod prices;
#[path = "provider/recorded.rs"]
mod recorded;
#[path = "provider/refusals.rs"]
mod refusals;
#[path = "provider/requests.rs"]
mod requests;
#[path = "provider/streaming.rs"]
mod streaming;
#[path = "provider/text.rs"]
mod text;
#[path = "provider/thinking.rs"]
mod thinking;

use futures::StreamExt;
use kit::{Answer, ProviderServer};
use rivulet::{
    message::{Role, StopReason, Usage},
    provider::{Config, Delta, DeltaStream, Provider, ProviderError, ProviderKind, Request, Turn, openai::OpenAi},
    steering::options::Options,
};

/// All that was received of one attempt, neighbours of the same kind joined.
#[derive(Clone, Debug, Default, PartialEq)]
struct Received {
    runs: Vec<(&'static str, String)>,
    usage: Option<Usage>,
    error: Option<ProviderError>,
}

impl Received {
    async fn of(mut deltas: DeltaStream) -> Self {
        let mut received = Self::default();
        while let Some(delta) = deltas.next().await {
            assert_eq!(received.error, None, "something received after the failure: {delta:?}");
            match delta {
                Ok(Delta::Thinking(text)) => received.add("thinking", &text),
                Ok(Delta::Text(text)) => received.add("text", &text),
                Ok(Delta::Usage(usage)) => {
                    assert_eq!(received.usage.replace(usage), None, "the usage received twice")
                }
                Err(error) => received.error = Some(error),
            }
        }
        received
    }

    fn add(&mut self, kind: &'static str, text: &str) {
        assert!(!text.is_empty(), "an empty delta");
        assert!(!text.contains(['\r', '\0']), "not normalised: {text:?}");
        match self.runs.last_mut() {
            Some((last, run)) if *last == kind => run.push_str(text),
            _ => self.runs.push((kind, text.to_owned())),
        }
    }

    /// All the text, without the thinking.
    fn text(&self) -> String {
        self.runs.iter().filter(|(kind, _)| *kind == "text").map(|(_, run)| run.as_str()).collect()
    }

    /// Why the provider ended it, and whether it is whole all the same; `None` if all was said.
    fn ending(&self) -> Option<(Option<StopReason>, bool)> {
        self.error.as_ref().map(|error| (error.stop_reason(), error.is_remark()))
    }

    /// The sentence that a person sees, or nothing.
    fn sentence(&self) -> String {
        self.error.as_ref().map(ProviderError::to_string).unwrap_or_default()
    }
}

const KEY: &str = "sk-secret-0123456789";

fn config(server: &ProviderServer) -> Config {
    Config {
        kind: ProviderKind::Openai,
        name: Some("Test".into()),
        base_url: Some(server.url()),
        api_key: Some(KEY.into()),
        ..Config::demo()
    }
}

fn provider(server: &ProviderServer) -> OpenAi {
    OpenAi::new(&config(server)).expect("a provider")
}

fn ask(model: &str, text: &str) -> Request {
    let turns = vec![Turn { role: Role::User, text: text.into() }];
    Request { model: model.into(), turns, options: Options::default(), resumes: false, instruction: None }
}

/// What is received of one attempt that is answered so.
async fn received_from(answer: Answer) -> Received {
    let server = ProviderServer::start().await;
    server.answer(answer);
    Received::of(provider(&server).reply(ask("test", "Hello"))).await
}

/// The same with a timeout of a second, for an answer that hangs after what it sends.
async fn received_in_time(answer: Answer) -> Received {
    let server = ProviderServer::start().await;
    server.answer(answer);
    Received::of(impatient(&server, 1, 1).reply(ask("test", "Hello"))).await
}

/// With other timeouts, in seconds: until the first delta, and between deltas.
fn impatient(server: &ProviderServer, start: u64, idle: u64) -> OpenAi {
    let times = (Some(start), Some(idle));
    let config = Config { start_timeout_seconds: times.0, idle_timeout_seconds: times.1, ..config(server) };
    OpenAi::new(&config).expect("a provider")
}

/// One event of a reply's text.
fn text(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{}}}}}]}}\n\n", serde_json::json!(text))
}
