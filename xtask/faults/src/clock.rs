//! Time: the wall clock is set back, and the machine sleeps.

use std::{path::PathBuf, time::Duration};

use rivulet::message::Status;
use tokio::time::{Instant, sleep};

use crate::{
    fault::Round,
    server,
    world::{PACE, World},
};

/// The wall clock is set forward one hour and back two while replies run; then a question is asked, and the server is killed.
pub async fn steps_back(mut round: Round) {
    let Some(library) = faketime() else {
        return round.report.left_out("faketime is not installed");
    };
    let folder = temp_dir::TempDir::new().expect("a folder for the clock");
    let clock = folder.child("clock");
    let sets = |offset: &str| std::fs::write(&clock, offset).expect("the clock can be set");
    sets("+0");
    let (library, file) = (library.to_string_lossy(), clock.to_string_lossy());
    let environment = [
        ("LD_PRELOAD", &*library),
        ("FAKETIME_TIMESTAMP_FILE", &*file),
        ("FAKETIME_NO_CACHE", "1"),
        // Only the wall clock changes, not the time that passes.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let mut world = World::start_with(&mut round, 0, &environment).await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    author.writes_words(10);
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    let writing = tokio::spawn(author.streams(300, PACE));
    for offset in ["+3600", "-3600"] {
        sets(offset);
        round.report.times(1);
        tab.receives_heartbeats(2).await;
    }
    writing.await.expect("an author").writer.ends();
    tab.sees_the_end(reply.chat.reply).await;
    let first = world.settles(&reply).await;
    let begun = first.parts.first().expect("a part").started_at;
    let ended = first.ended_at.expect("an end");
    assert!(ended < begun - 3_000_000, "the clock did not step back: {begun} to {ended}");
    assert_eq!(first.status, Status::Completed);
    let chat = world.ada.asks_in(reply.chat.id, "And then?").await.expect("a later question in an earlier hour");
    let (next, author) = world.answers(chat).await;
    let line = world.line().await;
    let tab = world.tab_at(&line).await;
    let reading = world.follow(tab, chat.reply);
    tokio::spawn(author.streams(usize::MAX, PACE));
    sleep(Duration::from_millis(300)).await;
    world.server.dies();
    world.restarts().await;
    reading.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&next).await.status, Status::Interrupted);
    let order: Vec<_> =
        world.ada.reads(chat.id).await.expect("the conversation").messages.iter().map(|message| message.id).collect();
    assert_eq!(
        order,
        [reply.chat.message, reply.chat.reply, chat.message, chat.reply],
        "in the order in which they were sent"
    );
}

/// Debian's library that shows a program another time.
fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.is_file())
}

/// The server's computer sleeps with replies open and tabs on them.
pub async fn sleeps(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let line = world.line().await;
    let (reply, author) = world.asks().await;
    let mut reading = vec![];
    for _ in 0..5 {
        let tab = world.tab_at(&line).await;
        reading.push(world.follow(tab, reply.chat.reply));
    }
    let writing = tokio::spawn(author.streams(200, PACE));
    sleep(Duration::from_millis(300)).await;
    server::freeze(&world.server);
    sleep(Duration::from_secs(if round.long { 120 } else { 7 })).await;
    server::thaw(&world.server);
    round.report.times(1);
    let awake = Instant::now();
    writing.await.expect("an author").writer.ends();
    for tab in reading {
        tab.await.expect("a tab that reads until the end");
    }
    round.report.note(format!("all had all {:.1} s after it woke", awake.elapsed().as_secs_f64()));
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}
