//! What a reply costs.

use std::fs;

use kit::{Folder, Server};
use rivulet::{
    chat::api::ModelList,
    config::Settings,
    conversation::ConversationUsage,
    message::{Price, Usage},
    server::serve::ConnectionLimits,
};
use serde_json::json;

/// Rule: a reply ends with what it cost by the prices of that time; the list of models has prices and how much they read.
#[tokio::test]
async fn a_reply_ends_with_what_it_cost() {
    let folder = Folder::new();
    let path = folder.path().join("prices.json");
    let model = json!({ "context": 8192, "input": 2, "output": 6 });
    fs::write(&path, json!({ "providers": { "test": { "models": { "model": model } } } }).to_string()).expect("a file");
    let change = |settings: &mut Settings| settings.prices = Some(path);
    let server = Server::with(change, ConnectionLimits::default()).await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi");
    writer.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    // Three tokens were read, and five written.
    let usage = Usage { input_tokens: 3, output_tokens: 5, cost: Some(3 * 2_000 + 5 * 6_000), ..Usage::default() };
    assert_eq!(ada.finds(&chat).await.usage, Some(usage));
    // Another reply, of which no price is known, as it was made with an earlier version.
    server
        .database()
        .await
        .run("UPDATE messages SET usage = '{\"input_tokens\":10,\"output_tokens\":20}' WHERE usage IS NOT NULL")
        .await;
    let chat = ada.asks_in(chat.id, "And?").await.expect("it is sent");
    let writer = server.provider.is_asked().await;
    writer.writes("So");
    writer.ends();
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let sum: ConversationUsage = ada.call("conversation-usage", json!({ "id": chat.id })).await.expect("the sum");
    let usage = Usage { input_tokens: 13, output_tokens: 25, ..usage };
    assert_eq!(sum, ConversationUsage { replies: 2, without_cost: 1, usage });
    let list: ModelList = ada.call("models", json!({})).await.expect("the models");
    let price = Price { input: 2_000_000_000, output: 6_000_000_000, cached: 2_000_000_000 };
    assert_eq!((list.models[0].context, list.models[0].price), (Some(8192), Some(price)));
}
