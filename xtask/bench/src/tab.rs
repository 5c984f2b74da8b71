//! A tab that follows one reply, of the server or of the bare socket.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use rivulet::{
    ids::MessageId,
    live::{
        ClientFrame, List, ServerFrame,
        client::{Client, Page},
    },
    message::{Change, Event, Message, Outcome, Role},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, Utf8Bytes, http::Request},
};

use crate::{
    person::Person,
    witness::{Seen, Witness},
};

pub type Socket = WebSocketStream<TcpStream>;

pub async fn connect(request: Request<()>) -> anyhow::Result<Socket> {
    let address = request.uri().authority().context("an address")?.as_str();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(client_async(request, stream).await?.0)
}

/// The next text frame.
pub async fn text(socket: &mut Socket) -> anyhow::Result<Utf8Bytes> {
    loop {
        match socket.next().await.context("the server closed a socket")?? {
            Frame::Text(text) => return Ok(text),
            Frame::Close(why) => bail!("the server closed a socket: {why:?}"),
            _ => {}
        }
    }
}

pub async fn says(socket: &mut Socket, frame: &ClientFrame) -> anyhow::Result<()> {
    Ok(socket.send(Frame::text(serde_json::to_string(frame)?)).await?)
}

/// A tab of the server's: the page's own client on a socket.
pub struct Tab {
    socket: Socket,
    client: Client<Held>,
    /// What its clock counts from.
    start: Instant,
    answered: bool,
    /// How often it has asked for the message since it is connected.
    pub asked: usize,
}

/// The one message that a tab shows.
struct Held(Message);

impl Page for Held {
    fn read<R>(&self, _: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        Some(read(&self.0))
    }

    fn apply(&mut self, _: MessageId, event: Event) -> Outcome {
        self.0.apply(event)
    }

    fn release(&mut self, _: MessageId) {}

    /// It follows none.
    fn rev(&self, _: List) -> i64 {
        0
    }
}

impl Tab {
    /// Opens a socket and follows a reply of which nothing is known yet.
    pub async fn follows(person: &Person, id: MessageId) -> anyhow::Result<Tab> {
        let mut tab = Tab::with(person, Message::unseen(id, Role::Assistant)).await?;
        tab.asks().await?;
        // Nothing is said yet that anyone could see.
        let mut nobody = Witness::default();
        while !tab.answered {
            tab.takes(&mut nobody).await?;
        }
        Ok(tab)
    }

    /// Follows lists too, each from what its page has.
    pub async fn follows_lists(&mut self, lists: [(List, i64); 2]) -> anyhow::Result<()> {
        for (list, rev) in lists {
            says(&mut self.socket, &ClientFrame::List { list, rev }).await?;
        }
        Ok(())
    }

    /// Opens a socket for a message as far as it was seen.
    pub async fn with(person: &Person, message: Message) -> anyhow::Result<Tab> {
        let (id, epoch) = (message.id, message.epoch);
        let mut client = Client::new(Held(message));
        client.opened(Duration::ZERO);
        client.follow(id, epoch, false);
        let socket = connect(person.upgrade()?).await?;
        Ok(Tab { socket, client, start: Instant::now(), answered: false, asked: 0 })
    }

    /// The connection is gone, without a word.
    pub fn drops(self) -> Message {
        self.client.page.0
    }

    /// Sends what the client has to send: first of all, that it asks for what is missing, and all that comes.
    pub async fn asks(&mut self) -> anyhow::Result<()> {
        for frame in self.client.frames() {
            self.asked += usize::from(matches!(frame, ClientFrame::Message { .. }));
            says(&mut self.socket, &frame).await?;
        }
        Ok(())
    }

    /// Reads until the reply has ended.
    pub async fn sees_the_end(mut self, mut witness: Witness) -> anyhow::Result<Seen> {
        while !self.client.page.0.status.is_final() {
            self.takes(&mut witness).await?;
        }
        Ok(witness.closes())
    }

    /// Reads until it has so many bytes, and says how many bytes of text it was sent for that.
    pub async fn sees(&mut self, witness: &mut Witness, bytes: usize) -> anyhow::Result<usize> {
        let mut sent = 0;
        while self.length() < bytes {
            sent += self.takes(witness).await?;
        }
        Ok(sent)
    }

    /// Takes the next frame in, and says how many bytes of text it brought.
    async fn takes(&mut self, witness: &mut Witness) -> anyhow::Result<usize> {
        let text = text(&mut self.socket).await?;
        witness.frame(text.len());
        let now = self.start.elapsed();
        let Some(frame) = self.client.read(&text, now)? else { return Ok(0) };
        let brought = match &frame {
            ServerFrame::Number(..) | ServerFrame::Beat(_) => 0,
            ServerFrame::Event(_, _, Change::Text(text)) => text.text.len(),
            ServerFrame::Event(_, _, Change::Snapshot { message, .. }) => message.text().len(),
            ServerFrame::Event(..) => 0,
            // What else there is on its page, of which nobody asks here what it is.
            ServerFrame::Messages { .. } | ServerFrame::Conversations { .. } => return Ok(0),
            other => bail!("{other:?} came"),
        };
        self.answered |= matches!(frame, ServerFrame::Number(..));
        let before = self.length();
        // It asks again at once where it asks again, so the number drawn is of no account.
        self.client.take(frame, now, 0.5);
        self.asks().await?;
        let last = self.client.page.0.parts.last();
        witness.sees(last.and_then(|part| part.text.get(before..)).unwrap_or_default());
        Ok(brought)
    }

    /// These loads have one part.
    fn length(&self) -> usize {
        self.client.page.0.parts.last().map_or(0, |part| part.text.len())
    }
}

/// A tab of the bare socket's: what comes is what is shown.
pub async fn bare_sees_the_end(mut socket: Socket, mut witness: Witness) -> anyhow::Result<Seen> {
    while !witness.has_all() {
        let token = text(&mut socket).await?;
        witness.frame(token.len());
        witness.sees(&token);
    }
    Ok(witness.closes())
}
