//! Somebody reads the files of the database after a person has deleted a conversation.

use std::path::Path;

use kit::{Person, Server, soon};
use rivulet::{conversation::ratings::Rating, message::Position, steering::options::Options};

/// How often the words stand in a file; never in one that is not there.
fn found(file: &Path, words: &str) -> usize {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.windows(words.len()).filter(|window| *window == words.as_bytes()).count()
}

/// Rule: soon after a conversation is deleted none of its words stands in the database or in its log.
#[tokio::test]
async fn deleted_words_are_in_no_file() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let files = ["", "-wal"].map(|end| server.folder.path().join(format!("rivulet.db{end}")));
    let count = |words: &str| files.iter().map(|file| found(file, words)).sum::<usize>();
    let kept = ada.asks("Kept on purpose").await;
    server.provider.is_asked().await.ends();
    let chat = ada.asks(&"Said in confidence. ".repeat(400)).await;
    let options = Options { system_prompt: Some("Asked in confidence.".into()), ..Options::default() };
    ada.sets_options(chat.id, 0, &options).await.expect("they are set");
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let writer = server.provider.is_asked().await;
    writer.writes(&"Answered in confidence. ".repeat(400));
    tab.sees(chat.reply, &"Answered in confidence. ".repeat(400)).await;
    writer.ends();
    tab.sees_the_end(chat.reply).await;
    ada.rates(chat.reply, Some(Rating::Down), "Judged in confidence.").await.expect("it is rated");
    assert!(count("Judged in confidence") > 0, "the word is in the files before");
    assert!(count("in confidence") >= 800, "the words are in the files before");
    ada.deletes(chat.id).await.expect("it is there");
    soon("the words are gone", async {
        while count("in confidence") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(count("Kept on purpose") > 0);
    assert_eq!(ada.reads(kept.id).await.expect("it is there").messages[0].text(), "Kept on purpose");
}

/// Rule: the same holds for a reply that is deleted by itself, and for what the model had been asked to do in it.
#[tokio::test]
async fn a_deleted_instruction_is_in_no_file() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let files = ["", "-wal"].map(|end| server.folder.path().join(format!("rivulet.db{end}")));
    let count = || files.iter().map(|file| found(file, "Instructed in confidence")).sum::<usize>();
    let chat = ada.asks("Count").await;
    let writer = server.provider.is_asked().await;
    writer.writes("One two three four");
    writer.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let from = Position { at: 8, ended: false, ..tab.message(chat.reply).position() };
    let asked = Person::continuing(chat.reply, from, "Instructed in confidence.");
    ada.asks_to_continue(&asked).await.expect("it has begun");
    server.provider.is_asked().await.ends();
    tab.follows(asked.id).await;
    tab.sees_the_end(asked.id).await;
    assert!(count() > 0, "the words are in the files before");
    ada.deletes_message(asked.id).await.expect("it is there");
    soon("the words are gone", async {
        while count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Rule: who reads the database while words are deleted delays that, and nothing else.
#[tokio::test]
async fn a_reader_only_delays_it() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let log = server.folder.path().join("rivulet.db-wal");
    let chat = ada.asks("Said in confidence.").await;
    server.provider.is_asked().await.ends();
    let mut reader = server.database().await;
    reader.run("BEGIN").await;
    reader.count("SELECT COUNT(*) FROM messages").await;
    ada.deletes(chat.id).await.expect("it is there");
    server.database().await.comes_to("SELECT COUNT(*) FROM messages", 0).await;
    ada.asks("Others go on").await;
    reader.run("COMMIT").await;
    soon("the words are gone", async {
        while found(&log, "Said in confidence.") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Rule: long messages are removed a few at a time, as everybody else's words wait meanwhile.
#[tokio::test]
async fn long_messages_are_not_removed_all_at_once() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut chat = ada.asks(&"x".repeat(200 * 1024)).await;
    for _ in 0..3 {
        let provider = server.provider.is_asked().await;
        let mut tab = ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        provider.writes("Yes.");
        provider.ends();
        tab.sees_the_end(chat.reply).await;
        chat = ada.asks_in(chat.id, &"x".repeat(200 * 1024)).await.expect("a message that is taken");
    }
    ada.stops(chat.reply).await.expect("it can be stopped");
    ada.deletes(chat.id).await.expect("it is there");
    let database = &server.app.database;
    let due = database.due_purges(i64::MAX, None).await.expect("what is deleted").remove(0);
    assert!(database.begin_purge(due).await.expect("it begins"));
    let mut transactions = 1;
    while database.purge_conversation(due).await.expect("some are removed") {
        transactions += 1;
    }
    assert!(transactions >= 4, "{transactions}");
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM messages").await, 0);
}
