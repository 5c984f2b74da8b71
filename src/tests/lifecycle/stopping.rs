//! How a process ends: by a signal, by a second one, or because it cannot store anything any more.

use kit::Database;
use rivulet::{live::close, message::Status};

use super::World;

/// Rule: SIGTERM lets an open reply finish within the grace, then closes the sockets with a reason.
#[tokio::test]
async fn a_reply_that_finishes_in_time_is_completed_at_sigterm() {
    let mut world = World::start(60).await;
    let (chat, mut tab, provider) = world.streaming("Nearly").await;
    world.process.is_asked_to_stop();
    provider.writes(" done");
    tab.sees(chat.reply, "Nearly done").await;
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.is_closed().await, close::RESTARTING);
    let mut database = world.database().await;
    let (status, log) = world.process.ends().await;
    assert!(status.success(), "{status} {log}");
    assert_eq!(database.row_of(chat.reply).await, ("completed".into(), "Hm.Nearly done".into()));
}

/// Rule: a reply that does not finish within the grace ends `Interrupted`, in the tab and in the row, and leaves no journal.
#[tokio::test]
async fn a_reply_that_does_not_finish_is_interrupted_at_sigterm() {
    let world = World::start(0).await;
    let (chat, mut tab, _writer) = world.streaming("On and on").await;
    let mut idle = world.ada.opens_a_tab().await;
    world.process.is_asked_to_stop();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Interrupted);
    assert_eq!(tab.is_closed().await, close::RESTARTING);
    assert_eq!(idle.is_closed().await, close::RESTARTING);
    let World { folder, provider, mut process, ada } = world;
    let (status, log) = process.ends().await;
    assert!(status.success(), "{status} {log}");
    let mut database = Database::open(&folder.database()).await;
    assert_eq!(database.row_of(chat.reply).await, ("interrupted".into(), "Hm.On and on".into()));
    assert_eq!(database.count("SELECT COUNT(*) FROM journal").await, 0);
    let world = World::restarts(folder, provider, ada).await;
    assert_eq!(&world.ada.finds(&chat).await, tab.message(chat.reply));
}

/// Rule: stopping takes a limited time even if the replies' ends cannot be written; the next start ends them.
#[tokio::test]
async fn stopping_with_a_locked_database_takes_a_limited_time_and_the_next_start_folds() {
    let world = World::start(0).await;
    let (chat, mut tab, _writer) = world.streaming("Kept").await;
    let mut database = world.database().await;
    database.locks().await;
    world.process.is_asked_to_stop();
    let World { folder, provider, mut process, ada } = world;
    process.ends().await;
    tab.is_closed().await;
    assert_eq!(tab.text(chat.reply), "Kept");
    database.unlocks().await;
    let world = World::restarts(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}

/// Rule: a second signal ends the process without waiting; the next start recovers what was open.
#[tokio::test]
async fn a_second_sigterm_ends_at_once() {
    let world = World::start(3_600).await;
    let (chat, mut tab, _writer) = world.streaming("Kept").await;
    world.process.is_asked_to_stop();
    tab.receives_heartbeats(1).await;
    world.process.is_asked_to_stop();
    let World { folder, provider, mut process, ada } = world;
    let (status, log) = process.ends().await;
    assert!(!status.success() && log.contains("second time"), "{status} {log}");
    let world = World::restarts(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}

/// Rule: a process that cannot store anything any more ends, with a status that shows it.
#[tokio::test]
async fn a_process_whose_committer_ends_ends_too() {
    let world = World::start(3_600).await;
    let (chat, mut tab, writer) = world.streaming("Kept").await;
    world.database().await.run("UPDATE nodes SET fenced = 1").await;
    writer.writes(" and not kept");
    assert_eq!(tab.is_closed().await, close::RESTARTING);
    assert_eq!(tab.text(chat.reply), "Kept");
    let World { folder, provider, mut process, ada } = world;
    let (status, log) = process.ends().await;
    assert!(!status.success() && log.contains("taken over"), "{status} {log}");
    let world = World::restarts(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}
