//! A tab that follows one reply, of the server or of the bare socket.

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use rivulet::{
    ids::MessageId,
    live::{ClientFrame, ServerFrame},
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

/// A tab of the server's, with the same rules as a browser's.
pub struct Tab {
    socket: Socket,
    message: Message,
    /// What the server calls the message, once it has said so.
    number: Option<u32>,
    /// How often it has asked for the message since it is connected.
    pub asked: usize,
}

impl Tab {
    /// Opens a socket and follows a reply of which nothing is known yet.
    pub async fn follows(person: &Person, id: MessageId) -> anyhow::Result<Tab> {
        let mut tab = Tab::with(person, Message::unseen(id, Role::Assistant)).await?;
        tab.asks().await?;
        // Nothing is said yet that anyone could see.
        let mut nobody = Witness::default();
        while tab.number.is_none() {
            tab.takes(&mut nobody).await?;
        }
        Ok(tab)
    }

    /// Opens a socket for a message as far as it was seen.
    pub async fn with(person: &Person, message: Message) -> anyhow::Result<Tab> {
        Ok(Tab { socket: connect(person.upgrade()?).await?, message, number: None, asked: 0 })
    }

    /// The connection is gone, without a word.
    pub fn drops(self) -> Message {
        self.message
    }

    /// Asks for what is missing, and all that comes.
    pub async fn asks(&mut self) -> anyhow::Result<()> {
        self.asked += 1;
        let position = Some(self.message.position());
        says(&mut self.socket, &ClientFrame::Message { id: self.message.id, position }).await
    }

    /// Reads until the reply has ended.
    pub async fn sees_the_end(mut self, mut witness: Witness) -> anyhow::Result<Seen> {
        while !self.message.status.is_final() {
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
        let frame = text(&mut self.socket).await?;
        witness.frame(frame.len());
        match serde_json::from_str(&frame)? {
            ServerFrame::Number(number, id) if id == self.message.id => self.number = Some(number),
            ServerFrame::Event(number, epoch, change) if Some(number) == self.number => {
                let brought = match &change {
                    Change::Text(text) => text.text.len(),
                    Change::Snapshot { message, .. } => message.text().len(),
                    _ => 0,
                };
                let before = self.length();
                if self.message.apply(Event { epoch, change }) == Outcome::Gap {
                    self.asks().await?;
                }
                let last = self.message.parts.last();
                witness.sees(last.and_then(|part| part.text.get(before..)).unwrap_or_default());
                return Ok(brought);
            }
            ServerFrame::Beat(_) => says(&mut self.socket, &ClientFrame::Beat).await?,
            other => bail!("{other:?} came"),
        }
        Ok(0)
    }

    /// These loads have one part.
    fn length(&self) -> usize {
        self.message.parts.last().map_or(0, |part| part.text.len())
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
