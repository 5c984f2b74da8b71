//! A provider on loopback that speaks chat completions and writes exactly what a test has it write.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Json, State},
    http::header,
    response::{IntoResponse, Response},
    routing::post,
    serve::{Listener, ListenerExt},
};
use futures::stream;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc, watch},
};

use crate::soon;

/// What every conversation is called that asks for a title, unless a test has it otherwise.
pub const TITLE: &str = "A title from the model";

pub struct Provider {
    pub url: String,
    title: watch::Sender<String>,
    titled_by: Titled,
    asked: Mutex<mpsc::UnboundedReceiver<Writer>>,
}

/// Writes one reply that was asked for. Dropped, it breaks off.
pub struct Writer {
    /// What was asked.
    pub asked: Value,
    /// What it sends; an error breaks the connection off.
    pub bytes: mpsc::UnboundedSender<io::Result<Bytes>>,
}

impl Provider {
    pub async fn start() -> Provider {
        let (asks, asked) = mpsc::unbounded_channel();
        let (title, titles) = watch::channel(TITLE.to_owned());
        let titled_by = Titled::default();
        let router =
            Router::new().route("/v1/chat/completions", post(answer)).with_state((asks, titles, titled_by.clone()));
        // Providers take more than axum does by itself.
        let router = router.layer(DefaultBodyLimit::disable());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the provider");
        let address = listener.local_addr().expect("the provider's address");
        tokio::spawn(async move { axum::serve(nodelay(listener), router).await });
        Provider { url: format!("http://{address}/v1"), title, titled_by, asked: Mutex::new(asked) }
    }

    /// What conversations are called from now on.
    pub fn gives_title(&self, title: &str) {
        self.title.send_replace(title.to_owned());
    }

    /// The models that were asked for titles.
    pub fn titled_by(&self) -> Vec<String> {
        self.titled_by.lock().expect("nobody panics with it").clone()
    }

    /// The next reply that a server asks for.
    pub async fn is_asked(&self) -> Writer {
        let next = async { self.asked.lock().await.recv().await };
        soon("the provider is asked", next).await.expect("the provider runs")
    }

    /// Whether nothing was asked beside what [`Provider::is_asked`] gave.
    pub async fn is_asked_no_more(&self) -> bool {
        self.asked.lock().await.is_empty()
    }
}

/// A listener on whose connections a word does not wait for the next one.
pub fn nodelay(listener: TcpListener) -> impl Listener<Addr = SocketAddr> {
    listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    })
}

type Titled = Arc<std::sync::Mutex<Vec<String>>>;
type Asks = (mpsc::UnboundedSender<Writer>, watch::Receiver<String>, Titled);

async fn answer(State((asks, title, titled_by)): State<Asks>, Json(asked): Json<Value>) -> Response {
    let (bytes, written) = mpsc::unbounded_channel();
    let writer = Writer { asked, bytes };
    if writer.last_turn().starts_with("Give a title") {
        let model = writer.asked["model"].as_str().unwrap_or_default().to_owned();
        titled_by.lock().expect("nobody panics with it").push(model);
        writer.writes(&title.borrow());
        writer.ends();
    } else {
        // A test that is over asks for nothing.
        let _ = asks.send(writer);
    }
    let written = stream::unfold(written, |mut written| async {
        let bytes: io::Result<Bytes> = written.recv().await?;
        Some((bytes, written))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(written)).into_response()
}

impl Writer {
    pub fn writes(&self, text: &str) {
        self.delta(json!({ "content": text }), Value::Null);
    }

    pub fn thinks(&self, text: &str) {
        self.delta(json!({ "reasoning_content": text }), Value::Null);
    }

    /// The reply is whole.
    pub fn ends(self) {
        self.ends_because("stop");
    }

    /// The reply ends for this reason, as the protocol names it.
    pub fn ends_because(self, reason: &str) {
        self.delta(json!({}), reason.into());
        self.chunk(json!({ "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 5 } }));
        self.writes_bytes("data: [DONE]\n\n");
    }

    /// As long as providers make it.
    fn delta(&self, delta: Value, finish_reason: Value) {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish_reason });
        self.chunk(
            json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "model", "choices": [choice] }),
        );
    }

    fn chunk(&self, chunk: Value) {
        self.writes_bytes(format!("data: {chunk}\n\n"));
    }

    /// Writes bytes as they are.
    pub fn writes_bytes(&self, bytes: impl Into<Bytes>) {
        // A server that has hung up receives no more.
        let _ = self.bytes.send(Ok(bytes.into()));
    }

    /// The text of the last turn that it was asked with.
    pub fn last_turn(&self) -> String {
        let turns = self.asked["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        turns.last().and_then(|turn| turn["content"].as_str()).unwrap_or_default().to_owned()
    }

    /// Waits until the server has hung up.
    pub async fn is_released(&self) {
        soon("the server releases the provider", self.bytes.closed()).await;
    }
}
