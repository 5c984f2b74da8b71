//! A copy of the database is made while replies stream, and a server starts with it.

use std::{fs::rename, path::Path, time::Duration};

use kit::{Built, Process};
use rivulet::message::{Message, Status};
use tokio::time::Instant;

use crate::{
    fault::Round,
    world::{PACE, World},
};

/// The longest that the copy of a small database may take while words are written.
const LONGEST: Duration = Duration::from_secs(20);

/// What was complete when the copy was begun is in it, what was shown by then of a running reply is too, and no reply
/// waited for it. A page that is open while the copy is restored has what the copy has.
pub async fn while_streaming(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (whole, mut author) = world.asks().await;
    author.writes_words(50);
    author.writer.ends();
    let complete = world.settles(&whole).await;
    let (reply, mut author) = world.asks().await;
    author.writes_words(50);
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    let shown = reply.written.text();
    let line = world.line().await;
    let watching = world.tab_at(&line).await;
    let watching = world.follow(watching, reply.chat.reply);
    tokio::spawn(author.streams(usize::MAX, PACE));
    let copy = world.folder.path().join("copy.db");
    let begun = Instant::now();
    let backup = || {
        let mut command = kit::command(Built::from_environment().server, &world.folder);
        command.arg("backup").arg(&copy);
        command
    };
    Process::runs(backup()).await;
    let took = begun.elapsed();
    round.report.times(1);
    // A file that is there is not written over.
    Process::fails(backup()).await;
    // All that was shown is in the database that is served, as ever.
    world.server.dies();
    world.restarts().await;
    watching.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Interrupted);
    // Open on a conversation that has more by now than the copy.
    let mut open = world.tab_at(&line).await;
    world.follows_lists(&mut open, &whole).await;
    let lost = world.ada.asks_in(whole.chat.id, "Lost").await.expect("the next message");
    let (lost, author) = world.answers(lost).await;
    author.writer.ends();
    world.settles(&lost).await;
    world.converges(&mut open, &whole).await;
    world.server.dies();
    takes_the_place_of(&copy, &world.folder.database());
    world.restarts().await;
    let finds = |message: Message, then: &str| {
        assert!(message.text().starts_with(then), "the copy lacks what was shown before it was begun");
        message
    };
    assert_eq!(finds(world.ada.finds(&whole.chat).await, ""), complete);
    let kept = finds(world.ada.finds(&reply.chat).await, &shown);
    assert!(reply.written.text().starts_with(&kept.text()), "the copy has what was never written");
    assert_eq!(kept.status, Status::Interrupted);
    // The page follows what has taken its conversation's place, and what is sent there from then on.
    world.converges(&mut open, &whole).await;
    let next = world.ada.asks_in(whole.chat.id, "After").await.expect("the next message");
    let (next, author) = world.answers(next).await;
    author.writer.ends();
    world.settles(&next).await;
    world.converges(&mut open, &whole).await;
    round.report.note(format!("the copy took {took:.1?}"));
    assert!(took < LONGEST, "the copy took {took:?}");
}

/// As somebody restores a copy: the database's other files go.
fn takes_the_place_of(copy: &Path, database: &Path) {
    for suffix in ["-wal", "-shm"] {
        let file = format!("{}{suffix}", database.display());
        // After a kill they are there; else there is nothing to do.
        let _ = std::fs::remove_file(file);
    }
    rename(copy, database).expect("the copy takes its place");
}
