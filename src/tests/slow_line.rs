//! A page on a line that brings little in a second.

use std::{net::SocketAddr, time::Duration};

use kit::{Person, Received, Server, Tab, Writer};
use rivulet::{
    ids::MessageId,
    live::{FRAME_LIMIT, frame_size::FIRST_FRAME_LIMIT},
    message::{Change, Status},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

/// A line to the server that carries so many bytes a second to the page, and holds little.
struct SlowLine {
    address: SocketAddr,
    rate: watch::Sender<usize>,
    _lines: JoinSet<()>,
}

impl SlowLine {
    async fn to(server: SocketAddr, rate: usize) -> SlowLine {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the line");
        let address = listener.local_addr().expect("the line's address");
        let rate = watch::Sender::new(rate);
        let mut lines = JoinSet::new();
        let rates = rate.clone();
        lines.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((page, _)) = listener.accept().await {
                connections.spawn(carry(page, server, rates.subscribe()));
            }
        });
        SlowLine { address, rate, _lines: lines }
    }
}

async fn carry(mut page: TcpStream, server: SocketAddr, rate: watch::Receiver<usize>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    // Less of it, and the system itself pauses for seconds: it counts what a frame takes in memory.
    socket.set_recv_buffer_size(16 * 1024).expect("a small buffer");
    let mut server = socket.connect(server).await.expect("the server");
    page.set_nodelay(true).expect("a connected socket");
    let ((mut from_page, mut to_page), (mut from_server, mut to_server)) = (page.split(), server.split());
    let slowly = async {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let rate = *rate.borrow();
            // Twenty times a second.
            let most = (rate / 20).clamp(1, bytes.len());
            match from_server.read(&mut bytes[..most]).await {
                Ok(length @ 1..) if to_page.write_all(&bytes[..length]).await.is_ok() => {
                    sleep(Duration::from_secs_f64(length as f64 / rate as f64)).await;
                }
                _ => return,
            }
        }
    };
    tokio::select! {
        () = slowly => {}
        _ = copy(&mut from_page, &mut to_server) => {}
    }
}

/// Rule: a page with much to catch up with makes progress at 300 bytes a second, on one connection, and what is written
/// meanwhile comes, too, once the line is better.
#[tokio::test]
async fn a_backlog_arrives_at_300_bytes_a_second() {
    const LOOKED_AT: Duration = Duration::from_secs(24);
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut quick = ada.opens_a_tab().await;
    quick.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    let mut text = "Slowly does it. ".repeat(4_000);
    provider.writes(&text);
    quick.sees(chat.reply, &text).await;
    let line = SlowLine::to(ada.address, 300).await;
    let away = Person { address: line.address, ..ada.clone() };
    let mut tab = Tab::open_with(&away, None).await;
    tab.follows(chat.reply).await;
    let until = Instant::now() + LOOKED_AT;
    while timeout_at(until, tab.acts(0.5)).await.is_ok() {}
    assert_eq!(tab.connection.connections, 1, "it came back");
    // The first seconds bring the connection, and heartbeats take their share.
    let came = tab.text(chat.reply).len();
    assert!(came >= 2_500, "{came} bytes in {LOOKED_AT:?}");
    provider.writes("Done.");
    provider.ends();
    text += "Done.";
    line.rate.send_replace(10_000_000);
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert!(tab.text(chat.reply) == text);
    assert_eq!(tab.connection.connections, 1, "it came back");
}

/// Rule: frames are short on a new connection, and longer once a page is seen to receive them.
#[tokio::test]
async fn frames_become_longer_where_they_arrive() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    let mut tab = ada.opens_a_tab().await;
    tab.receives_heartbeats(1).await;
    tab.follows(chat.reply).await;
    let mut written = String::new();
    let lengths = gets_long_frames(&mut tab, chat.reply, &provider, &mut written).await;
    assert!(lengths[0] < FIRST_FRAME_LIMIT && lengths.is_sorted(), "{lengths:?}");
    tab.reconnects(&ada).await;
    let longest = longest_of_many(&mut tab, chat.reply, &provider, &mut written).await;
    assert!(longest < FRAME_LIMIT / 2, "the next connection may be another line, and got {longest} bytes at once");
}

/// Has much written, a heartbeat at a time, until a tab gets it in long frames, and gives the longest text at each time.
pub async fn gets_long_frames(tab: &mut Tab, id: MessageId, provider: &Writer, written: &mut String) -> Vec<usize> {
    let mut lengths = vec![];
    while lengths.last().is_none_or(|longest| *longest < FRAME_LIMIT / 2) {
        lengths.push(longest_of_many(tab, id, provider, written).await);
        tab.receives_heartbeats(1).await;
    }
    lengths
}

async fn longest_of_many(tab: &mut Tab, id: MessageId, provider: &Writer, written: &mut String) -> usize {
    let (text, before) = ("Quickly now. ".repeat(5_000), tab.received.len());
    provider.writes(&text);
    *written += &text;
    tab.sees(id, written).await;
    let length = |received: &Received| match received {
        Received::Change(_, Change::Text(text)) => text.text.len(),
        _ => 0,
    };
    tab.received[before..].iter().map(length).max().unwrap_or_default()
}
