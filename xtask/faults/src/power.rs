//! The computer loses its power: of what was written to the database only what was synced is left, and perhaps some of
//! the rest. `xtask/disk` is the disk.

use std::{
    fs::{read, remove_file, rename, write},
    io::ErrorKind,
    path::PathBuf,
    time::Duration,
};

use kit::Folder;
use rand::{Rng, RngExt};
use rivulet::message::Status;
use temp_dir::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    fault::{Report, Round},
    kill::dies,
    tally::Tally,
    world::{LONG, PACE, World},
};

/// What is written to a disk at once.
const SECTOR: usize = 512;

/// A disk under the database of a server.
struct Disk {
    database: PathBuf,
    own: TempDir,
}

impl Disk {
    fn under(folder: &Folder) -> Disk {
        let root = folder.path().canonicalize().expect("the folder of the database");
        let disk = Disk { database: root.join("rivulet.db"), own: TempDir::new().expect("a folder for the disk") };
        std::fs::create_dir(disk.durable()).expect("a folder for what is durable");
        disk
    }

    async fn start(round: &mut Round) -> (World, Disk) {
        let folder = Folder::new();
        let disk = Disk::under(&folder);
        let library = std::env::var("RIVULET_DISK").expect("the library of the disk: `cargo xtask faults` names it");
        let [database, durable, sync] = [disk.database.clone(), disk.durable(), disk.own.child("sync")]
            .map(|path| path.to_str().expect("a path in UTF-8").to_owned());
        let environment = [
            ("LD_PRELOAD", &*library),
            ("DISK_DATABASE", &*database),
            ("DISK_DURABLE", &*durable),
            ("DISK_SYNC", &*sync),
        ];
        (World::start_in(round, folder, 0, &environment).await, disk)
    }

    fn durable(&self) -> PathBuf {
        self.own.child("durable")
    }

    /// From now on syncs behave so, in the words of `xtask/disk`.
    fn syncs(&self, how: &str) {
        write(self.own.child("sync.new"), how).expect("the disk can be set");
        rename(self.own.child("sync.new"), self.own.child("sync")).expect("the disk can be set");
    }

    /// What a dead server left becomes what the disk has: what was synced, and of the rest each sector with this
    /// probability. Gives how many bytes that took away.
    fn loses_power(&self, random: &mut impl Rng, kept: f64) -> usize {
        // Syncs are well again when the power is back.
        self.syncs("");
        let mut gone = 0;
        for suffix in ["", "-wal"] {
            let [written, durable] = [self.database.parent().expect("a folder"), &self.durable()]
                .map(|folder| folder.join(format!("rivulet.db{suffix}")));
            let (before, synced) = (contents(&written), contents(&durable));
            let left = torn(&before, &synced, random, kept);
            gone += before.iter().zip(&left).filter(|(before, left)| before != left).count();
            gone += before.len().saturating_sub(left.len());
            write(&written, &left).expect("a file of the database");
            write(&durable, &left).expect("a file of the disk");
        }
        // Memory that the processes of one computer share.
        if let Err(error) = remove_file(self.database.with_extension("db-shm")) {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
        gone
    }
}

/// What is not there yet is empty.
fn contents(file: &PathBuf) -> Vec<u8> {
    match read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => vec![],
        read => read.expect("a file that can be read"),
    }
}

/// What was synced, with each sector that was written since with the probability `kept`.
fn torn(written: &[u8], synced: &[u8], random: &mut impl Rng, kept: f64) -> Vec<u8> {
    let mut left = synced.to_vec();
    for (number, sector) in written.chunks(SECTOR).enumerate() {
        let place = number * SECTOR..number * SECTOR + sector.len();
        if synced.get(place.clone()) != Some(sector) && random.random_bool(kept) {
            left.resize(left.len().max(place.end), 0);
            left[place].copy_from_slice(sector);
        }
    }
    left
}

/// Power is lost at a random moment with replies open, and again while what was open is recovered.
pub async fn lost(mut round: Round) {
    let (mut world, disk) = Disk::start(&mut round).await;
    round.report.may_end(&["with nothing else", "with torn sectors"]);
    let kept = if round.random.random_bool(0.5) { 0.0 } else { 0.5 };
    let count = round.random.random_range(3..=12);
    dies(&mut round, &mut world, count, PACE, |random| _ = disk.loses_power(random, kept)).await;
    is_sound(&world).await;
    round.report.ended(if kept == 0.0 { "with nothing else" } else { "with torn sectors" });
}

/// So much is written that the log is copied into the database while power is lost.
pub async fn lost_in_a_checkpoint(mut round: Round) {
    let (mut world, disk) = Disk::start(&mut round).await;
    let mut replies = vec![];
    let mut reading = vec![];
    for _ in 0..4 {
        let (reply, author) = world.asks().await;
        let line = world.line().await;
        let tab = world.tab_at(&line).await;
        reading.push(world.follow(tab, reply.chat.reply));
        tokio::spawn(author.streams_in_pieces(usize::MAX, 200, PACE));
        replies.push((reply, line));
    }
    let length = || contents(&disk.durable().join("rivulet.db")).len();
    let before = length();
    let begun = Instant::now();
    // Once the database itself grows, its log is being copied, and begins anew.
    while length() == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "the log is never copied into the database");
        sleep(Duration::from_millis(20)).await;
    }
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(40));
    sleep(moment).await;
    world.server.dies();
    let kept = if round.random.random_bool(0.5) { 0.0 } else { 0.5 };
    let gone = disk.loses_power(&mut round.random, kept);
    round.report.times(1);
    world.restarts().await;
    for tab in reading {
        tab.await.expect("a tab that reads until the end");
    }
    for (reply, _line) in &replies {
        assert_eq!(world.settles(reply).await.status, Status::Interrupted);
    }
    is_sound(&world).await;
    round.report.note(format!("{gone} bytes were not synced in the last"));
}

/// Syncs fail, and what they should have made durable is gone from memory too; then power is lost.
pub async fn failing(mut round: Round) {
    let (mut world, disk) = Disk::start(&mut round).await;
    let (reply, author) = world.asks().await;
    let line = world.line().await;
    let tab = world.tab_at(&line).await;
    let reading = world.follow(tab, reply.chat.reply);
    let logged = world.server.log.length();
    disk.syncs(&format!("every {} fail", round.random.random_range(2..=13)));
    tokio::spawn(author.streams(usize::MAX, PACE));
    world.server.log.has(logged, "a commit").await;
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(1_500));
    sleep(moment).await;
    world.server.dies();
    disk.loses_power(&mut round.random, 0.5);
    round.report.times(1);
    world.restarts().await;
    reading.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Interrupted);
    is_sound(&world).await;
}

/// Each sync takes a tenth of a second: words come in larger pieces, not later and later, and Stop works.
pub async fn slow(mut round: Round) {
    let (mut world, disk) = Disk::start(&mut round).await;
    disk.syncs("100000 late");
    let mut replies = vec![];
    for _ in 0..3 {
        let (reply, mut author) = world.asks().await;
        let mut tab = world.tab().await;
        tab.follows(reply.chat.reply).await;
        author.writes_words(3);
        tab.sees(reply.chat.reply, &reply.written.text()).await;
        replies.push((reply, tab, author));
    }
    let mut longest = Duration::ZERO;
    for _ in 0..if round.long { 60 } else { 10 } {
        for (reply, tab, author) in &mut replies {
            author.writes_words(5);
            let begun = Instant::now();
            tab.sees(reply.chat.reply, &reply.written.text()).await;
            longest = longest.max(begun.elapsed());
            round.report.times(1);
        }
    }
    let begun = Instant::now();
    for (reply, tab, author) in &mut replies {
        world.ada.stops(reply.chat.reply).await.expect("it is stopped");
        tab.sees_the_end(reply.chat.reply).await;
        assert!(author.writer.bytes.is_closed() || begun.elapsed() < LONG, "Stop took {:?}", begun.elapsed());
    }
    world.server.dies();
    disk.loses_power(&mut round.random, 0.0);
    world.restarts().await;
    for (reply, ..) in &replies {
        assert_eq!(world.settles(reply).await.status, Status::Stopped);
    }
    round.report.note(format!("words took {} ms at most", longest.as_millis()));
    assert!(longest < LONG, "words took {longest:?}");
}

/// The measure itself: where syncs are ignored, words that were shown are lost, and that is found.
pub async fn ignored(round: Round) {
    let tally = Tally::default();
    let mut own = Round { random: round.random.clone(), tally: tally.clone(), report: Report::default(), ..round };
    let (mut world, disk) = Disk::start(&mut own).await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    for how in ["", "ignored"] {
        disk.syncs(how);
        for _ in 0..5 {
            author.writes_words(3);
            tab.sees(reply.chat.reply, &reply.written.text()).await;
        }
    }
    world.server.dies();
    disk.loses_power(&mut own.random, 0.0);
    world.restarts().await;
    world.settles(&reply).await;
    let lost = tally.bytes().lost;
    assert!(lost > 0, "nothing was lost where nothing was synced");
    round.report.times(1);
    round.report.note(format!("{lost} of {} bytes were lost, as they had to be", tally.bytes().shown));
}

async fn is_sound(world: &World) {
    let faulty = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
    assert_eq!(world.database().await.count(faulty).await, 0, "the database is sound");
}
