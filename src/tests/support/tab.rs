//! A tab: a driver of the page's own [`Client`], as the browser's `live/connection.rs` is one, and a witness to the
//! promise.
//!
//! Whatever it is sent, what it holds may only grow: so if the last text is right, all that it ever showed was a prefix.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{SinkExt, StreamExt};
use rivulet::{
    conversation::{Conversation, MessageMeta},
    ids::{ConversationId, MessageId},
    live::{
        ClientFrame, FRAME_LIMIT, List, ServerFrame,
        client::{CONNECT_TIMEOUT, Client, ListChange, ListUpdate, Page},
    },
    message::{Change, Event, Kind, Message, Outcome, Position, Role, Status},
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message as Frame, client::IntoClientRequest, http::Request},
};

use super::{PATIENCE, Person};

pub struct Tab {
    person: Person,
    build: String,
    socket: WebSocketStream<TcpStream>,
    client: Client<Held>,
    /// What its clock counts from.
    start: Instant,
    /// The server, or the network, has closed it.
    closed: bool,
    /// What this tab knows of the lists that it follows.
    pub metas: BTreeMap<MessageId, MessageMeta>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    /// Everything that came, in order.
    pub came: Vec<Came>,
    /// What the server calls the messages.
    numbers: HashMap<u32, MessageId>,
    /// How many bytes of frames that was.
    pub bytes: usize,
    /// How many frames it sent.
    pub sent: usize,
    /// How often it connected.
    pub connections: usize,
    /// Who is told of every state that the tab shows, if anybody.
    pub witness: Option<Witness>,
}

/// Is told of every state of a message.
pub type Witness = Arc<dyn Fn(&Message) + Send + Sync>;

/// What a tab was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    Number(u32, MessageId),
    Change(MessageId, Change),
    Piece,
    List(List),
    Beat(Vec<(u32, Position)>),
    Gone(MessageId),
    ListGone(List),
    Later(MessageId),
    LaterList(List),
    Error(String),
    /// The server closed, with this code.
    Closed(u16),
}

/// What the tab shows.
#[derive(Default)]
struct Held {
    messages: HashMap<MessageId, Message>,
    revs: HashMap<List, i64>,
}

impl Page for Held {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.messages.get(&id).map(read)
    }

    fn apply(&mut self, id: MessageId, event: Event) -> Outcome {
        let message = self.messages.get_mut(&id).expect("a message that the tab follows");
        let before = message.clone();
        let replaced = matches!(event.change, Change::Snapshot { reset: true, .. });
        let outcome = message.apply(event);
        assert!(replaced || grew(&before, message), "{before:?} is no beginning of {message:?}");
        outcome
    }

    /// What has ended is still shown.
    fn release(&mut self, _: MessageId) {}

    fn rev(&self, list: List) -> i64 {
        self.revs[&list]
    }
}

impl Tab {
    pub async fn open(person: &Person) -> Tab {
        Tab::open_with(person, &build(person).await, None).await
    }

    /// With a receive buffer of so many bytes (the system's own if none), and a build that may be another.
    pub async fn open_with(person: &Person, build: &str, buffer: Option<u32>) -> Tab {
        Tab::tries_to_open(person, build, buffer).await.expect("a WebSocket")
    }

    /// The same, if somebody is there.
    pub async fn tries_to_open(person: &Person, build: &str, buffer: Option<u32>) -> Option<Tab> {
        let socket = connect(person, build, buffer).await?;
        let mut client = Client::new(Held::default());
        client.opened(Duration::ZERO);
        Some(Tab {
            person: person.clone(),
            build: build.to_owned(),
            socket,
            client,
            start: Instant::now(),
            closed: false,
            metas: BTreeMap::new(),
            conversations: BTreeMap::new(),
            came: vec![],
            numbers: HashMap::new(),
            bytes: 0,
            sent: 0,
            connections: 1,
            witness: None,
        })
    }

    /// The network is gone and comes back: all that is followed is asked for again, each from where it is.
    pub async fn comes_back(&mut self, person: &Person) {
        (self.person, self.build) = (person.clone(), build(person).await);
        assert!(self.tries_again().await, "a WebSocket");
    }

    /// The same at the same address, if somebody is there.
    pub async fn tries_again(&mut self) -> bool {
        if !self.closed {
            self.client.closed(None, self.now());
        }
        self.client.opened(self.now());
        // Dropped without a word, as a network that is gone says none.
        let Some(socket) = connect(&self.person, &self.build, None).await else {
            self.client.closed(None, self.now());
            return false;
        };
        (self.socket, self.closed) = (socket, false);
        self.connections += 1;
        self.asks().await;
        true
    }

    /// What a page does on its own: takes the next frame in, or notices that none comes, and comes back after a pause
    /// when the connection is gone. `random`: at least 0, less than 1, for each pause.
    pub async fn lives_on(&mut self, random: f64) {
        if !self.closed {
            match self.hears(self.client.wait(self.now())).await {
                Some(_) => return,
                None => {
                    self.client.tick(self.now());
                    self.asks().await;
                }
            }
            if !self.client.is_silent(self.now()) {
                return;
            }
            self.client.closed(None, self.now());
            self.closed = true;
        }
        tokio::time::sleep(self.client.pause(true, random)).await;
        // One that does not open in time is given up, as one that is not there.
        if tokio::time::timeout(CONNECT_TIMEOUT, self.tries_again()).await.is_err() {
            self.client.closed(None, self.now());
        }
    }

    /// Follows a message of which it knows nothing yet.
    pub async fn follows(&mut self, id: MessageId) {
        let newest = self.unseen(id, Role::Assistant).epoch;
        self.client.follow(id, newest, false);
        self.asks().await;
    }

    /// Follows a list from `rev` on.
    pub async fn follows_list(&mut self, list: List, rev: i64) {
        self.client.page.revs.insert(list, rev);
        self.client.follow_list(list);
        self.asks().await;
    }

    pub async fn leaves(&mut self, id: MessageId) {
        self.client.leave(id);
        self.asks().await;
    }

    pub async fn leaves_list(&mut self, list: List) {
        self.client.leave_list(list);
        self.asks().await;
    }

    pub async fn says(&mut self, frame: ClientFrame) {
        self.says_text(&serde_json::to_string(&frame).expect("a frame")).await;
    }

    pub async fn says_text(&mut self, text: &str) {
        self.sent += 1;
        // A socket that the server has closed says so when it is read.
        let _ = self.socket.send(Frame::text(text)).await;
    }

    /// Sends what the client has to send.
    async fn asks(&mut self) {
        for frame in self.client.frames() {
            self.says(frame).await;
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn unseen(&mut self, id: MessageId, role: Role) -> &mut Message {
        self.client.page.messages.entry(id).or_insert_with(|| Message::unseen(id, role))
    }

    /// Waits until the message's text is exactly this. All that it shows meanwhile has to be a prefix of it.
    pub async fn sees(&mut self, id: MessageId, text: &str) {
        loop {
            let held = self.text(id);
            assert!(text.starts_with(&held), "{held:?} is no beginning of {text:?}");
            if held == text {
                return;
            }
            self.next().await;
        }
    }

    /// Waits until the message has ended, and says how.
    pub async fn sees_the_end(&mut self, id: MessageId) -> Status {
        loop {
            let status = self.message(id).status;
            if status.is_final() {
                return status;
            }
            self.next().await;
        }
    }

    /// Waits until the server has said so often that it is there, and with it sent all that it had to send.
    pub async fn hears_beats(&mut self, count: usize) {
        let beats = |tab: &Tab| tab.came.iter().filter(|came| matches!(came, Came::Beat(_))).count();
        let enough = beats(self) + count;
        while beats(self) < enough {
            self.next().await;
        }
    }

    /// Waits until the server closes the socket, and says with which code.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Came::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// Reads until something comes for which this holds.
    pub async fn waits_for(&mut self, wanted: impl Fn(&Came) -> bool) -> Came {
        loop {
            let came = self.next().await;
            if wanted(&came) {
                return came;
            }
        }
    }

    /// Whether it knows of the message.
    pub fn shows(&self, id: MessageId) -> bool {
        self.client.page.messages.contains_key(&id)
    }

    pub fn message(&self, id: MessageId) -> &Message {
        self.client.page.messages.get(&id).expect("a message that the tab follows")
    }

    pub fn text(&self, id: MessageId) -> String {
        self.message(id).text()
    }

    pub fn thinking(&self, id: MessageId) -> String {
        let parts = self.message(id).parts.iter().filter(|part| part.kind == Kind::Thinking);
        parts.map(|part| part.text.as_str()).collect()
    }

    /// Takes the next frame in, and says what it was.
    pub async fn next(&mut self) -> Came {
        self.hears(PATIENCE).await.expect("a frame from the server in time")
    }

    /// The same, if one comes in time.
    pub async fn hears(&mut self, patience: Duration) -> Option<Came> {
        assert!(!self.closed, "the connection was closed, so nothing more comes; last came {:?}", self.came.last());
        let frame = tokio::time::timeout(patience, self.socket.next()).await.ok()?;
        let came = match frame {
            Some(Ok(Frame::Text(text))) => {
                assert!(text.len() <= FRAME_LIMIT, "a frame of {} bytes: {:.300}…", text.len(), text.as_str());
                self.bytes += text.len();
                self.takes(text.as_str()).await
            }
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => return Box::pin(self.hears(patience)).await,
            Some(Ok(Frame::Close(frame))) => Came::Closed(frame.map_or(1005, |frame| frame.code.into())),
            Some(Err(Error::ConnectionClosed)) | None => Came::Closed(1006),
            Some(other) => {
                assert!(other.is_err(), "{other:?} came");
                Came::Closed(1006)
            }
        };
        if let Came::Closed(code) = came {
            self.closed = true;
            self.client.closed(Some(code), self.now());
        }
        self.came.push(came.clone());
        Some(came)
    }

    async fn takes(&mut self, text: &str) -> Came {
        let now = self.now();
        let frame = self.client.read(text, now).unwrap_or_else(|error| panic!("{error} in {text}"));
        let Some(frame) = frame else { return Came::Piece };
        let came = self.came_by(&frame);
        if let Some(change) = self.client.take(frame, now, 0.5) {
            self.takes_list(change);
        }
        if let (Came::Change(id, _), Some(witness)) = (&came, &self.witness)
            && let Some(message) = self.client.page.messages.get(id)
        {
            witness(message);
        }
        self.asks().await;
        came
    }

    fn came_by(&mut self, frame: &ServerFrame) -> Came {
        match frame {
            ServerFrame::Number(number, id) => {
                self.numbers.insert(*number, *id);
                Came::Number(*number, *id)
            }
            ServerFrame::Event(number, _, change) => {
                let id = self.numbers.get(number).expect("a number that came before");
                Came::Change(*id, change.clone())
            }
            ServerFrame::Piece(..) => Came::Piece,
            ServerFrame::Conversations { .. } => Came::List(List::Conversations),
            ServerFrame::Messages { of, .. } => Came::List(List::Messages(*of)),
            ServerFrame::Beat(positions) => Came::Beat(positions.clone()),
            ServerFrame::Gone(id) => Came::Gone(*id),
            ServerFrame::ListGone(list) => Came::ListGone(*list),
            ServerFrame::Later(id) => Came::Later(*id),
            ServerFrame::LaterList(list) => Came::LaterList(*list),
            ServerFrame::Error(error) => Came::Error(error.clone()),
        }
    }

    fn takes_list(&mut self, (list, rev, update): ListChange) {
        self.client.page.revs.insert(list, rev);
        match update {
            ListUpdate::Conversations(rows) => {
                for row in rows {
                    if self.conversations.get(&row.id).is_none_or(|known| known.rev < row.rev) {
                        self.conversations.insert(row.id, row);
                    }
                }
            }
            ListUpdate::Messages(metas) => metas.into_iter().for_each(|meta| self.takes_meta(meta)),
            ListUpdate::Gone => {}
        }
    }

    /// As a thread does: what is shown and runs, or is behind its meta, is followed.
    fn takes_meta(&mut self, meta: MessageMeta) {
        if self.metas.get(&meta.id).is_some_and(|known| known.rev >= meta.rev) {
            return;
        }
        let id = meta.id;
        let Message { epoch, status, .. } = self.unseen(id, meta.role);
        let behind = !status.is_final() || meta.epoch != *epoch && meta.epoch.counter >= epoch.counter;
        if meta.shown && behind {
            self.client.follow(id, meta.epoch, meta.status.is_final());
        }
        self.metas.insert(id, meta);
    }
}

/// Whether one state of a message is a beginning of another.
fn grew(before: &Message, after: &Message) -> bool {
    let complete = before.parts.len().saturating_sub(1);
    before.parts.len() <= after.parts.len()
        && before.parts.iter().zip(&after.parts).enumerate().all(|(at, (before, after))| {
            before.kind == after.kind
                && after.text.starts_with(&before.text)
                && (at >= complete || before.text == after.text)
        })
}

/// A WebSocket with a receive buffer of so many bytes (the system's own if none), if somebody is there.
async fn connect(person: &Person, build: &str, buffer: Option<u32>) -> Option<WebSocketStream<TcpStream>> {
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(buffer) = buffer {
        socket.set_recv_buffer_size(buffer).expect("a small buffer");
    }
    let stream = socket.connect(person.address).await.ok()?;
    client_async(upgrade(person, build), stream).await.ok().map(|(socket, _)| socket)
}

/// The build of the page that the person has open.
async fn build(person: &Person) -> String {
    let opening: serde_json::Value =
        person.call("enter", serde_json::json!({})).await.expect("a page for somebody who is signed in");
    opening["build"].as_str().expect("the page's build").to_owned()
}

/// What a browser asks for a socket with.
pub fn upgrade(person: &Person, build: &str) -> Request<()> {
    let host = person.address.to_string();
    let mut request = format!("ws://{host}/live?build={build}").into_client_request().expect("an address");
    for (name, value) in [("origin", format!("http://{host}")), ("cookie", person.cookie.clone())] {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    request
}
