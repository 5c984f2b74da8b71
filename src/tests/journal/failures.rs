//! Commits that fail: for one reply or for all, once or again and again, and for good.

use kit::{Chat, Database, Person, Received, Server};
use rivulet::message::Status;

use super::streaming;

/// Rule: on a data error the batch is tried message by message, so one bad reply stalls no other.
#[tokio::test]
async fn one_bad_reply_stalls_no_other() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (bad, mut tab, bad_provider) = streaming(&server, &ada, "Bad").await;
    let (good, mut other, good_provider) = streaming(&server, &ada, "Good").await;
    let mut database = server.database().await;
    database
        .run(format!(
            "CREATE TRIGGER refused BEFORE INSERT ON journal WHEN NEW.message_id = '{}' BEGIN SELECT RAISE(ABORT, 'bad'); END",
            bad.reply
        ))
        .await;
    // Both are in one batch, as neither can be written before the lock is gone.
    database.locks().await;
    bad_provider.writes(" work");
    good_provider.writes(" work");
    other.receives_heartbeats(1).await;
    database.unlocks().await;
    other.sees(good.reply, "Good work").await;
    assert_eq!(tab.sees_the_end(bad.reply).await, Status::Failed);
    assert_eq!(tab.text(bad.reply), "Bad", "what could not be kept was not shown");
    assert_eq!(database.count("SELECT COUNT(*) FROM messages WHERE status = 'failed' AND parts LIKE '%Bad%'").await, 1);
    bad_provider.is_released().await;
    good_provider.ends();
    assert_eq!(other.sees_the_end(good.reply).await, Status::Completed);
}

/// The same where the database's reason is one that may pass: after a few tries together each is tried by itself. When
/// the reason has passed, the bad one continues where it was.
#[tokio::test]
async fn a_reply_that_fails_for_a_reason_that_may_pass_stalls_no_other() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (bad, mut tab, bad_provider) = streaming(&server, &ada, "Bad").await;
    let (good, mut other, good_provider) = streaming(&server, &ada, "Good").await;
    let mut database = server.database().await;
    fails_inserts_of(&mut database, &bad).await;
    bad_provider.writes(" work");
    good_provider.writes(" work");
    other.sees(good.reply, "Good work").await;
    bad_provider.writes(" passes");
    good_provider.writes(" lasts");
    good_provider.ends();
    assert_eq!(other.sees_the_end(good.reply).await, Status::Completed);
    assert_eq!(other.text(good.reply), "Good work lasts");
    tab.receives_heartbeats(1).await;
    assert_eq!(tab.text(bad.reply), "Bad", "what could not be kept was not shown");
    database.run("DROP TRIGGER failing").await;
    tab.sees(bad.reply, "Bad work passes").await;
    bad_provider.ends();
    assert_eq!(tab.sees_the_end(bad.reply).await, Status::Completed);
    assert_eq!(database.row_of(bad.reply).await, ("completed".into(), "Bad work passes".into()));
    database.comes_to("SELECT COUNT(*) FROM journal", 0).await;
}

/// Rows of this reply fail with SQLITE_ERROR, which is no refusal of data.
async fn fails_inserts_of(database: &mut Database, chat: &Chat) {
    database
        .run(format!(
            "CREATE TRIGGER failing BEFORE INSERT ON journal WHEN NEW.message_id = '{}' BEGIN SELECT json('{{'); END",
            chat.reply
        ))
        .await;
}

/// Rule: rows go only when their message's row has their text. A reply whose words are refused, and whose end is refused
/// too, keeps its rows whatever becomes of others, and is ended when it can be.
#[tokio::test]
async fn a_reply_whose_end_is_refused_keeps_its_rows() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (bad, mut tab, bad_provider) = streaming(&server, &ada, "Seen").await;
    let (good, mut other, good_provider) = streaming(&server, &ada, "Good").await;
    let mut database = server.database().await;
    database
        .run(format!(
            "CREATE TRIGGER words BEFORE INSERT ON journal WHEN NEW.message_id = '{0}' BEGIN SELECT RAISE(ABORT, 'bad'); END;
             CREATE TRIGGER ends BEFORE UPDATE ON messages WHEN NEW.id = '{0}' BEGIN SELECT RAISE(ABORT, 'bad'); END;",
            bad.reply
        ))
        .await;
    bad_provider.writes(" and refused");
    bad_provider.is_released().await;
    good_provider.writes(" work");
    good_provider.ends();
    assert_eq!(other.sees_the_end(good.reply).await, Status::Completed);
    database.comes_to(format!("SELECT COUNT(*) FROM journal WHERE message_id <> '{}'", bad.reply), 0).await;
    assert_eq!(database.journal_of(bad.reply).await, 2, "a birth and a text");
    assert_eq!(tab.text(bad.reply), "Seen");
    database.run("DROP TRIGGER words; DROP TRIGGER ends;").await;
    assert_eq!(tab.sees_the_end(bad.reply).await, Status::Failed);
    assert_eq!(database.row_of(bad.reply).await, ("failed".into(), "Seen".into()));
    database.comes_to("SELECT COUNT(*) FROM journal", 0).await;
}

/// Rule: a commit that fails is repeated until it goes through, whatever the database's reason.
#[tokio::test]
async fn a_commit_that_fails_is_repeated() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let mut database = server.database().await;
    database.run("ALTER TABLE journal RENAME TO journal_away").await;
    provider.writes(" world");
    tab.receives_heartbeats(2).await;
    assert_eq!(tab.text(chat.reply), "Hello");
    database.run("ALTER TABLE journal_away RENAME TO journal").await;
    tab.sees(chat.reply, "Hello world").await;
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    assert_eq!(database.row_of(chat.reply).await, ("completed".into(), "Hello world".into()));
}

/// Rule: fenced writes. A process that another declared dead ends its replies and writes nothing more.
#[tokio::test]
async fn a_fenced_process_writes_nothing_more() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, provider) = streaming(&server, &ada, "Hello").await;
    let done = {
        let (chat, mut tab, provider) = streaming(&server, &ada, "Done").await;
        provider.ends();
        tab.sees_the_end(chat.reply).await;
        chat
    };
    let mut database = server.database().await;
    database.run("UPDATE nodes SET fenced = 1").await;
    let everything = "SELECT (SELECT COUNT(*) FROM messages) * 1000 + (SELECT COUNT(*) FROM journal)";
    let before = database.count(everything).await;
    provider.writes(" world");
    provider.is_released().await;
    tab.waits_for(|received| *received == Received::Gone(chat.reply)).await;
    assert_eq!(tab.text(chat.reply), "Hello");
    assert_eq!(database.row_of(chat.reply).await.0, "pending", "it is another's to end");
    let sent = ada.sends(&Person::first_message("Is anybody there?")).await;
    assert_eq!(sent.expect_err("a send to a fenced server").status, 503);
    assert_eq!(ada.retries(done.reply).await.expect_err("a retry at a fenced server").status, 503);
    assert_eq!(database.count(everything).await, before);
}
