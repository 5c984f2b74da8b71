//! A tab: the same frames, and the same rules, as the browser's `live/connection.rs`, and a witness to the promise.
//!
//! Whatever it is sent, what it holds may only grow: so if the last text is right, all that it ever showed was a prefix.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use rivulet::{
    conversation::{Conversation, Head},
    ids::{ConversationId, MessageId},
    live::{ClientFrame, FRAME_LIMIT, List, ServerFrame},
    message::{Change, Epoch, Event, Kind, Message, Outcome, Position, Role, Status},
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
    /// The server, or the network, has closed it.
    closed: bool,
    messages: HashMap<MessageId, Held>,
    /// What this tab knows of the lists that it follows, and up to which `rev`.
    revs: HashMap<List, i64>,
    pub heads: BTreeMap<MessageId, Head>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    numbers: HashMap<u32, MessageId>,
    pieces: HashMap<u32, String>,
    /// Everything that came, in order.
    pub came: Vec<Came>,
    /// How many bytes of frames that was.
    pub bytes: usize,
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
    Error(String),
    /// The server closed, with this code.
    Closed(u16),
}

struct Held {
    message: Message,
    follows: bool,
    /// The newest epoch that the list told of: its end, or that of a later one, is the end of following.
    newest: Epoch,
    /// Gaps in a row.
    gaps: u32,
}

impl Held {
    fn unseen(id: MessageId, role: Role) -> Held {
        let message = Message::unseen(id, role);
        Held { newest: message.epoch, message, follows: false, gaps: 0 }
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
        Some(Tab {
            person: person.clone(),
            build: build.to_owned(),
            socket,
            closed: false,
            messages: HashMap::new(),
            revs: HashMap::new(),
            heads: BTreeMap::new(),
            conversations: BTreeMap::new(),
            numbers: HashMap::new(),
            pieces: HashMap::new(),
            came: vec![],
            bytes: 0,
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
        let Some(socket) = connect(&self.person, &self.build, None).await else {
            return false;
        };
        // Dropped without a word, as a network that is gone says none.
        (self.socket, self.closed) = (socket, false);
        self.numbers.clear();
        self.pieces.clear();
        for (list, rev) in self.revs.clone() {
            self.says(ClientFrame::List { list, rev }).await;
        }
        let followed: Vec<_> = self.messages.iter().filter(|(_, held)| held.follows).map(|(id, _)| *id).collect();
        for id in followed {
            self.asks(id, true).await;
        }
        true
    }

    /// Follows a message of which it knows nothing yet.
    pub async fn follows(&mut self, id: MessageId) {
        self.messages.entry(id).or_insert_with(|| Held::unseen(id, Role::Assistant)).follows = true;
        self.asks(id, true).await;
    }

    /// Follows a list from `rev` on.
    pub async fn follows_list(&mut self, list: List, rev: i64) {
        self.revs.insert(list, rev);
        self.says(ClientFrame::List { list, rev }).await;
    }

    pub async fn says(&mut self, frame: ClientFrame) {
        self.says_text(&serde_json::to_string(&frame).expect("a frame")).await;
    }

    pub async fn says_text(&mut self, text: &str) {
        // A socket that the server has closed says so when it is read.
        let _ = self.socket.send(Frame::text(text)).await;
    }

    async fn asks(&mut self, id: MessageId, with_position: bool) {
        let position = self.messages.get(&id).map(|held| held.message.position());
        self.says(ClientFrame::Message { id, position: position.filter(|_| with_position) }).await;
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

    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages.get(&id).expect("a message that the tab follows").message
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
        self.closed = matches!(came, Came::Closed(_));
        self.came.push(came.clone());
        Some(came)
    }

    async fn takes(&mut self, text: &str) -> Came {
        let frame = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
        match frame {
            ServerFrame::Number(number, id) => {
                self.numbers.insert(number, id);
                self.pieces.remove(&number);
                Came::Number(number, id)
            }
            ServerFrame::Event(number, epoch, change) => self.applies(number, Event { epoch, change }).await,
            ServerFrame::Piece(number, piece, last) => {
                self.pieces.entry(number).or_default().push_str(&piece);
                if !last {
                    return Came::Piece;
                }
                let whole = self.pieces.remove(&number).unwrap_or_default();
                Box::pin(self.takes(&whole)).await
            }
            ServerFrame::Conversations { rev, rows } => {
                self.revs.insert(List::Conversations, rev);
                for row in rows {
                    if self.conversations.get(&row.id).is_none_or(|known| known.rev < row.rev) {
                        self.conversations.insert(row.id, row);
                    }
                }
                Came::List(List::Conversations)
            }
            ServerFrame::Heads { of, rev, heads } => {
                self.revs.insert(List::Messages(of), rev);
                for head in heads {
                    self.takes_head(head).await;
                }
                Came::List(List::Messages(of))
            }
            ServerFrame::Beat(positions) => {
                self.says(ClientFrame::Beat).await;
                for (number, position) in &positions {
                    let id = self.numbers.get(number).copied();
                    let followed = id.and_then(|id| self.messages.get(&id)).filter(|held| held.follows);
                    if let (Some(id), Some(held)) = (id, followed)
                        && held.message.position() != *position
                    {
                        self.asks(id, true).await;
                    }
                }
                Came::Beat(positions)
            }
            ServerFrame::Gone(id) => {
                if let Some(held) = self.messages.get_mut(&id) {
                    held.follows = false;
                }
                Came::Gone(id)
            }
            ServerFrame::ListGone(list) => {
                self.revs.remove(&list);
                Came::ListGone(list)
            }
            ServerFrame::Error(error) => Came::Error(error),
        }
    }

    async fn applies(&mut self, number: u32, event: Event) -> Came {
        let id = *self.numbers.get(&number).expect("a number that was told before");
        let came = Came::Change(id, event.change.clone());
        let Some(held) = self.messages.get_mut(&id).filter(|held| held.follows) else {
            return came;
        };
        let before = held.message.clone();
        let replaced = matches!(event.change, Change::Snapshot { reset: true, .. });
        let outcome = held.message.apply(event);
        assert!(replaced || grew(&before, &held.message), "{before:?} is no beginning of {:?}", held.message);
        if let Some(witness) = &self.witness {
            witness(&held.message);
        }
        held.gaps = if outcome == Outcome::Gap { held.gaps + 1 } else { 0 };
        let Message { epoch, status, .. } = &held.message;
        held.follows = !status.is_final() || *epoch != held.newest && epoch.counter <= held.newest.counter;
        let gaps = held.gaps;
        if gaps > 0 {
            self.asks(id, gaps < 2).await;
        }
        came
    }

    /// As a thread does: what is shown and runs, or is behind its head, is followed.
    async fn takes_head(&mut self, head: Head) {
        if self.heads.get(&head.id).is_some_and(|known| known.rev >= head.rev) {
            return;
        }
        let id = head.id;
        let held = self.messages.entry(id).or_insert_with(|| Held::unseen(id, head.role));
        let Message { epoch, status, .. } = &held.message;
        let behind = !status.is_final() || head.epoch != *epoch && head.epoch.counter >= epoch.counter;
        if head.shown && behind {
            (held.follows, held.newest) = (true, head.epoch);
            self.asks(id, true).await;
        }
        self.heads.insert(id, head);
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
