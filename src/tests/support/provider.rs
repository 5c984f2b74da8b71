//! A provider on loopback that speaks chat completions and says only what a test lets it say.

use std::io;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Json, State},
    http::header,
    response::{IntoResponse, Response},
    routing::post,
};
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, watch};

use super::soon;

/// What every conversation is called that asks for a title, unless a test says otherwise.
pub const TITLE: &str = "A title from the model";

pub struct Provider {
    pub url: String,
    title: watch::Sender<String>,
    asked: Mutex<mpsc::UnboundedReceiver<Voice>>,
}

/// One reply that was asked for. Dropped, it breaks off.
pub struct Voice {
    /// What was asked.
    pub asked: Value,
    /// What it sends; an error breaks the connection off.
    pub bytes: mpsc::UnboundedSender<io::Result<Bytes>>,
}

impl Provider {
    pub async fn start() -> Provider {
        let (asks, asked) = mpsc::unbounded_channel();
        let (title, titles) = watch::channel(TITLE.to_owned());
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state((asks, titles));
        // Providers take more than axum does by itself.
        let router = router.layer(DefaultBodyLimit::disable());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port for the provider");
        let address = listener.local_addr().expect("the provider's address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Provider { url: format!("http://{address}/v1"), title, asked: Mutex::new(asked) }
    }

    /// What conversations are called from now on.
    #[allow(dead_code, reason = "not by all who share this")]
    pub fn gives_title(&self, title: &str) {
        self.title.send_replace(title.to_owned());
    }

    /// The next reply that a server asks for.
    pub async fn is_asked(&self) -> Voice {
        let next = async { self.asked.lock().await.recv().await };
        soon("the provider is asked", next).await.expect("the provider runs")
    }

    /// Whether nothing was asked beside what [`Provider::is_asked`] gave.
    pub async fn is_asked_no_more(&self) -> bool {
        self.asked.lock().await.is_empty()
    }
}

type Asks = (mpsc::UnboundedSender<Voice>, watch::Receiver<String>);

async fn answer(State((asks, title)): State<Asks>, Json(asked): Json<Value>) -> Response {
    let (bytes, spoken) = mpsc::unbounded_channel();
    let voice = Voice { asked, bytes };
    if voice.last_turn().starts_with("Give a title") {
        voice.says(&title.borrow());
        voice.ends();
    } else {
        // A test that is over asks for nothing.
        let _ = asks.send(voice);
    }
    let spoken = stream::unfold(spoken, |mut spoken| async {
        let bytes: io::Result<Bytes> = spoken.recv().await?;
        Some((bytes, spoken))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(spoken)).into_response()
}

impl Voice {
    pub fn says(&self, text: &str) {
        self.delta(json!({ "content": text }));
    }

    pub fn thinks(&self, text: &str) {
        self.delta(json!({ "reasoning_content": text }));
    }

    /// Says that all is said.
    pub fn ends(self) {
        self.send(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }));
        self.send(json!({ "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 5 } }));
        self.sends("data: [DONE]\n\n");
    }

    /// The text of the last turn that it was told.
    pub fn last_turn(&self) -> String {
        let turns = self.asked["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        turns.last().and_then(|turn| turn["content"].as_str()).unwrap_or_default().to_owned()
    }

    /// Waits until the server has hung up.
    pub async fn is_let_go(&self) {
        soon("the server lets the provider go", self.bytes.closed()).await;
    }

    fn delta(&self, delta: Value) {
        self.send(json!({ "choices": [{ "index": 0, "delta": delta }] }));
    }

    fn send(&self, chunk: Value) {
        self.sends(format!("data: {chunk}\n\n"));
    }

    /// Sends bytes as they are.
    pub fn sends(&self, bytes: impl Into<Bytes>) {
        // A server that has hung up hears no more.
        let _ = self.bytes.send(Ok(bytes.into()));
    }
}
