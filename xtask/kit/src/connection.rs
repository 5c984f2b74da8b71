//! A WebSocket driven by the page's own [`Client`], as the browser's `live/connection.rs` drives it. What the page keeps
//! of what comes is the [`Page`]'s business: [`Tab`](crate::Tab) checks and records all of it, the bench only counts.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use rivulet::{
    live::{
        ClientFrame, FRAME_LIMIT, ServerFrame,
        client::{Client, ListUpdate, Page},
    },
    protocol,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message as Frame, client::IntoClientRequest, http::Request},
};

use crate::Person;

pub struct Connection<P> {
    pub client: Client<P>,
    /// The server, or the network, has closed it.
    pub is_closed: bool,
    /// How many bytes of text came.
    pub bytes: usize,
    /// How many frames were sent.
    pub sent: usize,
    /// How often it connected.
    pub connections: usize,
    pub person: Person,
    socket: WebSocketStream<TcpStream>,
    /// What its clock counts from.
    start: Instant,
}

/// What comes next.
#[derive(Debug)]
pub enum Incoming {
    /// A frame that the client has read and not yet taken in.
    Frame(ServerFrame),
    /// The server closed, with this code.
    Closed(u16),
}

impl<P: Page> Connection<P> {
    /// Opens a WebSocket for a page, with a receive buffer of so many bytes (the system's own if none). None if it is
    /// refused.
    pub async fn open(person: &Person, buffer: Option<u32>, page: P) -> Option<Connection<P>> {
        let socket = connect(person, buffer).await?;
        let mut client = Client::new(page);
        client.opened(Duration::ZERO);
        Some(Connection {
            client,
            is_closed: false,
            bytes: 0,
            sent: 0,
            connections: 1,
            person: person.clone(),
            socket,
            start: Instant::now(),
        })
    }

    /// Whose it is, from the next [`Connection::tries_to_reconnect`] on.
    pub fn belongs_to(&mut self, person: &Person) {
        self.person = person.clone();
    }

    /// The network is gone and comes back, if somebody is there: all that is followed is asked for again, each from where
    /// it is.
    pub async fn tries_to_reconnect(&mut self) -> bool {
        if !self.is_closed {
            self.client.closed(None, self.now());
        }
        self.client.opened(self.now());
        // Dropped without a close frame: a network that is gone sends none.
        self.is_closed = true;
        let Some(socket) = connect(&self.person, None).await else {
            self.client.closed(None, self.now());
            return false;
        };
        (self.socket, self.is_closed) = (socket, false);
        self.connections += 1;
        self.sends_frames().await;
        true
    }

    /// Sends what the client has to send.
    pub async fn sends_frames(&mut self) {
        for frame in self.client.frames() {
            self.sends(&frame).await;
        }
    }

    pub async fn sends(&mut self, frame: &ClientFrame) {
        self.sends_text(&serde_json::to_string(frame).expect("a frame")).await;
    }

    pub async fn sends_text(&mut self, text: &str) {
        self.sent += 1;
        // That the server has closed a socket is noticed when it is read.
        let _ = self.socket.send(Frame::text(text)).await;
    }

    /// Waits for the next frame. Cancelled, it has lost none.
    pub async fn next(&mut self) -> Incoming {
        let incoming = loop {
            match self.socket.next().await {
                Some(Ok(Frame::Text(text))) => break self.reads(&text),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                Some(Ok(Frame::Close(frame))) => break Incoming::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Err(Error::ConnectionClosed)) | None => break Incoming::Closed(1006),
                Some(other) => {
                    assert!(other.is_err(), "{other:?} came");
                    break Incoming::Closed(1006);
                }
            }
        };
        if let Incoming::Closed(code) = incoming {
            self.is_closed = true;
            self.client.closed(Some(code), self.now());
        }
        incoming
    }

    fn reads(&mut self, text: &str) -> Incoming {
        assert!(text.len() <= FRAME_LIMIT, "a frame of {} bytes: {text:.300}…", text.len());
        self.bytes += text.len();
        Incoming::Frame(self.client.read(text, self.now()).unwrap_or_else(|error| panic!("{error} in {text}")))
    }

    /// Takes a frame in. Gives what is to be taken into a list.
    pub fn takes(&mut self, frame: ServerFrame) -> Option<ListUpdate> {
        self.client.take(frame, self.now(), 0.5)
    }

    /// The time by the client's clock.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A WebSocket with a receive buffer of so many bytes (the system's own if none), if somebody is there.
async fn connect(person: &Person, buffer: Option<u32>) -> Option<WebSocketStream<TcpStream>> {
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(buffer) = buffer {
        socket.set_recv_buffer_size(buffer).expect("a small buffer");
    }
    let stream = socket.connect(person.address).await.ok()?;
    stream.set_nodelay(true).expect("a connected socket");
    client_async(upgrade(person), stream).await.ok().map(|(socket, _)| socket)
}

/// What a browser asks for a socket with.
pub fn upgrade(person: &Person) -> Request<()> {
    let host = person.address.to_string();
    let mut request = protocol::socket("ws", &host, person.protocol).into_client_request().expect("an address");
    for (name, value) in [("origin", format!("http://{host}")), ("cookie", person.cookie.clone())] {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    request
}
