//! What of a conversation a model is sent: what fits, what is left out and said to be, and summaries.

#[path = "context/fitting.rs"]
mod fitting;
#[path = "context/summaries.rs"]
mod summaries;

use std::fs;

use kit::{Chat, Folder, Person, Server, provider::Writer};
use rivulet::{
    config::Settings,
    message::{Kind, Status, StopReason},
    server::serve::ConnectionLimits,
};
use serde_json::{Value, json};

/// A server whose model reads and writes so many tokens together. It stands in a file of the folder.
async fn server_with_context(tokens: u64) -> (Server, Folder) {
    let folder = Folder::new();
    let path = folder.path().join("prices.json");
    let model = json!({ "context": tokens });
    fs::write(&path, json!({ "providers": { "test": { "models": { "model": model } } } }).to_string()).expect("a file");
    let change = |settings: &mut Settings| settings.prices = Some(path);
    (Server::with(change, ConnectionLimits::default()).await, folder)
}

/// What the model was sent, as role and words.
fn sent(asked: &Value) -> Vec<(String, String)> {
    let turns = asked["messages"].as_array().expect("messages").iter();
    let word = |turn: &Value, field: &str| turn[field].as_str().expect("a word").to_owned();
    turns.map(|turn| (word(turn, "role"), word(turn, "content"))).collect()
}

/// The provider answers the next request. Gives what it was sent.
async fn answers(server: &Server, words: &str) -> Vec<(String, String)> {
    let writer: Writer = server.provider.is_asked().await;
    let asked = sent(&writer.asked);
    writer.writes(words);
    writer.ends();
    asked
}

async fn ends(person: &Person, chat: &Chat) -> Status {
    let mut tab = person.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await
}

/// Begins or continues a conversation with an exchange. Gives what the model was sent.
async fn exchange(server: &Server, ada: &Person, before: Option<Chat>, text: &str) -> (Chat, Vec<(String, String)>) {
    let chat = match before {
        None => ada.asks(text).await,
        Some(before) => ada.asks_in(before.id, text).await.expect("it is sent"),
    };
    let asked = answers(server, "Hi").await;
    assert_eq!(ends(ada, &chat).await, Status::Completed);
    (chat, asked)
}

/// Rule: what does not fit into the model's context is left out from the oldest exchange on, and the reply has how much.
#[tokio::test]
async fn what_does_not_fit_is_left_out_and_said() {
    let (server, _folder) = server_with_context(400).await;
    let ada = server.sign_up("Ada").await;
    // Each takes half of what is left beside the answer, once the provider has counted.
    let [one, two, three] = ["a", "b", "c"].map(|letter| letter.repeat(850));
    let (chat, _) = exchange(&server, &ada, None, &one).await;
    let (chat, asked) = exchange(&server, &ada, Some(chat), &two).await;
    assert_eq!(asked.len(), 3, "all fits");
    assert!(ada.finds(&chat).await.parts.iter().all(|part| !part.kind.is_note()));
    let (chat, asked) = exchange(&server, &ada, Some(chat), &three).await;
    let words: Vec<&str> = asked.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(words, [&two, "Hi", &three], "the first exchange is left out");
    let reply = ada.finds(&chat).await;
    assert_eq!(reply.parts[0].kind, Kind::LeftOut { messages: 2, context: Some(400) });
    assert_eq!(reply.text(), "Hi");
}

/// Rule: what does not fit even alone is not sent at all, and that is said; so is a provider's own refusal.
#[tokio::test]
async fn what_is_larger_than_the_context_is_not_sent() {
    let (server, _folder) = server_with_context(400).await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks(&"a".repeat(2_000)).await;
    assert_eq!(ends(&ada, &chat).await, Status::Failed);
    let reply = ada.finds(&chat).await;
    assert_eq!((reply.stop_reason, reply.parts.len()), (Some(StopReason::Context), 0));
    assert!(reply.error.is_some_and(|error| error.contains("400 tokens")));
    assert!(server.provider.is_asked_no_more().await);
    let chat = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes_bytes("data: {\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"Too much.\"}}\n\n");
    assert_eq!(ends(&ada, &chat).await, Status::Failed);
    let reply = ada.finds(&chat).await;
    assert_eq!(reply.stop_reason, Some(StopReason::Context));
    assert!(reply.error.is_some_and(|error| error.contains("Too much. Summarise it")));
}
