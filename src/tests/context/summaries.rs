//! Summaries: replies that stand for what is before them.

use kit::{Chat, Server};
use rivulet::{
    error::Failure,
    message::{Kind, Message, Role, Status},
};

use super::{answers, ends, exchange, sent, server_with_context};

async fn server_with_two_exchanges() -> (Server, kit::Person, Chat) {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, _) = exchange(&server, &ada, None, "One").await;
    let (chat, _) = exchange(&server, &ada, Some(chat), "Two").await;
    (server, ada, chat)
}

fn words(asked: &[(String, String)]) -> Vec<&str> {
    asked.iter().map(|(_, words)| words.as_str()).collect()
}

/// Rule: a summary is a message of its own that follows the branch, with how much it covers; what is sent after it is sent
/// with it, in place of that. Another one covers it, too.
#[tokio::test]
async fn a_summary_stands_for_what_is_before_it() {
    let (server, ada, chat) = server_with_two_exchanges().await;
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    assert_eq!((row.role, row.parent), (Role::Summary, Some(chat.reply)));
    let asked = answers(&server, "They greeted twice.").await;
    assert_eq!(words(&asked)[..4], ["One", "Hi", "Two", "Hi"]);
    assert!(words(&asked)[4].starts_with("Summarise the conversation above") && asked.len() == 5);
    let summary = Chat { reply: row.id, ..chat };
    assert_eq!(ends(&ada, &summary).await, Status::Completed);
    let kept = ada.finds(&summary).await;
    assert_eq!((kept.text().as_str(), &kept.parts[0].kind), ("They greeted twice.", &Kind::Covered { messages: 4 }));

    let (chat, asked) = exchange(&server, &ada, Some(chat), "Three").await;
    let [(role, sent)] = &asked[..] else { panic!("one turn: {asked:?}") };
    assert!(
        role == "user" && sent.contains("<summary>\nThey greeted twice.\n</summary>") && sent.ends_with("\n\nThree")
    );
    let page = ada.reads(chat.id).await.expect("the conversation");
    assert_eq!(page.metas.iter().find(|meta| meta.id == chat.message).expect("its row").parent, Some(row.id));

    let next = ada.summarises(chat.reply).await.expect("it is asked for");
    let asked = answers(&server, "And once more.").await;
    assert!(asked[0].1.contains("They greeted twice.") && asked.len() == 3);
    let next = Chat { reply: next.id, ..chat };
    ends(&ada, &next).await;
    assert_eq!(ada.finds(&next).await.parts[0].kind, Kind::Covered { messages: 6 });
}

/// Rule: the summary is sent however much was written since: what is left out stands behind it.
#[tokio::test]
async fn a_summary_is_sent_however_much_follows_it() {
    let (server, _folder) = server_with_context(1_000).await;
    let ada = server.sign_up("Ada").await;
    let (chat, _) = exchange(&server, &ada, None, "One").await;
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    answers(&server, "They greeted.").await;
    let mut chat = Chat { reply: row.id, ..chat };
    ends(&ada, &chat).await;
    for _ in 0..10 {
        (chat, _) = exchange(&server, &ada, Some(chat), &"word ".repeat(280)).await;
    }
    let (chat, asked) = exchange(&server, &ada, Some(chat), "And now?").await;
    assert!(asked[0].1.contains("<summary>\nThey greeted.\n</summary>"), "{asked:?}");
    let Kind::LeftOut { messages, .. } = ada.finds(&chat).await.parts[0].kind else { panic!("nothing was left out") };
    assert_eq!(messages as usize + asked.len(), 21, "all behind the summary is sent or said to be left out");
}

/// Rule: a summary that was stopped stands for nothing; Retry writes another one beside it, and Continue has the rest written.
#[tokio::test]
async fn an_unfinished_summary_stands_for_nothing() {
    let (server, ada, chat) = server_with_two_exchanges().await;
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    let writer = server.provider.is_asked().await;
    writer.writes("They gre");
    let mut tab = ada.opens_a_tab().await;
    tab.follows(row.id).await;
    tab.sees(row.id, "They gre").await;
    assert!(ada.asks_in(chat.id, "Three").await.is_err_and(|refused| refused.failure == Failure::Busy), "it runs");
    ada.stops(row.id).await.expect("it is stopped");
    assert_eq!(tab.sees_the_end(row.id).await, Status::Stopped);
    let (_, asked) = exchange(&server, &ada, Some(chat), "Three").await;
    assert_eq!(words(&asked), ["One", "Hi", "Two", "Hi", "Three"]);

    let retry = ada.retries(row.id).await.expect("another one");
    assert_eq!((retry.role, retry.parent), (Role::Summary, Some(chat.reply)));
    assert_eq!(answers(&server, "They greeted.").await.len(), 5);
    ends(&ada, &Chat { reply: retry.id, ..chat }).await;

    ada.continues(row.id, tab.message(row.id).epoch).await.expect("it is continued");
    let writer = server.provider.is_asked().await;
    let asked = sent(&writer.asked);
    assert_eq!(asked[5], ("assistant".to_owned(), "They gre".to_owned()));
    writer.writes("eted.");
    writer.ends();
    tab.follows(row.id).await;
    tab.sees(row.id, "They greeted.").await;
    assert_eq!(tab.sees_the_end(row.id).await, Status::Completed);
    let notes = |message: &Message| message.parts.iter().filter(|part| part.kind.is_note()).count();
    assert_eq!(notes(tab.message(row.id)), 1, "how much it covers is there once");
}

/// Rule: a branch that does not fit into the model's context is summarised in pieces, each with the summary of those before.
#[tokio::test]
async fn a_long_branch_is_summarised_in_pieces() {
    let (server, _folder) = server_with_context(700).await;
    let ada = server.sign_up("Ada").await;
    let (mut chat, _) = exchange(&server, &ada, None, &"a".repeat(900)).await;
    for letter in ["b", "c"] {
        chat = exchange(&server, &ada, Some(chat), &letter.repeat(900)).await.0;
    }
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    let first = answers(&server, "Many of a and b.").await;
    assert!(first[0].1.starts_with("aaa"));
    let last = answers(&server, "Many letters.").await;
    assert!(last[0].1.contains("Many of a and b.") && last[0].1.contains("ccc"), "{last:?}");
    let summary = Chat { reply: row.id, ..chat };
    assert_eq!(ends(&ada, &summary).await, Status::Completed);
    let kept = ada.finds(&summary).await;
    assert_eq!((kept.text().as_str(), &kept.parts[0].kind), ("Many letters.", &Kind::Covered { messages: 6 }));
    assert_eq!(kept.usage.map(|usage| usage.output_tokens), Some(10), "both requests count");
}

/// Rule: what is queued behind a summary is sent with it, and what waits for the reply before it waits for the summary.
#[tokio::test]
async fn the_queue_waits_for_a_summary() {
    let (server, ada, chat) = server_with_two_exchanges().await;
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    let summary = Chat { reply: row.id, ..chat };
    ada.queues(&summary, "Three").await.expect("it is queued");
    answers(&server, "They greeted twice.").await;
    let asked = answers(&server, "Hi").await;
    assert!(asked[0].1.contains("They greeted twice.") && asked[0].1.ends_with("Three"));
}

/// Rule: a message that does not fit beside a summary is summarised in slices, and every character of it is sent once.
#[tokio::test]
async fn a_large_message_is_summarised_in_slices() {
    let (server, _folder) = server_with_context(1_000).await;
    let ada = server.sign_up("Ada").await;
    let text: String = (0..400).map(|number| format!("{number:05}")).collect();
    let (chat, _) = exchange(&server, &ada, None, &text).await;
    let row = ada.summarises(chat.reply).await.expect("it is asked for");
    let summary = Chat { reply: row.id, ..chat };
    let mut tab = ada.opens_a_tab().await;
    tab.follows(row.id).await;
    let mut sliced = String::new();
    while !sliced.contains("00399") {
        let asked = answers(&server, "Numbers.").await;
        let digits = asked.iter().flat_map(|(_, words)| words.chars()).filter(char::is_ascii_digit);
        // The instruction has a number, too.
        sliced.extend(digits);
        sliced.truncate(sliced.len() - 3);
    }
    assert_eq!(sliced, text);
    assert_eq!(ends(&ada, &summary).await, Status::Completed);
    assert_eq!(ada.finds(&summary).await.text(), "Numbers.");
}
