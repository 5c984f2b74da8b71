//! `examples/follow.rs`, the client that the documentation shows, against the real server.

use std::io::{self, Write};

use kit::{Server, person::PASSWORD, soon};
use rivulet::message::Status;
use tokio::sync::mpsc;

#[path = "../../examples/follow.rs"]
#[allow(dead_code, reason = "its main, too, is in it")]
mod follow;

/// What the example prints, piece by piece.
struct Printer(mpsc::UnboundedSender<String>);

impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The test may have ended.
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads until exactly this was printed.
async fn prints(printed: &mut mpsc::UnboundedReceiver<String>, wanted: &str) {
    let mut text = String::new();
    while text != wanted {
        text += &soon(wanted, printed.recv()).await.expect("a client that follows");
        assert!(wanted.starts_with(&text), "{text:?} is no beginning of {wanted:?}");
    }
}

/// Rule: the example prints the reply that runs as it comes, and nothing twice when the server closes its socket.
#[tokio::test]
async fn the_example_prints_a_reply_as_it_comes_through_a_lost_connection() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Grüß");
    let (pieces, mut printed) = mpsc::unbounded_channel();
    let host = server.address.to_string();
    let following =
        tokio::spawn(async move { follow::follow(&host, "ada@example.org", PASSWORD, Printer(pieces)).await });
    prints(&mut printed, "Grüß").await;
    provider.writes(" dich.");
    prints(&mut printed, " dich.").await;
    server.app.hub.restarting();
    provider.writes(" Willkommen!");
    prints(&mut printed, " Willkommen!").await;
    provider.ends();
    let status = soon("the end", following).await.expect("no panic").expect("no error");
    assert_eq!(status, Status::Completed);
    assert_eq!(printed.recv().await, None, "nothing is printed twice");
}

/// Rule: where nothing runs yet it waits for the next reply, in a conversation that it does not have yet, too.
#[tokio::test]
async fn the_example_waits_for_a_reply() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (pieces, mut printed) = mpsc::unbounded_channel();
    let host = server.address.to_string();
    let following =
        tokio::spawn(async move { follow::follow(&host, "ada@example.org", PASSWORD, Printer(pieces)).await });
    ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hello, Ada.");
    prints(&mut printed, "Hello, Ada.").await;
    provider.ends();
    let status = soon("the end", following).await.expect("no panic").expect("no error");
    assert_eq!(status, Status::Completed);
}

/// Rule: a wrong password is an error, and nobody waits.
#[tokio::test]
async fn the_example_ends_at_a_wrong_password() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let host = server.address.to_string();
    let followed = soon("an answer", follow::follow(&host, "ada@example.org", "wrong horse", io::sink())).await;
    assert!(followed.is_err_and(|error| error.to_string().contains("401")));
}
