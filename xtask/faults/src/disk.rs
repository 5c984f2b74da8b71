//! The database: no room, locked by another program, a write that fails once.

use std::{fs::File, io::Write, path::PathBuf, process::Command, time::Duration};

use kit::{Folder, Person, Tab};
use rand::RngExt;
use rivulet::message::Status;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    author::Author,
    fault::Round,
    server,
    world::{PACE, Reply, World},
};

const UNKNOWN: &str = "a commit's outcome is unknown";

/// From a random moment on no file may grow: the reply pauses, nothing unsaved is shown, and who sends gets an error. When
/// files may grow again, perhaps only after a kill, all works again.
pub async fn limit(mut round: Round) {
    let world = World::start(&mut round).await;
    let file = world.folder.database().with_extension("db-wal");
    let length = move || std::fs::metadata(&file).expect("the database's log").len();
    // At once, or in the middle of a later write.
    let room = round.random.random_range(0..60_000);
    let fills = |world: &World| assert!(server::limit_files(&world.server, Some(length() + room)));
    full(round, world, fills, |world| {
        // One that was killed took its limit with it.
        server::limit_files(&world.server, None);
    })
    .await;
}

/// The same with a disk that is really full: one of a few megabytes, which root can make.
pub async fn space(mut round: Round) {
    let folder = Folder::new();
    let Some(disk) = Disk::mount(folder.path()) else {
        return round.report.left_out("only root can mount a disk");
    };
    let world = World::start_in(&mut round, folder, 0, &[]).await;
    let filler = disk.0.join("filler");
    let fills = |_: &World| {
        let mut file = File::create(&filler).expect("a file to fill the disk with");
        while file.write_all(&[0; 1024]).is_ok() {}
    };
    full(round, world, fills, |_| std::fs::remove_file(&filler).expect("room again")).await;
}

async fn full(mut round: Round, mut world: World, fills: impl Fn(&World), empties: impl Fn(&World)) {
    let line = world.line().await;
    let tab = world.tab_at(&line).await;
    let Streaming { reply, reading, writing } = streams(&mut round, &mut world, tab).await;
    let logged = world.server.log.length();
    fills(&world);
    round.report.times(1);
    world.server.log.has(logged, UNKNOWN).await;
    nothing_unsaved_is_shown(&world, &reply).await;
    let refused = world.ada.sends(&Person::first_message("Is there room?")).await.expect_err("there is no room");
    assert_eq!(refused.status, 503, "{refused:?}");
    let killed = round.random.random_bool(0.5);
    if killed {
        world.server.dies();
        empties(&world);
        world.restarts().await;
    } else {
        empties(&world);
    }
    writing.await.expect("an author").writer.ends();
    reading.await.expect("a tab that reads until the end");
    let expected = if killed { Status::Interrupted } else { Status::Completed };
    assert_eq!(world.settles(&reply).await.status, expected);
    let (reply, mut author) = world.asks().await;
    author.writes_words(1);
    author.writer.ends();
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// A disk of its own over a folder, in memory; unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: PathBuf) -> Option<Disk> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&folder).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Disk(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody is left in it: the world was dropped before.
        let unmounted = Command::new("umount").arg(&self.0).status();
        if unmounted.is_ok_and(|status| status.success()) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// One commit fails, and the next try is as good as ever.
pub async fn fails_once(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let tab = world.tab().await;
    let Streaming { reply, reading, writing } = streams(&mut round, &mut world, tab).await;
    let logged = world.server.log.length();
    assert!(server::limit_files(&world.server, Some(1)));
    world.server.log.has(logged, UNKNOWN).await;
    assert!(server::limit_files(&world.server, None));
    round.report.times(1);
    writing.await.expect("an author").writer.ends();
    reading.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// Another program holds the database's lock, for longer than the server waits for it.
pub async fn locked(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let tab = world.tab().await;
    let Streaming { reply, reading, writing } = streams(&mut round, &mut world, tab).await;
    let mut database = world.database().await;
    let logged = world.server.log.length();
    database.locks().await;
    world.server.log.has(logged, UNKNOWN).await;
    nothing_unsaved_is_shown(&world, &reply).await;
    database.unlocks().await;
    round.report.times(1);
    writing.await.expect("an author").writer.ends();
    reading.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// A reply that is being written and read.
struct Streaming {
    reply: Reply,
    reading: JoinHandle<Tab>,
    writing: JoinHandle<Author>,
}

/// One that this tab reads, at a random moment of it.
async fn streams(round: &mut Round, world: &mut World, tab: Tab) -> Streaming {
    let (reply, author) = world.asks().await;
    let reading = world.follow(tab, reply.chat.reply);
    let writing = tokio::spawn(author.streams(250, PACE));
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(300));
    sleep(moment).await;
    Streaming { reply, reading, writing }
}

/// While nothing can be written, a page shows no more than the database has.
async fn nothing_unsaved_is_shown(world: &World, reply: &Reply) {
    let shown = world.ada.finds(&reply.chat).await.text().len();
    let id = reply.chat.reply;
    let saved = format!(
        "SELECT COALESCE(SUM(LENGTH(CAST(body AS BLOB))), 0) FROM journal WHERE message_id = '{id}' AND at >= 0"
    );
    let saved = world.database().await.count(saved).await;
    assert!(shown as i64 <= saved, "{shown} bytes are shown and {saved} are saved");
}
