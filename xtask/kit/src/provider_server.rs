//! A provider on port 0 that sends exactly the bytes that a test wrote down for it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};

use crate::soon;

/// The server; it ends when dropped.
pub struct ProviderServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method and path, such as `POST /v1/chat/completions`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What one request is answered with: bytes in the order of the calls, each call one HTTP chunk that arrives as such.
/// An answer that was begun but has no `end` breaks the connection off.
#[derive(Clone)]
pub struct Answer(Vec<Step>);

#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    Wait(Arc<Notify>),
    Hang,
    Repeat(Vec<u8>, Duration, Arc<Notify>),
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    models: Mutex<Option<Answer>>,
    seen: Mutex<Vec<Seen>>,
    left: Notify,
}

impl ProviderServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, task }
    }

    /// What a provider's settings call `base-url`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Answers the next request that has no answer yet. A request too many is answered with 500.
    pub fn answer(&self, answer: Answer) {
        lock(&self.shared.answers).push_back(answer);
    }

    /// Answers every `GET` of the models; without this there is one, `test`.
    pub fn models(&self, answer: Answer) {
        *lock(&self.shared.models) = Some(answer);
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Waits until somebody has hung up on an answer that hangs.
    pub async fn left(&self) {
        soon("somebody hangs up", self.shared.left.notified()).await;
    }
}

impl Drop for ProviderServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let of = |(key, value)| (key == name).then_some(value);
        self.headers.iter().find_map(|(key, value)| of((key.as_str(), value.as_str())))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

impl Answer {
    /// A stream of events that goes well so far.
    pub fn stream() -> Self {
        Self::head(200, &[("Content-Type", "text/event-stream; charset=utf-8")])
    }

    /// A status and headers, with a body in chunks to follow.
    pub fn head(status: u16, headers: &[(&str, &str)]) -> Self {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let fixed = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
        Self(vec![Step::Send(format!("HTTP/1.1 {status} Status\r\n{fixed}{headers}\r\n").into_bytes())])
    }

    /// A whole answer.
    pub fn full(status: u16, kind: &str, body: &str) -> Self {
        Self::head(status, &[("Content-Type", kind)]).chunk(body).end()
    }

    /// No answer at all: the connection is closed, or what follows is sent as it is.
    pub fn nothing() -> Self {
        Self(Vec::new())
    }

    /// Bytes that are not HTTP.
    pub fn raw(bytes: &[u8]) -> Self {
        Self(vec![Step::Send(bytes.to_owned())])
    }

    pub fn chunk(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        // A chunk of no bytes would end the body.
        if !bytes.is_empty() {
            self.0.push(Step::Send(chunk(bytes)));
        }
        self
    }

    /// Continues when notified.
    pub fn wait(mut self, until: &Arc<Notify>) -> Self {
        self.0.push(Step::Wait(until.clone()));
        self
    }

    /// Ends the body properly.
    pub fn end(mut self) -> Self {
        self.0.push(Step::Send(b"0\r\n\r\n".to_vec()));
        self
    }

    /// Only repeats that it is there, as servers behind a proxy do, until the other side hangs up.
    pub fn murmur(self) -> Self {
        self.murmur_until(&Arc::default())
    }

    /// The same until notified.
    pub fn murmur_until(mut self, until: &Arc<Notify>) -> Self {
        self.0.push(Step::Repeat(chunk(b": keep-alive\n\n"), Duration::from_millis(100), until.clone()));
        self
    }

    /// Sends the same again and again, with a pause between, until the other side hangs up.
    pub fn forever(mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.0.push(Step::Repeat(chunk(bytes.as_ref()), pause, Arc::default()));
        self
    }

    /// Sends no more and keeps the connection open, until the other side hangs up.
    pub fn hang(mut self) -> Self {
        self.0.push(Step::Hang);
        self
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((socket, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move { serve(socket, &shared).await });
    }
}

/// One request a connection. Whoever hangs up early gets no more: that is theirs to notice, so errors end quietly here.
async fn serve(socket: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    let seen = read(&mut socket).await?;
    let answer = if seen.line.starts_with("GET /v1/models") {
        let one = || Answer::full(200, "application/json", r#"{"object":"list","data":[{"id":"test"}]}"#);
        lock(&shared.models).clone().unwrap_or_else(one)
    } else {
        let none = || Answer::full(500, "text/plain", "the test wrote down no answer to this request");
        lock(&shared.answers).pop_front().unwrap_or_else(none)
    };
    lock(&shared.seen).push(seen);
    for step in answer.0 {
        match step {
            Step::Send(bytes) => socket.write_all(&bytes).await?,
            Step::Wait(until) => until.notified().await,
            Step::Repeat(bytes, pause, until) => {
                while timeout(pause, until.notified()).await.is_err() {
                    socket.write_all(&bytes).await?;
                }
            }
            Step::Hang => {
                let hung_up = socket.read(&mut [0]).await;
                shared.left.notify_one();
                hung_up?;
            }
        }
    }
    socket.shutdown().await
}

async fn read(socket: &mut BufReader<TcpStream>) -> std::io::Result<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let pair = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.iter().skip(1).filter_map(pair).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, length)| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).await?;
    let line = lines.first().map(|line| line.trim_end_matches(" HTTP/1.1").to_owned()).unwrap_or_default();
    Ok(Seen { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
