//! Starts replies without end.

use futures::future::join_all;
use kit::{Database, Folder, LIMITS, Person, Provider};
use rivulet::{
    chat::api::{Sending, Sent},
    error::Failure,
};
use serde_json::json;

use crate::program;

/// Rule: of 300 messages at once four are answered; the others are refused in words, and nothing of them is kept.
#[tokio::test]
async fn of_300_replies_at_once_few_run() {
    let (provider, folder) = (Provider::start().await, Folder::new());
    let settings = folder.settings(&provider.url, 0).replace(LIMITS, "");
    folder.has_settings(&settings);
    let process = program::start(&folder).await;
    let ada = Person::signs_up(process.address, "Ada").await;
    let sent = join_all((0..300).map(|number| {
        let ada = ada.clone();
        async move { ada.sends(&Person::first_message(&format!("Number {number}"))).await }
    }))
    .await;
    let mut writers = vec![];
    for _ in sent.iter().filter(|sent| sent.is_ok()) {
        writers.push(provider.is_asked().await);
    }
    assert_eq!(writers.len(), 4, "replies that run");
    for refused in sent.iter().filter_map(|sent| sent.as_ref().err()) {
        assert_eq!(refused.status, 429);
        assert!(refused.failure.to_string().contains("Wait for one or stop one"), "{}", refused.failure);
    }
    assert_eq!(Database::open(&folder.database()).await.count("SELECT COUNT(*) FROM conversations").await, 4);
    // What came before is not refused when it is sent again.
    let first = sent.iter().find_map(|sent| sent.as_ref().ok()).expect("one that runs");
    ada.stops(first.reply).await.expect("it can be stopped");
    let sending = Person::first_message("The fourth");
    let fourth = ada.sends(&sending).await.expect("room for one");
    let again: Sent = ada.call("send", json!({ "sending": sending })).await.expect("it needs no room");
    assert!(again.messages.is_empty(), "nothing was done");
    let changed = ada.sends(&Sending { text: "Other words".into(), ..sending }).await;
    assert_eq!(changed.expect_err("other words under the same id").failure, Failure::Changed);
    // One that has ended makes room.
    ada.stops(fourth.reply).await.expect("it can be stopped");
    ada.asks("Once more").await;
}
