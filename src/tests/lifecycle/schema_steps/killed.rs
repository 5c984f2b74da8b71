//! The real program, killed while it brings a database up to date, or refused by one.

use kit::{Database, Person, Process};
use rivulet::database::migrations::STEPS;

use super::old_database::OldDatabase;
use crate::program::{self, command};

/// The database before the step with sessions and devices, and the settings for a server on it.
fn of_three_steps() -> OldDatabase {
    let database = OldDatabase::of(&STEPS[..3]);
    database.folder.has_settings(&database.folder.settings("http://127.0.0.1:1/v1", 0));
    database
}

/// A process on a database in which a step takes for ever, once the step has written something.
async fn in_an_endless_step(database: &OldDatabase) -> Process {
    let mut other = Database::open(&database.path()).await;
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 1000) SELECT n FROM n";
    other.run(format!("CREATE TABLE written (bytes BLOB); CREATE TABLE many AS {many}")).await;
    // The step changes each session.
    let endless = "INSERT INTO written SELECT randomblob(500) FROM many a, many b, many c, many d";
    other.run(format!("CREATE TRIGGER endless AFTER UPDATE ON sessions BEGIN {endless}; END")).await;
    let process = Process::spawn(command(&database.folder));
    let log = database.beside_as("-wal");
    kit::soon("a step is being taken", async {
        while std::fs::metadata(&log).map_or(0, |log| log.len()) < 4_000_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    process
}

fn steps_have_an_end(database: &OldDatabase) {
    database.run("DROP TRIGGER endless; DROP TABLE written; DROP TABLE many");
}

/// Rule: a process that is killed in the middle of a step has changed nothing, and the next start brings the database up to
/// date.
#[tokio::test]
async fn a_process_that_is_killed_in_a_step_has_changed_nothing() {
    let database = of_three_steps();
    let content = database.content();
    in_an_endless_step(&database).await.dies();
    assert_eq!(database.copies(), ["before-0004"]);
    steps_have_an_end(&database);
    assert_eq!(database.content(), content);
    let process = program::start(&database.folder).await;
    assert_eq!(Person::with_cookie(process.address, "").gets("/sign-in").await.status, 200);
    assert_eq!(database.count("SELECT COUNT(*) FROM _sqlx_migrations"), STEPS.len() as i64);
    assert_eq!(database.copies(), ["before-0004"]);
}

/// Rule: nobody has to wait for the end of a step to stop a process.
#[tokio::test]
async fn a_process_that_is_asked_to_stop_in_a_step_ends_at_once() {
    let database = of_three_steps();
    let content = database.content();
    let mut process = in_an_endless_step(&database).await;
    process.is_asked_to_stop();
    process.ends().await;
    steps_have_an_end(&database);
    assert_eq!(database.content(), content);
}

/// Rule: the start is refused with the reason, and what was there stays in use.
#[tokio::test]
async fn a_start_that_fails_in_a_step_is_refused_with_the_reason() {
    let database = of_three_steps();
    database.run("CREATE TRIGGER broken BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'it is broken'); END");
    let content = database.content();
    let output = Process::fails(command(&database.folder)).await;
    for words in ["step 4 (sessions and devices) failed: it is broken", "Nothing was changed", "rivulet.db.before-0004"]
    {
        assert!(output.contains(words), "{output}");
    }
    assert_eq!(database.content(), content);
    database.run("DROP TRIGGER broken");
    program::start(&database.folder).await;
}
