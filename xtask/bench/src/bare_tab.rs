//! A tab at the bare socket: what comes is what is shown.

use std::net::SocketAddr;

use futures::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, Utf8Bytes},
};

use crate::recorder::{Recorder, Seen};

pub type Socket = WebSocketStream<TcpStream>;

/// A socket on which a reply will come.
pub async fn connect(address: SocketAddr, reply: usize) -> Socket {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a connected socket");
    client_async(format!("ws://{address}/live?reply={reply}"), stream).await.expect("a WebSocket").0
}

/// The next text frame.
pub async fn text(socket: &mut Socket) -> Utf8Bytes {
    loop {
        match socket.next().await {
            Some(Ok(Frame::Text(text))) => return text,
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
            other => panic!("the bare server closed a socket: {other:?}"),
        }
    }
}

/// Reads until it has all.
pub async fn sees_the_end(mut socket: Socket, mut recorder: Recorder) -> Seen {
    while !recorder.has_all() {
        let token = text(&mut socket).await;
        recorder.frame(token.len());
        recorder.sees(&token);
    }
    recorder.closes()
}
