//! Announces large bodies and sends half of them, or sends them slowly, so that the server keeps what came.

use std::time::Duration;

use kit::{Server, soon};
use rivulet::{protocol::FUNCTIONS, server::serve::ConnectionLimits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The answer to a request whose body never comes whole. It has to come all the same.
async fn answer(server: &Server, path: &str, cookie: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let kind = if path.starts_with("/api/") { "application/json" } else { "application/x-www-form-urlencoded" };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nAccept: application/json\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.expect("the head");
    let mut answer = vec![];
    let mut buffer = [0; 4096];
    soon("an answer though the body is not whole", async {
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend(&buffer[..read]),
            }
        }
    })
    .await;
    String::from_utf8_lossy(&answer).into_owned()
}

const HALF: &str = "Content-Length: 3900000\r\n\r\n{\"sending\": ";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"sen\r\n";

/// With the limits of a real server, which are long: who is not signed in is refused at once.
#[tokio::test]
async fn who_is_not_signed_in_is_refused_before_the_body() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for function in ["send", "messages", "conversations", "stop", "retry", "continue", "rename", "delete", "models"] {
        for cookie in ["", "rivulet_session=forged"] {
            // As many bytes as anybody may send to it.
            let small = HALF.replace("3900000", "16000");
            let bodies = if function == "send" { vec![HALF, CHUNKED] } else { vec![small.as_str(), CHUNKED] };
            for body in bodies {
                let answer = answer(&server, &format!("{FUNCTIONS}{function}"), cookie, body).await;
                assert!(answer.starts_with("HTTP/1.1 401 "), "{function}: {answer}");
            }
        }
    }
    ada.asks("Hello").await;
}

#[tokio::test]
async fn nobody_sends_much_but_messages_of_who_is_signed_in() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let open = ["enter", "account-form"].map(|function| format!("{FUNCTIONS}{function}"));
    for path in ["/", "/sign-in", "/create-account", "/sign-out", "/c/x", &open[0], &open[1]] {
        let answer = answer(&server, path, "", HALF).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
    }
    for function in ["rename", "stop", "enter", "messages"] {
        let answer = answer(&server, &format!("{FUNCTIONS}{function}"), &ada.cookie, HALF).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{function}: {answer}");
    }
    // In chunks, so that no length is announced.
    let chunk = "x".repeat(4096);
    let mut body = "Transfer-Encoding: chunked\r\n\r\n".to_owned();
    for _ in 0..5 {
        body += &format!("1000\r\n{chunk}\r\n");
    }
    let answer = answer(&server, "/sign-in", "", &body).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    ada.asks(&"x".repeat(512 * 1024)).await;
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let limits = ConnectionLimits { body_idle: Duration::from_millis(300), ..ConnectionLimits::default() };
    let server = Server::with(|_| {}, limits).await;
    let ada = server.sign_up("Ada").await;
    for (path, cookie) in [("/sign-in", ""), (&*format!("{FUNCTIONS}send"), &*ada.cookie), ("/", &ada.cookie)] {
        let answer = answer(&server, path, cookie, "Content-Length: 9000\r\n\r\n{").await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let limits = ConnectionLimits { body: Duration::from_millis(500), ..ConnectionLimits::default() };
    let server = Server::with(|_| {}, limits).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("the head");
    let (mut read, mut write) = stream.into_split();
    let drips = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut first = [0];
    soon("an answer though the body is not whole", async {
        tokio::select! {
            () = drips => {}
            _ = read.read(&mut first) => {}
        }
    })
    .await;
}

/// A body that comes slowly outlasts no session.
#[tokio::test]
async fn a_session_that_ended_while_the_body_came_counts_no_more() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Said in confidence.").await;
    let body = serde_json::json!({ "id": chat.id, "window": "newest" }).to_string();
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST {FUNCTIONS}messages HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\nConnection: close\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        ada.cookie,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the head");
    // The server wants the body: it has looked up whose it is.
    let mut wants = [0; 25];
    soon("the server asks for the body", stream.read_exact(&mut wants)).await.expect("an interim answer");
    assert!(wants.starts_with(b"HTTP/1.1 100 Continue"));
    ada.signs_out().await;
    stream.write_all(body.as_bytes()).await.expect("the body");
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.expect("a whole answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(!answer.contains("in confidence"));
}
