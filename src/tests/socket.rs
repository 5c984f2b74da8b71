//! The socket: who may open one, and how it ends.

use kit::{Person, Received, Server, Tab, upgrade};
use rivulet::live::close;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, http::Request},
};

/// The status with which the server refuses a socket.
async fn is_refused(person: &Person, request: Request<()>) -> u16 {
    let stream = TcpStream::connect(person.address).await.expect("a connection");
    match client_async(request, stream).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// Rule: Origin and session are checked at the upgrade.
#[tokio::test]
async fn only_pages_of_this_server_and_people_who_are_signed_in_get_a_socket() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for origin in ["http://evil.example", "null", "", "http://127.0.0.1", "https://127.0.0.1.evil.example"] {
        let mut request = upgrade(&ada);
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
        assert_eq!(is_refused(&ada, request).await, 403, "{origin}");
    }
    let mut request = upgrade(&ada);
    request.headers_mut().remove("origin");
    assert_eq!(is_refused(&ada, request).await, 403, "without an Origin");
    for cookie in ["", "rivulet_session=", "rivulet_session=forged", "other=1"] {
        let stranger = Person { cookie: cookie.into(), ..ada.clone() };
        assert_eq!(is_refused(&ada, upgrade(&stranger)).await, 401, "{cookie}");
    }
    server.database().await.run("UPDATE sessions SET expires_at = 1").await;
    assert_eq!(is_refused(&ada, upgrade(&ada)).await, 401, "an expired one");
}

/// Rule: a socket whose session is over is closed at once; that of another session is not.
#[tokio::test]
async fn signing_out_closes_the_sockets_of_that_session() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let elsewhere = ada.signs_in_again("Ada").await;
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hi");
    let (mut one, mut two, mut other) =
        (ada.opens_a_tab().await, ada.opens_a_tab().await, elsewhere.opens_a_tab().await);
    for tab in [&mut one, &mut two, &mut other] {
        tab.follows(chat.reply).await;
        tab.sees(chat.reply, "Hi").await;
    }
    ada.signs_out().await;
    assert_eq!(one.is_closed().await, close::SIGNED_OUT);
    assert_eq!(two.is_closed().await, close::SIGNED_OUT);
    provider.writes(" there");
    other.sees(chat.reply, "Hi there").await;
    assert_eq!(ada.reads(chat.id).await.expect_err("the session is over").status, 401);
}

/// Rule: access is checked again while subscribed. A session that expires ends its sockets at a heartbeat.
#[tokio::test]
async fn a_session_that_expires_closes_its_sockets() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hi");
    tab.sees(chat.reply, "Hi").await;
    server.database().await.run("UPDATE sessions SET expires_at = 1").await;
    // The page keeps what was typed: nobody has signed out.
    assert_eq!(tab.is_closed().await, close::SESSION_OVER);
}

/// Rule: a long text delays no revocation. The tab reads nothing until it is signed out; what was sent before
/// may arrive, the rest of the 8 MiB may not.
#[tokio::test]
async fn a_long_text_does_not_delay_the_end_of_a_session() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hi");
    ada.stops(chat.reply).await.expect("it is stopped");
    // Quotation marks take two bytes in frames.
    let quotes = "\\\"".repeat(4 * 1024 * 1024 - 1);
    let parts = format!(r#"[{{"kind":"text","started_at":1,"text":"{quotes}"}}]"#);
    server.database().await.run(format!("UPDATE messages SET parts = '{parts}' WHERE id = '{}'", chat.reply)).await;
    let mut tab = Tab::open_with(&ada, Some(32 * 1024)).await;
    tab.follows(chat.reply).await;
    tab.waits_for(|received| matches!(received, Received::Change(..))).await;
    ada.signs_out().await;
    assert_eq!(tab.is_closed().await, close::SIGNED_OUT);
    let came = tab.message(chat.reply).size();
    assert!(came < 4 * 1024 * 1024, "{came} bytes came after the session was over");
}

/// Rule: frames that cannot be read are answered and counted, and the third closes the socket.
#[tokio::test]
async fn three_frames_that_cannot_be_read_close_the_socket() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    for nonsense in [r#"{"message":{"id":"msg_nonsense","position":null}}"#, r#"{"leave":7}"#, "\u{0}"] {
        tab.sends_text(nonsense).await;
        tab.waits_for(|received| matches!(received, Received::Error(_))).await;
    }
    assert_eq!(tab.is_closed().await, close::NONSENSE);
}

/// Rule: frames have a limit; a longer one ends the socket, and nothing else.
#[tokio::test]
async fn an_oversized_frame_closes_the_socket() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (mut tab, mut other) = (ada.opens_a_tab().await, ada.opens_a_tab().await);
    tab.sends_text(&"x".repeat(100 * 1024)).await;
    tab.is_closed().await;
    let chat = ada.asks("Hello").await;
    other.follows(chat.reply).await;
    server.provider.is_asked().await.writes("Still here");
    other.sees(chat.reply, "Still here").await;
}

/// Rule: if the session cannot be read, the socket is closed and sends nothing; it opens again once the session can be.
#[tokio::test]
async fn a_session_that_cannot_be_read_closes_the_socket() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    let mut database = server.database().await;
    database.run("ALTER TABLE sessions RENAME TO sessions_away").await;
    assert_eq!(tab.is_closed().await, close::RESTARTING);
    assert!(!tab.tries_to_reconnect().await, "a session that cannot be read opens no socket");
    database.run("ALTER TABLE sessions_away RENAME TO sessions").await;
    assert!(tab.tries_to_reconnect().await);
}
