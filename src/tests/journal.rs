//! The journal: durable before visible, one commit for all, and what happens when the database refuses.

mod failures;

use futures::future::join_all;
use kit::{Chat, Database, Person, Received, Refused, Server, Tab, Writer};
use rivulet::{
    error::Failure,
    message::{Kind, Status},
};

/// A reply that runs, with a tab that has seen its first words.
async fn streaming(server: &Server, ada: &Person, words: &str) -> (Chat, Tab, Writer) {
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes(words);
    tab.sees(chat.reply, words).await;
    (chat, tab, provider)
}

/// Rules: durable before visible; and until a commit's outcome is known the same batch is tried again.
/// Four beats are longer than the server waits for a lock, so at least one commit has failed meanwhile.
#[tokio::test]
async fn nothing_is_shown_before_it_is_committed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let mut database = server.database().await;
    database.locks().await;
    provider.writes(" world");
    tab.receives_heartbeats(4).await;
    assert_eq!(tab.text(chat.reply), "Hello", "the tab shows what is not committed");
    assert_eq!(ada.finds(&chat).await.text(), "Hello", "the page shows what is not committed");
    assert_eq!(database.journal_of(chat.reply).await, 2, "a birth and a text");
    database.unlocks().await;
    tab.sees(chat.reply, "Hello world").await;
    provider.writes("!");
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), "Hello world!");
}

/// Rule: a batch that succeeded though its outcome was unknown is neither written nor shown twice.
#[tokio::test]
async fn a_batch_that_succeeded_unnoticed_counts_once() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let mut database = server.database().await;
    database.locks().await;
    provider.writes(" world");
    tab.receives_heartbeats(1).await;
    let row = "INSERT INTO journal SELECT node_id, MAX(seq) + 1, message_id, 1, 0, 5, ' world' FROM journal";
    database.run(row).await;
    database.unlocks().await;
    tab.sees(chat.reply, "Hello world").await;
    provider.writes("!");
    tab.sees(chat.reply, "Hello world!").await;
    let texts = format!("SELECT COUNT(*) FROM journal WHERE message_id = '{}' AND at >= 0", chat.reply);
    assert_eq!(database.count(texts).await, 3);
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    assert_eq!(database.row_of(chat.reply).await, ("completed".into(), "Hello world!".into()));
}

/// Rule: one commit for all running replies. While the lock is held all have something to write; the first commit may
/// have been under way with a few of them, then everything else goes in one.
#[tokio::test]
async fn all_running_replies_share_a_commit() {
    const REPLIES: usize = 20;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    let mut replies = vec![];
    for _ in 0..REPLIES {
        let chat = ada.asks("Hello").await;
        tab.follows(chat.reply).await;
        replies.push((chat, server.provider.is_asked().await));
    }
    let mut database = server.database().await;
    count_commits(&mut database).await;
    database.locks().await;
    for (_, provider) in &replies {
        provider.writes("Together");
    }
    tab.receives_heartbeats(1).await;
    database.unlocks().await;
    for (chat, _) in &replies {
        tab.sees(chat.reply, "Together").await;
    }
    let commits = database.count("SELECT COUNT(*) FROM commits").await;
    assert!((1..=3).contains(&commits), "{commits} commits for {REPLIES} replies");
}

/// From now on each commit of the journal leaves a row.
async fn count_commits(database: &mut Database) {
    database
        .run(
            "CREATE TABLE commits (at INTEGER);
             CREATE TRIGGER counted AFTER UPDATE ON nodes BEGIN INSERT INTO commits VALUES (NEW.seen_at); END;",
        )
        .await;
}

/// Rule: the end is the last item; with it the row is whole and the journal's rows are gone.
#[tokio::test]
async fn the_end_folds_the_journal_into_the_row() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let mut database = server.database().await;
    assert!(database.journal_of(chat.reply).await > 0);
    // The last words and the end come at once.
    for word in [" and", " so", " on", "."] {
        provider.writes(word);
    }
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    assert_eq!(tab.text(chat.reply), "Hello and so on.");
    assert_eq!(database.row_of(chat.reply).await, ("completed".into(), "Hello and so on.".into()));
    assert_eq!(database.count("SELECT COUNT(*) FROM journal").await, 0);
}

/// Rule: a write whose message is gone cancels that reply; its readers are notified, and nothing of it is left.
#[tokio::test]
async fn a_message_deleted_while_it_streams_is_gone_everywhere() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    ada.deletes(chat.id).await.expect("it is deleted");
    tab.waits_for(|received| *received == Received::Gone(chat.reply)).await;
    provider.is_released().await;
    tab.follows(chat.reply).await;
    tab.waits_for(|received| *received == Received::Gone(chat.reply)).await;
    let mut database = server.database().await;
    for table in ["messages", "journal"] {
        database.comes_to(format!("SELECT COUNT(*) FROM {table}"), 0).await;
    }
    assert_eq!(ada.reads(chat.id).await, Err(Refused::of(Failure::NotFound)));
}

/// The same when another connection deletes the row in the middle of a text.
#[tokio::test]
async fn a_row_that_is_gone_cancels_its_reply() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let mut database = server.database().await;
    database.run(format!("DELETE FROM messages WHERE id = '{}'", chat.reply)).await;
    provider.writes(" world");
    tab.waits_for(|received| *received == Received::Gone(chat.reply)).await;
    provider.is_released().await;
    database.comes_to("SELECT COUNT(*) FROM journal", 0).await;
    assert_eq!(tab.text(chat.reply), "Hello");
}

/// Rule: everything that was written is in the journal in order, thinking and text as parts of their own.
#[tokio::test]
async fn many_replies_at_once_keep_their_words_apart() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut replies = vec![];
    for _ in 0..8 {
        let chat = ada.asks("Hello").await;
        replies.push((chat, server.provider.is_asked().await, ada.opens_a_tab().await));
    }
    let streams = replies.into_iter().enumerate().map(|(number, (chat, provider, mut tab))| {
        let ada = ada.clone();
        async move {
            tab.follows(chat.reply).await;
            let (mut thoughts, mut truth) = (String::new(), String::new());
            for word in 0..100 {
                match word {
                    0..10 => {
                        thoughts += &format!("{number}:{word} ");
                        provider.thinks(&format!("{number}:{word} "));
                    }
                    _ => {
                        truth += &format!("{number}.{word} 水 ");
                        provider.writes(&format!("{number}.{word} 水 "));
                    }
                }
                tokio::task::yield_now().await;
            }
            provider.ends();
            tab.sees_the_end(chat.reply).await;
            assert_eq!((tab.thinking(chat.reply), tab.text(chat.reply)), (thoughts, truth));
            let kept = ada.finds(&chat).await;
            assert_eq!(&kept, tab.message(chat.reply));
            assert_eq!(kept.parts.iter().map(|part| &part.kind).collect::<Vec<_>>(), [&Kind::Thinking, &Kind::Text]);
        }
    });
    join_all(streams).await;
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM journal").await, 0);
}
