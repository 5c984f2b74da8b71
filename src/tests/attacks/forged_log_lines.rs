//! Makes the server log text that looks like lines of its own, or that controls a terminal.

use kit::{Folder, Person, Provider, Refused, Server};
use rivulet::{chat::api::Sending, error::Failure, server::telemetry::escaped};

use crate::program;

const FORGED: &str = "x\n2026-11-27T00:00:00.000000Z  INFO rivulet: all is well\u{1b}]0;owned\u{7}\u{202e}";

/// Rule: a provider's text is logged on the line of its failure, and cannot control a terminal.
#[tokio::test]
async fn a_provider_writes_no_line_of_its_own() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    let mut process = program::start(&folder).await;
    let ada = Person::signs_up(process.address, "Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let writer = provider.is_asked().await;
    writer.writes("Words.");
    writer.writes_bytes(format!("data: {}\n\n", serde_json::json!({ "error": { "message": FORGED } })));
    drop(writer);
    tab.sees_the_end(chat.reply).await;
    process.is_asked_to_stop();
    let (_, log) = process.ends().await;
    assert!(log.contains("all is well"), "{log}");
    assert!(log.lines().all(|line| !line.starts_with("2026-11-27T00:00:00.000000Z")), "{log}");
    assert!(!log.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{log:?}");
}

/// Rule: only models of the menu are taken.
#[tokio::test]
async fn a_model_is_one_of_the_menu() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for model in
        [FORGED.to_owned(), format!("test/{FORGED}"), format!("test/{}", "m".repeat(3_000_000)), "test/other".into()]
    {
        let sending = Sending { model, ..Person::first_message("Hello") };
        assert_eq!(ada.sends(&sending).await, Err(Refused::of(Failure::UnknownModel)));
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM messages").await, 0);
}

/// Rule: an escaped text is one line without control sequences, and can still be read.
#[test]
fn an_escaped_text_is_one_line() {
    assert_eq!(escaped("plain ä 水 👩‍👩‍👧"), "plain ä 水 👩‍👩‍👧");
    assert_eq!(escaped("a\nb\r\u{1b}[2J\u{85}\u{202e}\u{2066}\t"), "a\\nb\\r\\u{1b}[2J\\u{85}\\u{202e}\\u{2066}\\t");
}
