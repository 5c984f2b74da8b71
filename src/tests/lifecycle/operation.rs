//! A process without a log, without descriptors or with a full disk, and one that is backed up.

use kit::{Folder, Person, Process, Provider, page, soon};
use rivulet::message::Status;

use super::World;
use crate::program::{PROGRAM, command};

/// Rule: a log that cannot be written stops no task. The database's trouble is logged by the committer.
#[tokio::test]
async fn a_server_whose_log_is_closed_keeps_running() {
    let world = World::start(5).await;
    world.process.log.is_closed().await;
    survives_a_locked_database(world).await;
}

/// The same if nobody reads the log, and more is logged than a pipe holds.
#[tokio::test]
async fn a_server_whose_log_is_not_read_keeps_running() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    let mut loud = command(&folder);
    loud.env("RUST_LOG", "trace");
    let process = Process::start(loud).await;
    process.log_is_left().await;
    let ada = Person::signs_up(process.address, "Ada").await;
    survives_a_locked_database(World { folder, provider, process, ada }).await;
}

/// The database is locked for longer than a commit waits. Then everything works again, and nothing is lost.
async fn survives_a_locked_database(world: World) {
    let (chat, mut tab, provider) = world.streaming("Before").await;
    let mut database = world.database().await;
    database.locks().await;
    provider.writes(", meanwhile");
    tab.receives_heartbeats(4).await;
    database.unlocks().await;
    tab.sees(chat.reply, "Before, meanwhile").await;
    // Each page is some lines at this level of detail.
    for _ in 0..20 {
        assert_eq!(world.ada.gets("/").await.status, 200);
    }
    provider.writes(" and after");
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), "Before, meanwhile and after");
    assert_eq!(world.ada.finds(&chat).await.text(), "Before, meanwhile and after");
}

/// Rule: the server raises its limit of descriptors as far as it may; and a client that opens more connections than that
/// does not keep others out, not even meanwhile.
#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 0));
    let mut shell = kit::command("/bin/sh", &folder);
    shell.args(["-c", "ulimit -Sn 40; ulimit -Hn 128; exec \"$0\"", PROGRAM]);
    let mut process = Process::start(shell).await;
    let limits = std::fs::read_to_string(process.proc("limits")).expect("its limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("the limit of open files");
    assert_eq!(files.split_whitespace().filter(|word| *word == "128").count(), 2, "{files}");
    let mut silent = vec![];
    for _ in 0..200 {
        silent.push(std::net::TcpStream::connect(process.address).expect("a connection that waits at least"));
    }
    let elsewhere = page::client_builder().local_address("127.0.0.2".parse().ok());
    let elsewhere = elsewhere.build().expect("a client that needs no certificates");
    let url = format!("http://{}/sign-in", process.address);
    assert_eq!(elsewhere.get(&url).send().await.expect("an answer meanwhile").status(), 200);
    drop(silent);
    soon("there is room again", async {
        while page::client().get(&url).send().await.map_or(true, |answer| answer.status() != 200) {}
    })
    .await;
    let ada = Person::signs_up(process.address, "Ada").await;
    assert_eq!(ada.gets("/").await.status, 200);
    process.is_asked_to_stop();
    let (_, log) = process.ends().await;
    assert_eq!(log.matches("too many connections").count(), 1, "{log}");
    assert_eq!(log.matches("could not be accepted").count(), 0, "{log}");
}

/// Rule: a backup is made while the server streams, is whole, and is what a server can start on.
#[tokio::test]
async fn a_backup_is_made_while_a_reply_streams() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Before").await;
    let copy = world.folder.path().join("copy.db");
    let backup = || {
        let mut command = command(&world.folder);
        command.args(["backup", "copy.db"]);
        command
    };
    let output = {
        let streams = async {
            loop {
                provider.writes(" word");
                tab.next().await;
            }
        };
        tokio::select! {
            output = Process::runs(backup()) => output,
            never = streams => never,
        }
    };
    assert!(output.contains("copy.db"), "{output}");
    let output = Process::fails(backup()).await;
    assert!(output.contains("copy.db") && output.contains("exists"), "{output}");
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    for file in ["rivulet.db", "rivulet.db-wal", "rivulet.db-shm"] {
        std::fs::remove_file(folder.path().join(file)).expect("a file of the database");
    }
    std::fs::rename(copy, folder.database()).expect("the copy takes its place");
    let world = World::restarts(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!(kept.status, Status::Interrupted);
    assert!(kept.text().starts_with("Before"), "{kept:?}");
}

/// Rule: a full disk is a 503 with a sentence; what was accepted stays, nothing of the rest is written, and later it works.
#[tokio::test]
async fn a_full_disk_is_a_503_and_nothing_is_half_written() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 0));
    // No file may grow past a megabyte or two (a shell counts in 512 or 1,024 bytes); a write past it fails.
    let mut shell = kit::command("/bin/sh", &folder);
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\"", PROGRAM]);
    let mut process = Process::start(shell).await;
    let ada = Person::signs_up(process.address, "Ada").await;
    let text = "full ".repeat(20_000);
    let (mut taken, mut writers, mut refused) = (vec![], vec![], None);
    for _ in 0..100 {
        let sending = Person::first_message(&text);
        match ada.sends(&sending).await {
            Ok(chat) => {
                taken.push(chat);
                writers.push(provider.is_asked().await);
            }
            Err(failure) => {
                refused = Some((sending, failure));
                break;
            }
        }
    }
    let (sending, failure) = refused.expect("the disk is full at some time");
    assert_eq!(failure.status, 503, "{failure:?}");
    assert!(!taken.is_empty());
    for chat in &taken {
        assert_eq!(ada.reads(chat.id).await.expect("what was accepted").messages[0].text(), text);
    }
    assert_eq!(ada.reads(sending.conversation).await.expect_err("what was not").status, 404);
    process.dies();
    let world = World::restarts(folder, provider, ada).await;
    for chat in &taken {
        assert_eq!(world.ada.reads(chat.id).await.expect("what was accepted").messages[0].text(), text);
    }
    world.ada.sends(&sending).await.expect("the same send, with room");
    let messages = 2 * (taken.len() as i64 + 1);
    assert_eq!(world.database().await.count("SELECT COUNT(*) FROM messages").await, messages);
}
