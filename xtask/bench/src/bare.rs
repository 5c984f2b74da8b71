//! What everything is compared with: a plain axum WebSocket that passes on each token as it comes and keeps nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{
        Query, State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use kit::provider::nodelay;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::broadcast};

use crate::{provider::question, side::client};

/// How far a socket may fall behind, in tokens.
const BEHIND: usize = 1024;

#[derive(Clone)]
struct Bare {
    client: reqwest::Client,
    provider: String,
    replies: Arc<Mutex<HashMap<usize, broadcast::Sender<Utf8Bytes>>>>,
}

#[derive(Deserialize)]
struct Which {
    reply: usize,
}

/// Serves until it is killed.
pub async fn serve(provider: String) -> anyhow::Result<()> {
    let bare = Bare { client: client(), provider, replies: Arc::default() };
    let router = Router::new()
        .route("/", get(async || "A page"))
        .route("/live", get(connect))
        .route("/reply", post(reply))
        .with_state(bare);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    axum::serve(nodelay(listener), router).await?;
    Ok(())
}

impl Bare {
    fn channel(&self, reply: usize) -> broadcast::Sender<Utf8Bytes> {
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        replies.entry(reply).or_insert_with(|| broadcast::Sender::new(BEHIND)).clone()
    }

    /// Passes on what the provider writes of a reply.
    async fn passes_on(self, reply: usize) -> anyhow::Result<()> {
        let question = json!({ "messages": [{ "role": "user", "content": question(reply) }], "stream": true });
        let address = format!("{}/chat/completions", self.provider);
        let mut response = self.client.post(address).json(&question).send().await?;
        let tabs = self.channel(reply);
        let mut rest = Vec::new();
        while let Some(bytes) = response.chunk().await? {
            rest.extend_from_slice(&bytes);
            while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = rest.drain(..end + 2).collect();
                let chunk: Value = serde_json::from_slice(event.get(6..).unwrap_or_default()).unwrap_or_default();
                if let Some(token) = chunk["choices"][0]["delta"]["content"].as_str() {
                    // Nobody may be there.
                    let _ = tabs.send(token.into());
                }
            }
        }
        Ok(())
    }
}

async fn reply(State(bare): State<Bare>, Query(which): Query<Which>) -> StatusCode {
    tokio::spawn(async move {
        if let Err(error) = bare.passes_on(which.reply).await {
            eprintln!("{error:#}");
        }
    });
    StatusCode::ACCEPTED
}

async fn connect(State(bare): State<Bare>, Query(which): Query<Which>, upgrade: WebSocketUpgrade) -> Response {
    let tokens = bare.channel(which.reply).subscribe();
    let upgrade = upgrade.read_buffer_size(4 * 1024).write_buffer_size(0).max_write_buffer_size(256 * 1024);
    upgrade.on_upgrade(move |socket| sends(socket, tokens))
}

async fn sends(mut socket: WebSocket, mut tokens: broadcast::Receiver<Utf8Bytes>) {
    loop {
        let next = tokio::select! {
            token = tokens.recv() => token.ok().map(Message::Text),
            // A text is sent back; a close is none.
            echo = socket.recv() => echo.and_then(Result::ok).filter(|echo| matches!(echo, Message::Text(_))),
        };
        match next {
            Some(next) => {
                if socket.send(next).await.is_err() {
                    return;
                }
            }
            None => return,
        }
    }
}
