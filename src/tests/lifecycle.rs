//! The real program: starts, stops, kills, and what the next start makes of what was left.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::Command,
};

use kit::{Chat, Database, Folder, Person, Process, Provider, Tab, Writer, page, soon};
use rivulet::{live::close, message::Status};
use sqlx::migrate::{Migration, Migrator};

use crate::program::{self, PROGRAM, command};

/// A program that runs in a folder with settings for a provider of ours.
struct World {
    folder: Folder,
    provider: Provider,
    process: Process,
    ada: Person,
}

impl World {
    async fn start(grace_seconds: u64) -> World {
        let (folder, provider) = (Folder::new(), Provider::start().await);
        folder.has_settings(&folder.settings(&provider.url, grace_seconds));
        let process = program::start(&folder).await;
        let ada = Person::signs_up(process.address, "Ada").await;
        World { folder, provider, process, ada }
    }

    /// A reply with its first words, and a tab that has seen them.
    async fn streaming(&self, words: &str) -> (Chat, Tab, Writer) {
        let chat = self.ada.asks("Hello").await;
        let mut tab = self.ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        let provider = self.provider.is_asked().await;
        provider.thinks("Hm.");
        provider.writes(words);
        tab.sees(chat.reply, words).await;
        (chat, tab, provider)
    }

    /// `kill -9`, and another start on the same folder.
    async fn comes_back_from_the_dead(self) -> World {
        let World { folder, provider, mut process, ada } = self;
        process.dies();
        World::again(folder, provider, ada).await
    }

    async fn again(folder: Folder, provider: Provider, ada: Person) -> World {
        let process = program::start(&folder).await;
        let ada = Person { address: process.address, ..ada };
        World { folder, provider, process, ada }
    }

    async fn database(&self) -> Database {
        Database::open(&self.folder.database()).await
    }
}

/// Rules: a start folds what a dead process left, all that was seen is there, and `Ended(Interrupted)` is just growth:
/// the tabs go on from where they were. Repeated starts change nothing more.
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
    let mut world = world.comes_back_from_the_dead().await;
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
    world = world.comes_back_from_the_dead().await;
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
    world.ada.continues(chat.reply, seen).await.expect("it goes on");
    let provider = world.provider.is_asked().await;
    tab.follows(chat.reply).await;
    provider.writes(", second");
    tab.sees(chat.reply, "First half, second").await;
    let world = world.comes_back_from_the_dead().await;
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

/// Rule: durable before visible. What was on its way to the database when the process died was seen by nobody.
#[tokio::test]
async fn what_a_kill_took_was_never_seen() {
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
    let world = World::again(folder, provider, ada).await;
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
    let world = world.comes_back_from_the_dead().await;
    for (chat, before) in [completed, failed, stopped].iter().zip(before) {
        assert_eq!(world.ada.finds(chat).await, before);
    }
    assert_eq!(world.ada.finds(&running).await.status, Status::Interrupted);
    world.ada.asks_in(running.id, "Go on").await.expect("nothing runs in it any more");
}

/// Rule: recovery is one transaction a message, and one that cannot be recovered keeps nobody from starting: it is left as
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
    let world = world.comes_back_from_the_dead().await;
    for at in [0, 2] {
        let kept = world.ada.finds(&replies[at].0).await;
        assert_eq!((kept.status, kept.text()), (Status::Interrupted, format!("Reply {at}")));
    }
    assert_eq!(database.journal_of(bad).await, 4, "its rows stay");
    database.run("DROP TRIGGER broken").await;
    let world = world.comes_back_from_the_dead().await;
    for (number, (chat, ..)) in replies.iter().enumerate() {
        let kept = world.ada.finds(chat).await;
        assert_eq!((kept.status, kept.text()), (Status::Interrupted, format!("Reply {number}")));
    }
    assert_eq!(database.count("SELECT COUNT(*) FROM journal").await, 0);
}

/// Rule: a row of the journal that cannot be read costs what follows it, and nothing else: not the start, not the rows, not
/// the conversation.
#[tokio::test]
async fn a_damaged_row_of_the_journal_keeps_no_server_from_starting() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Some words").await;
    let (whole, _other_tab, _other_writer) = world.streaming("Whole").await;
    let mut database = world.database().await;
    database
        .run(format!("UPDATE journal SET body = '{{' WHERE message_id = '{}' AND part = 1 AND at = -1", chat.reply))
        .await;
    let world = world.comes_back_from_the_dead().await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, String::new()));
    assert!(kept.error.is_some_and(|error| error.contains("damaged")), "it is said");
    assert_eq!(database.journal_of(chat.reply).await, 4, "its rows stay for whoever repairs it");
    assert_eq!(world.ada.finds(&whole).await.text(), "Whole");
    let again = world.ada.asks_in(chat.id, "And now?").await.expect("the conversation goes on");
    world.provider.is_asked().await.ends();
    let world = world.comes_back_from_the_dead().await;
    assert_eq!(database.journal_of(chat.reply).await, 4, "over another start, too");
    assert!(world.ada.finds(&again).await.status.is_final());
}

/// Rule: what is left of a deleted conversation is removed at the next start, which is not kept up by a reply in it.
#[tokio::test]
async fn a_conversation_deleted_in_the_middle_is_removed_at_the_next_start() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Secret").await;
    let mut database = world.database().await;
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    database.run(format!("UPDATE conversations SET deleted = 1 WHERE id = '{}'", chat.id)).await;
    let world = World::again(folder, provider, ada).await;
    for table in ["messages", "journal"] {
        database.comes_to(format!("SELECT COUNT(*) FROM {table}"), 0).await;
    }
    assert_eq!(world.ada.reads(chat.id).await.expect_err("it is gone").status, 404);
}

/// Rule: a second process on the same file is refused, and the first does not notice.
#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Hello").await;
    let said = Process::fails(command(&world.folder)).await;
    assert!(said.contains("in use by another Rivulet") && said.contains("RIVULET_DATABASE_URL"), "{said}");
    provider.writes(" world");
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), "Hello world");
}

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

/// Rule: what does not finish within the grace ends as `Interrupted`, seen by the tab, written, nothing left over.
#[tokio::test]
async fn a_reply_that_goes_on_is_interrupted_at_sigterm() {
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
    let world = World::again(folder, provider, ada).await;
    assert_eq!(&world.ada.finds(&chat).await, tab.message(chat.reply));
}

/// Rule: a stop ends in a set time even when the end cannot be written; the next start ends it.
#[tokio::test]
async fn a_stop_with_a_locked_database_ends_and_the_next_start_folds() {
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
    let world = World::again(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}

/// Rule: who asks a second time does not want to wait; the next start recovers what was open.
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
    let world = World::again(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}

/// Rule: a process that can keep nothing any more ends, and says so by its status too.
#[tokio::test]
async fn a_process_whose_committer_ends_does_not_go_on() {
    let world = World::start(3_600).await;
    let (chat, mut tab, writer) = world.streaming("Kept").await;
    world.database().await.run("UPDATE owners SET fenced = 1").await;
    writer.writes(" and not kept");
    assert_eq!(tab.is_closed().await, close::RESTARTING);
    assert_eq!(tab.text(chat.reply), "Kept");
    let World { folder, provider, mut process, ada } = world;
    let (status, log) = process.ends().await;
    assert!(!status.success() && log.contains("taken over"), "{status} {log}");
    let world = World::again(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!((kept.status, kept.text()), (Status::Interrupted, "Kept".into()));
}

/// Rule: a log that cannot be written stops no task. The database's trouble is logged by the committer.
#[tokio::test]
async fn a_server_whose_log_is_closed_goes_on() {
    let world = World::start(5).await;
    world.process.log.is_closed().await;
    goes_on_after_trouble(world).await;
}

/// The same where the log's reader stands still, and more is logged than a pipe holds.
#[tokio::test]
async fn a_server_whose_log_is_not_read_goes_on() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    let mut loud = command(&folder);
    loud.env("RUST_LOG", "trace");
    let process = Process::start(loud).await;
    process.log_is_left().await;
    let ada = Person::signs_up(process.address, "Ada").await;
    goes_on_after_trouble(World { folder, provider, process, ada }).await;
}

/// The database is locked for longer than a commit waits; then all goes on, and nothing was lost.
async fn goes_on_after_trouble(world: World) {
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

/// Rule: one file is one database, by whatever name.
#[tokio::test]
async fn a_second_process_through_a_symbolic_link_is_refused() {
    let world = World::start(5).await;
    let link = world.folder.path().join("link.db");
    std::os::unix::fs::symlink(world.folder.database(), &link).expect("a link");
    let mut other = command(&world.folder);
    other.env("RIVULET_DATABASE_URL", format!("sqlite:{}", link.display()));
    let said = Process::fails(other).await;
    assert!(said.contains("in use by another Rivulet"), "{said}");
}

/// Rule: as many descriptors as may be had; and who opens more connections than there are keeps nobody out, not even
/// while they last.
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
    let said = {
        let streams = async {
            loop {
                provider.writes(" word");
                tab.next().await;
            }
        };
        tokio::select! {
            said = Process::runs(backup()) => said,
            never = streams => never,
        }
    };
    assert!(said.contains("copy.db"), "{said}");
    let said = Process::fails(backup()).await;
    assert!(said.contains("copy.db") && said.contains("exists"), "{said}");
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    for file in ["rivulet.db", "rivulet.db-wal", "rivulet.db-shm"] {
        std::fs::remove_file(folder.path().join(file)).expect("a file of the database");
    }
    std::fs::rename(copy, folder.database()).expect("the copy takes its place");
    let world = World::again(folder, provider, ada).await;
    let kept = world.ada.finds(&chat).await;
    assert_eq!(kept.status, Status::Interrupted);
    assert!(kept.text().starts_with("Before"), "{kept:?}");
}

/// Rule: a SQLite that can lose committed rows is refused.
#[test]
fn an_old_sqlite_is_refused() {
    use rivulet::database::{MIN_SQLITE, check_version};
    check_version(rusqlite::version_number()).expect("the one that is built in");
    check_version(MIN_SQLITE).expect("the oldest that is safe");
    let refused = check_version(MIN_SQLITE - 1).expect_err("one that can lose rows").to_string();
    assert!(refused.contains("3.51.2") && refused.contains("3.51.3"), "{refused}");
}

/// Rule: a port in use stops the start with the setting's name and value.
#[tokio::test]
async fn a_port_in_use_is_named() {
    let world = World::start(5).await;
    let address = world.process.address.to_string();
    let other = Folder::new();
    let mut command = command(&other);
    command.env("LEPTOS_SITE_ADDR", &address).env("LEPTOS_SITE_ROOT", other.site());
    let said = Process::fails(command).await;
    assert!(said.contains("LEPTOS_SITE_ADDR") && said.contains(&address), "{said}");
    assert!(said.to_lowercase().contains("another program"), "{said}");
}

/// Rule: a wrong setting stops the start with the setting's name, the value, and what would be right.
#[tokio::test]
async fn a_wrong_setting_is_named_with_its_value_and_what_is_right() {
    let wrong = [
        ("LEPTOS_SITE_ADDR", "localhost", "127.0.0.1:3000"),
        ("LEPTOS_SITE_ADDR", "127.0.0.1:99999", "127.0.0.1:3000"),
        ("LEPTOS_SITE_ADDR", "192.0.2.1:3000", "192.0.2.1"),
        ("LEPTOS_SITE_ROOT", "/nowhere/site", "cargo xtask build"),
        ("RIVULET_DATABASE_URL", "postgres://localhost/rivulet", "sqlite:rivulet.db"),
        ("RIVULET_DATABASE_URL", "sqlite::memory:", "sqlite:rivulet.db"),
        ("RIVULET_DATABASE_URL", "sqlite:", "sqlite:rivulet.db"),
        ("RIVULET_GRACE_SECONDS", "soon", "seconds"),
        ("RIVULET_GRACE_SECONDS", "-1", "seconds"),
        ("OPENAI_BASE_URL", "127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
    ];
    for (setting, value, right) in wrong {
        let folder = Folder::new();
        let mut command = command(&folder);
        command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env(setting, value);
        let said = Process::fails(command).await;
        for part in [setting, value, right] {
            assert!(said.contains(part), "{setting}={value} is answered without {part:?}: {said}");
        }
    }
    let file = [
        ("[leptos]\nsite-adr = \"127.0.0.1:0\"", "site-adr"),
        ("[leptos\n", "Leptos.toml"),
        ("[server]\ngrace-seconds = \"soon\"", "grace-seconds"),
        ("[[provider]]\nkind = \"demo\"\npace = 0", "pace"),
        ("[[provider]]\nkind = \"gemini\"", "gemini"),
        ("[[provider]]\nkind = \"openai\"\nbase-url = \"ftp://x\"", "ftp://x"),
        ("[database]\nurl = \"mysql:x\"", "mysql:x"),
    ];
    for (text, names) in file {
        let folder = Folder::new();
        folder.has_settings(text);
        let mut command = command(&folder);
        command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0");
        let said = Process::fails(command).await;
        assert!(said.contains("Rivulet cannot start") && said.contains(names), "{text}: {said}");
    }
}

/// Rule: secrets are in no message and no log.
#[tokio::test]
async fn a_key_is_never_said() {
    let folder = Folder::new();
    let mut command = command(&folder);
    command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("RUST_LOG", "trace");
    command.env("OPENAI_API_KEY", "sk-very\u{1}secret").env("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    let said = Process::fails(command).await;
    assert!(said.contains("api-key") && !said.contains("sk-very"), "{said}");
}

/// Rule: a database from a newer version is refused, and left as it is.
#[tokio::test]
async fn a_newer_database_is_refused() {
    let world = World::start(5).await;
    let mut database = world.database().await;
    let World { folder, mut process, .. } = world;
    process.dies();
    database
        .run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)")
        .await;
    let said = Process::fails(command(&folder)).await;
    assert!(said.contains("newer Rivulet") && said.contains("9999"), "{said}");
    assert!(said.contains(&folder.database().display().to_string()), "{said}");
}

/// Rule: every file in `migrations/sqlite` is built in, as it stands there.
#[tokio::test]
async fn each_migration_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let steps = |migrator: Migrator| {
        let step = |step: &Migration| (step.version, step.description.clone(), step.checksum.to_vec());
        migrator.iter().map(step).collect::<Vec<_>>()
    };
    let files = steps(Migrator::new(folder).await.expect("the folder"));
    assert_eq!(steps(rivulet::database::migrations::migrator()), files);
}

/// Rule: a file that is no database is refused with its name.
#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    std::fs::write(folder.database(), "This is a letter.".repeat(500)).expect("a file");
    folder.has_settings(&folder.settings("http://127.0.0.1:1/v1", 5));
    let said = Process::fails(command(&folder)).await;
    assert!(said.contains(&folder.database().display().to_string()), "{said}");
    let letter = std::fs::read_to_string(folder.database()).expect("it is as it was");
    assert!(letter.starts_with("This is a letter."));
}

/// Rule: a database that may only be read is refused at the start, with its name and what to look at.
#[tokio::test]
async fn a_read_only_database_is_refused() {
    let world = World::start(0).await;
    world.process.is_asked_to_stop();
    let World { folder, mut process, .. } = world;
    process.ends().await;
    for name in std::fs::read_dir(folder.path()).expect("the folder").flatten().map(|entry| entry.path()) {
        let mut permissions = std::fs::metadata(&name).expect("what it is").permissions();
        if name.is_file() && name.extension().is_some_and(|extension| extension == "db") {
            permissions.set_readonly(true);
            std::fs::set_permissions(&name, permissions).expect("it can be made read-only");
        }
    }
    let said = Process::fails(as_nobody(&folder)).await;
    assert!(said.contains(&folder.database().display().to_string()), "{said}");
    assert!(said.contains("written") || said.contains("read-only"), "{said}");
}

/// The program as somebody whom permissions bind: root may write what is read-only.
fn as_nobody(folder: &Folder) -> Command {
    const NOBODY: u32 = 65534;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return command(folder);
    }
    let program = folder.path().join("rivulet");
    std::fs::copy(PROGRAM, &program).expect("a copy of the program");
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("it can be given away");
    give(&folder.path());
    for entry in std::fs::read_dir(folder.path()).expect("the folder").flatten() {
        give(&entry.path());
    }
    let mut command = kit::command(program, folder);
    command.uid(NOBODY).gid(NOBODY);
    command
}

/// Rule: a full disk is a 503 with a sentence; what was taken stays, what was not is nowhere, and later it works.
#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_half_written() {
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
        assert_eq!(ada.reads(chat.id).await.expect("what was taken").messages[0].text(), text);
    }
    assert_eq!(ada.reads(sending.conversation).await.expect_err("what was not").status, 404);
    process.dies();
    let world = World::again(folder, provider, ada).await;
    for chat in &taken {
        assert_eq!(world.ada.reads(chat.id).await.expect("what was taken").messages[0].text(), text);
    }
    world.ada.sends(&sending).await.expect("the same send, with room");
    let messages = 2 * (taken.len() as i64 + 1);
    assert_eq!(world.database().await.count("SELECT COUNT(*) FROM messages").await, messages);
}
