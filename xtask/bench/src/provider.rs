//! A provider that speaks chat completions, and says each token when the load says, whoever is slow.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
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
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::load::Load;

pub struct Provider {
    pub url: String,
    asked: Arc<Asked>,
}

/// How long a server may take to ask.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reply that was asked for. Dropped, it breaks off.
pub struct Voice(mpsc::UnboundedSender<Bytes>);

/// Who waits for words, by the last thing that the person said.
#[derive(Default)]
struct Asked {
    voices: Mutex<HashMap<String, Voice>>,
    more: Notify,
}

impl Provider {
    pub async fn start() -> anyhow::Result<Provider> {
        let asked = Arc::<Asked>::default();
        let router = Router::new().route("/v1/chat/completions", post(answer)).layer(DefaultBodyLimit::disable());
        let router = router.with_state(asked.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(crate::listener::nodelay(listener), router).await });
        Ok(Provider { url, asked })
    }

    /// What a person says to have reply number `reply` of a load said.
    pub fn question(reply: usize) -> String {
        format!("Reply {reply}, please.")
    }

    /// Waits until every reply of a load is asked for.
    pub async fn is_asked(&self, load: &Load) -> anyhow::Result<Vec<Voice>> {
        let all = timeout(PATIENCE, self.voices(load)).await;
        all.with_context(|| format!("{load}: not every reply was asked for"))
    }

    /// Waits until the only reply of a load is asked for.
    pub async fn is_asked_once(&self) -> anyhow::Result<Voice> {
        self.is_asked(&Load::by_hand(1)).await?.pop().context("a reply")
    }

    async fn voices(&self, load: &Load) -> Vec<Voice> {
        loop {
            let more = self.asked.more.notified();
            {
                let mut voices = self.asked.voices.lock().unwrap_or_else(PoisonError::into_inner);
                if (0..load.replies).all(|reply| voices.contains_key(&Provider::question(reply))) {
                    return (0..load.replies).filter_map(|reply| voices.remove(&Provider::question(reply))).collect();
                }
            }
            more.await;
        }
    }
}

/// Says a load from a thread of its own, which knows no other work.
pub fn says(load: Arc<Load>, voices: Vec<Voice>) {
    load.starts(Instant::now() + Duration::from_millis(100));
    thread::spawn(move || {
        for token in 0..load.tokens {
            for (reply, voice) in voices.iter().enumerate() {
                thread::sleep(load.due(reply, token).saturating_duration_since(Instant::now()));
                voice.says(&load.token(reply, token));
            }
        }
        voices.into_iter().for_each(Voice::ends);
    });
}

impl Voice {
    pub fn says(&self, text: &str) {
        self.send(json!({ "content": text }), Value::Null);
    }

    pub fn ends(self) {
        self.send(json!({}), "stop".into());
        let _ = self.0.send("data: [DONE]\n\n".into());
    }

    fn send(&self, delta: Value, finish: Value) {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk =
            json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "model", "choices": [choice] });
        // A server that has hung up hears no more, and its tabs will tell.
        let _ = self.0.send(format!("data: {chunk}\n\n").into());
    }
}

async fn answer(State(asked): State<Arc<Asked>>, Json(question): Json<Value>) -> Response {
    let said = question["messages"].as_array().and_then(|turns| turns.last()).and_then(|turn| turn["content"].as_str());
    let (voice, spoken) = mpsc::unbounded_channel();
    let mut voices = asked.voices.lock().unwrap_or_else(PoisonError::into_inner);
    voices.insert(said.unwrap_or_default().to_owned(), Voice(voice));
    drop(voices);
    asked.more.notify_one();
    let spoken = stream::unfold(spoken, |mut spoken| async {
        let bytes: Bytes = spoken.recv().await?;
        Some((Ok::<_, Infallible>(bytes), spoken))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(spoken)).into_response()
}
