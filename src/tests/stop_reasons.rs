//! Replies that the provider ends before all was said: why, and what can be done then.

use kit::{Chat, Person, Refused, Server, Tab};
use rivulet::{
    error::Failure,
    message::{Message, Status, StopReason},
};

/// A reply of these words that the provider ended for this reason, as a tab has it that saw it, and as it was written.
async fn ended_because(server: &Server, ada: &Person, reason: &str, words: &str) -> (Chat, Tab, Message) {
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    if !words.is_empty() {
        provider.writes(words);
    }
    provider.ends_because(reason);
    tab.sees_the_end(chat.reply).await;
    let kept = ada.finds(&chat).await;
    assert_eq!(&kept, tab.message(chat.reply));
    assert_eq!(kept.text(), words);
    (chat, tab, kept)
}

/// Rule: a reply that the model's limit ended is complete and has a sentence about it, and Continue has the rest written, once.
#[tokio::test]
async fn a_reply_that_the_limit_ended_can_be_continued() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, kept) = ended_because(&server, &ada, "length", "Half of").await;
    assert_eq!((kept.status, kept.stop_reason), (Status::Completed, Some(StopReason::Length)));
    assert!(kept.error.is_some_and(|error| error.contains("the longest reply")));
    ada.continues(chat.reply, kept.epoch).await.expect("it is continued");
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes(" it");
    tab.sees(chat.reply, "Half of it").await;
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    let whole = ada.finds(&chat).await;
    assert_eq!((whole.stop_reason, &whole.error), (None, &None));
    assert_eq!(&whole, tab.message(chat.reply));
    assert_eq!(ada.continues(chat.reply, whole.epoch).await, Err(Refused::of(Failure::Changed)), "it is complete");
}

/// Rule: a refusal is a whole reply, which there is nothing to continue of; what a filter held back is missing.
#[tokio::test]
async fn a_refusal_is_whole_and_what_was_filtered_is_not() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, _, refusal) = ended_because(&server, &ada, "refusal", "I cannot help with that.").await;
    assert_eq!((refusal.status, refusal.stop_reason), (Status::Completed, Some(StopReason::Refusal)));
    assert!(refusal.error.is_some_and(|error| error.contains("declined to answer")));
    assert_eq!(ada.continues(chat.reply, refusal.epoch).await, Err(Refused::of(Failure::Changed)));
    let (_, _, filtered) = ended_because(&server, &ada, "content_filter", "Half of").await;
    assert_eq!((filtered.status, filtered.stop_reason), (Status::Failed, Some(StopReason::ContentFilter)));
    assert!(filtered.error.is_some_and(|error| error.contains("content filter")));
    // Nobody is refused twice by asking the same again.
    let (_, _, empty) = ended_because(&server, &ada, "refusal", "").await;
    assert_eq!((empty.status, empty.stop_reason), (Status::Failed, Some(StopReason::Refusal)));
    assert!(server.provider.is_asked_no_more().await);
}
