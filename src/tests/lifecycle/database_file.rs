//! Database files with which the program refuses to start.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::Command,
};

use kit::{Folder, Process};
use rivulet::{
    database::migrations::{STEPS, Step},
    message::Status,
};

use super::World;
use crate::program::{PROGRAM, command};

/// Rule: a second process on the same file is refused, and the first does not notice.
#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused() {
    let world = World::start(5).await;
    let (chat, mut tab, provider) = world.streaming("Hello").await;
    let output = Process::fails(command(&world.folder)).await;
    assert!(output.contains("in use by another Rivulet") && output.contains("RIVULET_DATABASE_URL"), "{output}");
    provider.writes(" world");
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), "Hello world");
}

/// Rule: one file is one database, by whatever name.
#[tokio::test]
async fn a_second_process_through_a_symbolic_link_is_refused() {
    let world = World::start(5).await;
    let link = world.folder.path().join("link.db");
    std::os::unix::fs::symlink(world.folder.database(), &link).expect("a link");
    let mut other = command(&world.folder);
    other.env("RIVULET_DATABASE_URL", format!("sqlite:{}", link.display()));
    let output = Process::fails(other).await;
    assert!(output.contains("in use by another Rivulet"), "{output}");
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
    let output = Process::fails(command(&folder)).await;
    assert!(output.contains("newer Rivulet") && output.contains("9999"), "{output}");
    assert!(output.contains(&folder.database().display().to_string()), "{output}");
}

/// Rule: every file in `migrations/sqlite` is built in, as it stands there, in the order of its numbers.
#[test]
fn each_migration_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    let files: Vec<_> = (files.iter())
        .map(|file| {
            let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
            (name.replace('_', " "), std::fs::read_to_string(file).expect("a file"))
        })
        .collect();
    let step = |step: &Step| (format!("{:04} {}", step.number, step.description), step.statements.to_owned());
    assert_eq!(STEPS.iter().map(step).collect::<Vec<_>>(), files);
}

/// Rule: a file that is no database is refused with its name.
#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    std::fs::write(folder.database(), "This is a letter.".repeat(500)).expect("a file");
    folder.has_settings(&folder.settings("http://127.0.0.1:1/v1", 5));
    let output = Process::fails(command(&folder)).await;
    assert!(output.contains(&folder.database().display().to_string()), "{output}");
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
    let output = Process::fails(as_nobody(&folder)).await;
    assert!(output.contains(&folder.database().display().to_string()), "{output}");
    assert!(output.contains("written") || output.contains("read-only"), "{output}");
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
