//! What the next start recovers after a process was killed.

use kit::{Chat, Person};
use rivulet::{
    conversation::{Sidebar, marks::is_unread},
    ids::now,
    live::List,
    message::{Position, Role, Status},
};

use super::World;

/// Rules: a start folds what a dead process left, all that was seen is there, and `Ended(Interrupted)` is just growth:
/// the tabs continue from their positions. Repeated starts change nothing more.
#[tokio::test]
async fn what_was_seen_is_there_after_a_kill() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Some words").await;
    let mut late = world.ada.opens_a_tab().await;
    late.follows(chat.reply).await;
    for word in [" and", " mehr", " und 更多 🙂"] {
        provider.writes(word);
    }
    tab.sees(chat.reply, "Some words and mehr und 更多 🙂").await;
    let mut world = world.restarts_after_sigkill().await;
    for tab in [&mut tab, &mut late] {
        tab.reconnects(&world.ada).await;
        assert_eq!(tab.sees_the_end(chat.reply).await, Status::Interrupted);
        assert_eq!(
            (tab.thinking(chat.reply).as_str(), tab.text(chat.reply).as_str()),
            ("Hm.", "Some words and mehr und 更多 🙂")
        );
    }
    let kept = world.ada.finds(&chat).await;
    assert_eq!(&kept, tab.message(chat.reply));
    assert_eq!(world.database().await.count("SELECT COUNT(*) FROM journal").await, 0);
    world = world.restarts_after_sigkill().await;
    assert_eq!(world.ada.finds(&chat).await, kept);
}

/// The same for a reply that was continued: its journal belongs to the newer epoch.
#[tokio::test]
async fn a_continued_reply_that_is_killed_keeps_both_halves() {
    let world = World::start(5).await;
    let (chat, mut tab, _writer) = world.streaming("First half").await;
    world.ada.stops(chat.reply).await.expect("it is stopped");
    tab.sees_the_end(chat.reply).await;
    let seen = tab.message(chat.reply).epoch;
    world.ada.continues(chat.reply, seen).await.expect("it is continued");
    let provider = world.provider.is_asked().await;
    tab.follows(chat.reply).await;
    provider.writes(", second");
    tab.sees(chat.reply, "First half, second").await;
    let world = world.restarts_after_sigkill().await;
    tab.reconnects(&world.ada).await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Interrupted);
    assert_eq!(tab.text(chat.reply), "First half, second");
    let kept = world.ada.finds(&chat).await;
    assert_eq!(kept.epoch.counter, seen.counter + 1);
    world.ada.continues(chat.reply, kept.epoch).await.expect("it can be continued again");
    let provider = world.provider.is_asked().await;
    provider.writes(" half");
    provider.ends();
    tab.follows(chat.reply).await;
    tab.sees(chat.reply, "First half, second half").await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
}

/// Rule: durable before visible. Nobody saw what was not committed yet when the process died.
#[tokio::test]
async fn what_a_kill_loses_was_never_seen() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Kept").await;
    let mut database = world.database().await;
    database.locks().await;
    provider.writes(" lost");
    tab.receives_heartbeats(2).await;
    assert_eq!(tab.text(chat.reply), "Kept");
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    database.unlocks().await;
    let world = World::restarts(folder, provider, ada).await;
    tab.reconnects(&world.ada).await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Interrupted);
    assert_eq!(tab.text(chat.reply), "Kept");
    assert_eq!(world.ada.finds(&chat).await.text(), "Kept");
}

/// Rule: recovery leaves what has ended alone, whatever its status.
#[tokio::test]
async fn recovery_leaves_what_has_ended_alone() {
    let world = World::start(5).await;
    let (completed, mut tab, writer) = world.streaming("Completed").await;
    writer.ends();
    tab.sees_the_end(completed.reply).await;
    let (failed, mut tab, writer) = world.streaming("Failed").await;
    drop(writer);
    tab.sees_the_end(failed.reply).await;
    let (stopped, _, _writer) = world.streaming("Stopped").await;
    world.ada.stops(stopped.reply).await.expect("it is stopped");
    let (running, _, _writer) = world.streaming("Interrupted").await;
    let mut before = vec![];
    for chat in [completed, failed, stopped] {
        before.push(world.ada.finds(&chat).await);
    }
    let world = world.restarts_after_sigkill().await;
    for (chat, before) in [completed, failed, stopped].iter().zip(before) {
        assert_eq!(world.ada.finds(chat).await, before);
    }
    assert_eq!(world.ada.finds(&running).await.status, Status::Interrupted);
    world.ada.asks_in(running.id, "Go on").await.expect("nothing runs in it any more");
}

/// Rule: recovery is one transaction a message, and one that cannot be recovered does not prevent the start: it is left as
/// it is, for a start at which it can.
#[tokio::test]
async fn a_reply_that_cannot_be_recovered_is_left_for_another_start() {
    let world = World::start(5).await;
    let mut replies = vec![];
    for number in 0..3 {
        replies.push(world.streaming(&format!("Reply {number}")).await);
    }
    let mut database = world.database().await;
    let bad = replies[1].0.reply;
    let refuse = format!(
        "CREATE TRIGGER broken BEFORE UPDATE ON messages WHEN NEW.id = '{bad}' BEGIN SELECT RAISE(ABORT, 'broken'); END"
    );
    database.run(refuse).await;
    let world = world.restarts_after_sigkill().await;
    for at in [0, 2] {
        let kept = world.ada.finds(&replies[at].0).await;
        assert_eq!((kept.status, kept.text()), (Status::Interrupted, format!("Reply {at}")));
    }
    assert_eq!(database.journal_of(bad).await, 4, "its rows stay");
    database.run("DROP TRIGGER broken").await;
    let world = world.restarts_after_sigkill().await;
    for (number, (chat, ..)) in replies.iter().enumerate() {
        let kept = world.ada.finds(chat).await;
        assert_eq!((kept.status, kept.text()), (Status::Interrupted, format!("Reply {number}")));
    }
    assert_eq!(database.count("SELECT COUNT(*) FROM journal").await, 0);
}

/// Rule: a row of the journal that cannot be read loses the text after it, and nothing else: the server starts, the rows
/// stay, and the conversation works.
#[tokio::test]
async fn a_damaged_row_of_the_journal_does_not_prevent_the_start() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Some words").await;
    let (whole, _other_tab, _other_writer) = world.streaming("Whole").await;
    let mut database = world.database().await;
    database
        .run(format!("UPDATE journal SET body = '{{' WHERE message_id = '{}' AND part = 1 AND at = -1", chat.reply))
        .await;
    let world = world.restarts_after_sigkill().await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, String::new()));
    assert!(kept.error.is_some_and(|error| error.contains("damaged")), "its error states it");
    assert_eq!(database.journal_of(chat.reply).await, 4, "its rows stay for whoever repairs it");
    assert_eq!(world.ada.finds(&whole).await.text(), "Whole");
    let again = world.ada.asks_in(chat.id, "And now?").await.expect("the conversation works");
    world.provider.is_asked().await.ends();
    let world = world.restarts_after_sigkill().await;
    assert_eq!(database.journal_of(chat.reply).await, 4, "over another start, too");
    assert!(world.ada.finds(&again).await.status.is_final());
}

/// Rule: what recovery kept of replies, ended or not, is removed with their words when they have been deleted.
#[tokio::test]
async fn what_recovery_kept_is_removed_with_a_deleted_reply() {
    let world = World::start(5).await;
    let mut replies = vec![];
    for _ in 0..5 {
        replies.push(world.streaming("Secret").await);
    }
    let mut database = world.database().await;
    let [message, conversation, open, deleted_open, other] = [0, 1, 2, 3, 4].map(|at| replies[at].0);
    for damaged in [message, conversation, other] {
        let of = damaged.reply;
        database
            .run(format!("UPDATE journal SET body = '{{' WHERE message_id = '{of}' AND part = 1 AND at = -1"))
            .await;
    }
    database
        .run(format!(
            "CREATE TRIGGER broken BEFORE UPDATE ON messages WHEN NEW.id IN ('{}', '{}') BEGIN SELECT RAISE(ABORT, 'broken'); END",
            open.reply, deleted_open.reply
        ))
        .await;
    let world = world.restarts_after_sigkill().await;
    database.run("DROP TRIGGER broken").await;
    for reply in [message, conversation, open, deleted_open, other] {
        assert_eq!(database.journal_of(reply.reply).await, 4, "its rows are kept");
    }
    for reply in [message, open] {
        world.ada.deletes_message(reply.reply).await.expect("it is deleted");
    }
    for chat in [conversation, deleted_open] {
        world.ada.deletes(chat.id).await.expect("it is deleted");
    }
    database.run("UPDATE deletions SET finished_at = 1").await;
    database.comes_to("SELECT COUNT(*) FROM deletions", 0).await;
    for gone in [message, conversation, open, deleted_open] {
        assert_eq!(database.journal_of(gone.reply).await, 0, "its words are gone");
    }
    assert_eq!(database.journal_of(other.reply).await, 4, "what is not deleted stays");
}

/// Rule: a start removes no words of a deleted conversation that can still be brought back.
#[tokio::test]
async fn a_reply_in_a_deleted_conversation_comes_back_after_a_start() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Some words").await;
    let mut database = world.database().await;
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    database
        .run(format!(
            "UPDATE conversations SET deleted_at = 1 WHERE id = '{id}';
             INSERT INTO deletions (conversation_id, deleted_at, state, finished_at) VALUES ('{id}', 1, 'deleted', {later})",
            id = chat.id,
            later = now() + 600_000
        ))
        .await;
    let world = World::restarts(folder, provider, ada).await;
    assert_eq!(database.journal_of(chat.reply).await, 4, "its rows stay");
    world.ada.undoes_deletion_of(chat.id).await.expect("it is back");
    let world = world.restarts_after_sigkill().await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, &*kept.text()), (Status::Interrupted, "Some words"));
}

/// Rule: what is left of a deleted conversation is removed at the next start, even if a reply ran in it.
#[tokio::test]
async fn a_conversation_that_was_being_deleted_is_removed_at_the_next_start() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Secret").await;
    let mut database = world.database().await;
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    database
        .run(format!(
            "UPDATE conversations SET deleted_at = 1 WHERE id = '{id}';
             INSERT INTO deletions (conversation_id, deleted_at, state, finished_at) VALUES ('{id}', 1, 'purging', 1)",
            id = chat.id
        ))
        .await;
    let world = World::restarts(folder, provider, ada).await;
    for table in ["messages", "journal"] {
        database.comes_to(format!("SELECT COUNT(*) FROM {table}"), 0).await;
    }
    assert_eq!(world.ada.reads(chat.id).await.expect_err("it is gone").status, 404);
}

/// Rule: after a crash nothing is shown as running any more, and what ended by it is unread: in the sidebar of a tab that
/// comes back as in that of a page that opens. That holds for a reply that cannot be recovered, too.
#[tokio::test]
async fn nothing_is_shown_as_running_after_a_kill() {
    const MINE: List = List::Conversations(Sidebar::Mine);
    let world = World::start(5).await;
    let (chat, mut tab, _writer) = world.streaming("Some words").await;
    tab.opens_list(MINE).await;
    assert!(tab.conversations[&chat.id].is_running);
    let damaged = world.ada.asks("Something else").await;
    let mut database = world.database().await;
    database
        .run(format!(
            "CREATE TRIGGER broken BEFORE UPDATE ON messages WHEN NEW.id = '{}' BEGIN SELECT RAISE(ABORT, 'broken'); END",
            damaged.reply
        ))
        .await;
    let world = world.restarts_after_sigkill().await;
    tab.reconnects(&world.ada).await;
    while tab.conversations[&chat.id].is_running {
        tab.next().await;
    }
    assert!(is_unread(&tab.conversations[&chat.id], Sidebar::Mine, None));
    let page = world.ada.sidebar(Sidebar::Mine).await;
    assert_eq!(page.rows.iter().filter(|row| row.is_running).count(), 0);
}

/// Rule: killed while a summary is written, what was seen of it is there, and it stands for nothing until the rest is written.
#[tokio::test]
async fn a_summary_survives_a_kill() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Some words").await;
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    let row = world.ada.summarises(chat.reply).await.expect("it is asked for");
    let summary = Chat { reply: row.id, ..chat };
    let provider = world.provider.is_asked().await;
    tab.follows(row.id).await;
    provider.writes("They gre");
    tab.sees(row.id, "They gre").await;
    let world = world.restarts_after_sigkill().await;
    tab.reconnects(&world.ada).await;
    assert_eq!(tab.sees_the_end(row.id).await, Status::Interrupted);
    let kept = world.ada.finds(&summary).await;
    assert_eq!(&kept, tab.message(row.id));
    assert_eq!((kept.role, kept.text().as_str()), (Role::Summary, "They gre"));
    world.ada.continues(row.id, kept.epoch).await.expect("it is continued");
    let provider = world.provider.is_asked().await;
    assert_eq!(provider.asked["messages"].as_array().map(Vec::len), Some(5), "all of it, and how it is to continue");
    tab.follows(row.id).await;
    provider.writes("eted.");
    tab.sees(row.id, "They greeted.").await;
    provider.ends();
    assert_eq!(tab.sees_the_end(row.id).await, Status::Completed);
    world.ada.asks_in(chat.id, "And now?").await.expect("it is sent");
    assert!(world.provider.is_asked().await.last_turn().contains("They greeted."));
}

/// Rule: a reply that begins with the words of another is there with them after a kill, also where nothing has come yet, and
/// can be continued, as it was asked for.
#[tokio::test]
async fn a_reply_that_begins_with_words_keeps_them() {
    let world = World::start(5).await;
    let (chat, tab, _writer) = world.streaming("One two three").await;
    let from = Position { at: 9, ..tab.message(chat.reply).position() };
    let asked = Person::continuing(chat.reply, from, "In verse.");
    world.ada.asks_to_continue(&asked).await.expect("it has begun");
    let mut tab = world.ada.opens_a_tab().await;
    tab.follows(asked.id).await;
    tab.sees(asked.id, "One two ").await;
    let world = world.restarts_after_sigkill().await;
    tab.reconnects(&world.ada).await;
    assert_eq!(tab.sees_the_end(asked.id).await, Status::Interrupted);
    assert_eq!((tab.thinking(asked.id).as_str(), tab.text(asked.id).as_str()), ("Hm.", "One two "));
    // What was asked twice is still asked once.
    assert_eq!(world.ada.asks_to_continue(&asked).await.expect("it has come").metas, []);
    while !world.provider.is_asked_no_more().await {
        drop(world.provider.is_asked().await);
    }
    world.ada.continues(asked.id, tab.message(asked.id).epoch).await.expect("it is continued");
    let writer = world.provider.is_asked().await;
    assert_eq!(writer.asked["messages"][1]["content"], "One two ");
    assert!(writer.last_turn().ends_with("In verse."));
    writer.writes("four");
    writer.ends();
    tab.follows(asked.id).await;
    tab.sees(asked.id, "One two four").await;
    assert_eq!(tab.sees_the_end(asked.id).await, Status::Completed);
}
