//! Opens connections and sends nothing, or only parts of requests, so that nobody else can connect.

use std::{net::SocketAddr, time::Duration};

use kit::{PATIENCE, Received, Server, Tab, page, soon};
use rivulet::{ids::mint, server::serve::ConnectionLimits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// So short that a test can outlast them, and far shorter than [`PATIENCE`].
const SHORT: Duration = Duration::from_millis(300);

fn short() -> ConnectionLimits {
    ConnectionLimits { first_head: SHORT, idle: SHORT, body_idle: SHORT, write: SHORT, ..ConnectionLimits::default() }
}

async fn connects(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes.as_bytes()).await.expect("what is sent");
    stream
}

/// What comes until the server hangs up, which it has to.
async fn hangs_up(stream: &mut TcpStream) -> String {
    let mut received = vec![];
    // Reset is hung up as well.
    let _ = soon("the server hangs up", stream.read_to_end(&mut received)).await;
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test]
async fn silence_and_half_a_head_are_hung_up_on() {
    let server = Server::with(|_| {}, short()).await;
    for half in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "] {
        let mut stream = connects(server.address, half).await;
        hangs_up(&mut stream).await;
    }
}

/// A byte now and then is no head either.
#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_hung_up_on() {
    let server = Server::with(|_| {}, short()).await;
    let (mut read, mut write) = connects(server.address, "GET / HTTP/1.1\r\nX-Slow: ").await.into_split();
    let drips = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let ends = async { read.read_to_end(&mut vec![]).await };
    soon("the server hangs up", async {
        tokio::select! {
            () = drips => {}
            _ = ends => {}
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_was_used_once_does_not_stay() {
    let server = Server::with(|_| {}, short()).await;
    let mut stream = connects(server.address, "GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    assert!(hangs_up(&mut stream).await.starts_with("HTTP/1.1 "));
    let mut stream = connects(server.address, "GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /").await;
    assert!(hangs_up(&mut stream).await.starts_with("HTTP/1.1 "));
}

/// Whoever asks for much and reads nothing of it.
#[tokio::test]
async fn an_answer_that_is_not_read_is_given_up() {
    let server = Server::with(|_| {}, ConnectionLimits { client_connections: 1, ..short() }).await;
    let large = vec![b'x'; 32 * 1024 * 1024];
    std::fs::write(server.folder.site().join("large.txt"), large).expect("a large file");
    let _unread = connects(server.address, "GET /large.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    soon("there is room again", async {
        loop {
            let mut stream = connects(server.address, "GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
            if hangs_up(&mut stream).await.starts_with("HTTP/1.1 ") {
                return;
            }
        }
    })
    .await;
}

/// One client's connections leave room for others; and when they are gone, for itself.
#[tokio::test]
async fn one_client_cannot_take_all_connections() {
    let limits = ConnectionLimits { client_connections: 8, ..ConnectionLimits::default() };
    let server = Server::with(|_| {}, limits).await;
    let mut silent = vec![];
    for _ in 0..8 {
        silent.push(connects(server.address, "").await);
    }
    let mut refused = connects(server.address, "").await;
    assert_eq!(hangs_up(&mut refused).await, "", "the ninth");
    assert_eq!(asks_from("127.0.0.2", server.address).await, 200, "somebody else");
    drop(silent);
    soon("there is room again", async { while asks_from("127.0.0.1", server.address).await != 200 {} }).await;
}

/// What a request from this address of loopback is answered; 0 if the server hangs up.
async fn asks_from(from: &str, address: SocketAddr) -> u16 {
    let client = page::client_builder().local_address(from.parse().ok());
    let asked =
        client.build().expect("a client").get(format!("http://{address}/pkg/{}/rivulet.js", kit::BUILD)).send().await;
    asked.map_or(0, |answer| answer.status().as_u16())
}

#[tokio::test]
async fn all_connections_have_a_limit_but_not_for_ever() {
    let limits = ConnectionLimits { connections: 8, ..short() };
    let server = Server::with(|_| {}, limits).await;
    let mut silent = vec![];
    for _ in 0..8 {
        silent.push(connects(server.address, "").await);
    }
    // They stay open on the attacker's side, but there is room soon.
    soon("there is room again", async { while asks_from("127.0.0.2", server.address).await != 200 {} }).await;
}

/// A socket holds its place, is not hung up on when it is idle, and gives its place back.
#[tokio::test]
async fn a_socket_stays_and_counts() {
    let limits = ConnectionLimits { client_connections: 4, ..short() };
    let server = Server::with(|_| {}, limits).await;
    let ada = server.sign_up("Ada").await;
    // By then what signed up is gone, too.
    hangs_up(&mut connects(server.address, "").await).await;
    let mut tabs = vec![];
    for _ in 0..3 {
        tabs.push(Tab::open_with(&ada, None).await);
    }
    // By then whatever else was opened before it would be hung up on.
    hangs_up(&mut connects(server.address, "").await).await;
    tabs.push(Tab::open_with(&ada, None).await);
    assert_eq!(asks_from("127.0.0.1", server.address).await, 0, "sockets count");
    for tab in &mut tabs {
        tab.follows(mint()).await;
        tab.waits_for(|received| matches!(received, Received::Gone(_))).await;
    }
    drop(tabs);
    soon("there is room again", async { while asks_from("127.0.0.1", server.address).await != 200 {} }).await;
}

/// What a real server allows is shorter than anybody's patience, and longer than a slow line needs.
#[test]
fn the_usual_limits_are_bearable() {
    let usual = ConnectionLimits::default();
    assert!(usual.first_head < usual.idle && usual.idle <= PATIENCE && usual.body_idle < PATIENCE);
    let few = ConnectionLimits::within(1024);
    assert!(few.connections < 1024 && few.client_connections * 4 <= few.connections && few.client_connections > 100);
}
