//! How a database of an older version is brought up to date.

mod killed;
mod old_database;

use std::{fs, os::unix::fs::PermissionsExt};

use old_database::OldDatabase;
use rivulet::database::migrations::Step;

/// As SQLite has a table made anew.
const REBUILD: Step = Step {
    number: 9001,
    description: "rebuild",
    statements: "CREATE TABLE new_conversations (
            id TEXT PRIMARY KEY NOT NULL, account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, title TEXT NOT NULL
        );
        INSERT INTO new_conversations SELECT id, account_id, title FROM conversations;
        DROP TABLE conversations;
        ALTER TABLE new_conversations RENAME TO conversations;",
};
const ORPHANS: Step = Step { number: 9002, description: "orphans", statements: "DELETE FROM conversations" };
const BROKEN: Step = Step {
    number: 9003,
    description: "broken",
    statements: "UPDATE messages SET role = 'nobody'; INSERT INTO no_such_table VALUES (1);",
};
const LATER: [Step; 4] = [later(9004), later(9005), later(9006), later(9007)];

const fn later(number: i64) -> Step {
    Step { number, description: "later", statements: "CREATE TABLE IF NOT EXISTS later (id INTEGER)" }
}

/// Rule: a table that others refer to is made anew without a word being lost, and they still refer to it.
#[test]
fn a_table_that_is_made_anew_keeps_what_refers_to_it() {
    let database = OldDatabase::new();
    database.takes(&[REBUILD]).expect("a step that can be taken");
    assert_eq!(database.count("SELECT COUNT(*) FROM messages JOIN conversations c ON c.id = conversation_id"), 2);
    database.run("PRAGMA foreign_keys = ON; DELETE FROM conversations");
    assert_eq!(database.count("SELECT COUNT(*) FROM messages"), 0);
}

/// Rule: steps after which a row refers to one that is not there are refused, with the table.
#[test]
fn rows_that_refer_to_nothing_are_refused() {
    let database = OldDatabase::new();
    let before = database.bytes();
    let error = database.takes(&[REBUILD, ORPHANS]).expect_err("rows without a conversation");
    assert!(error.contains("step 9002 (orphans) failed: of the table messages, 2 rows refer to rows of conversations"));
    assert!(database.bytes() == before, "it is as it was");
}

/// Rule: the steps are taken all, or none. The error has the step, the reason and the copy; and the program that there was
/// before can be started again.
#[test]
fn a_step_that_fails_changes_nothing() {
    let database = OldDatabase::new();
    let (bytes, content) = (database.bytes(), database.content());
    let error = database.takes(&[REBUILD, BROKEN]).expect_err("a step that cannot be taken");
    for words in ["step 9003 (broken) failed", "no such table", "Nothing was changed", "rivulet.db.before-9001"] {
        assert!(error.contains(words), "{error}");
    }
    assert!(database.bytes() == bytes, "it is as it was");
    assert_eq!(database.content(), content);
    database.takes(&[]).expect("the program that there was before");
    database.takes(&[REBUILD]).expect("a later one without that error");
}

/// Rule: before the first step a copy is made: whole, and for this user alone. One of an earlier try is replaced, and what
/// was left of one that was cut off is removed.
#[test]
fn a_copy_is_made_before_the_first_step() {
    let database = OldDatabase::new();
    for left in ["before-9001", "before-9001.partial"] {
        fs::write(database.beside(left), "of another day").expect("a file");
    }
    let before = database.content();
    database.takes(&[REBUILD, LATER[0]]).expect("steps that can be taken");
    assert_ne!(database.content(), before);
    let copy = database.beside("before-9001");
    assert_eq!(old_database::content(&copy), before);
    assert_eq!(fs::metadata(&copy).expect("the copy").permissions().mode() & 0o777, 0o600);
    assert_eq!(database.copies(), ["before-9001"]);
}

/// Rule: a new file is not copied, nor one for which no step is due.
#[test]
fn no_copy_is_made_without_need() {
    let database = OldDatabase::new();
    assert!(database.copies().is_empty());
    database.takes(&[]).expect("no step is due");
    assert!(database.copies().is_empty());
}

/// Rule: three copies are kept, the newest; one that a person made stays.
#[test]
fn three_copies_are_kept() {
    let database = OldDatabase::new();
    fs::write(database.beside("before-christmas"), "a person's own").expect("a file");
    for count in 1..=LATER.len() {
        database.takes(&LATER[..count]).expect("a step that can be taken");
    }
    assert_eq!(database.copies(), ["before-9005", "before-9006", "before-9007", "before-christmas"]);
}

/// Rule: while no step succeeds, no copy is removed.
#[test]
fn a_step_that_fails_removes_no_copy() {
    let database = OldDatabase::new();
    for count in 1..=3 {
        database.takes(&LATER[..count]).expect("a step that can be taken");
    }
    let steps = [&LATER[..3], &[Step { number: 9010, ..BROKEN }]].concat();
    database.takes(&steps).expect_err("a step that cannot be taken");
    assert_eq!(database.copies(), ["before-9004", "before-9005", "before-9006", "before-9010"]);
}

/// Rule: without room for the copy and the steps nothing is begun, and the error has how much is missing.
#[test]
fn steps_without_room_are_not_begun() {
    let database = OldDatabase::new();
    let content = database.content();
    let terabyte = 1_000_000_000_000;
    let log = fs::File::create(database.beside_as("-wal")).expect("a file");
    log.set_len(15 * terabyte).expect("a file with nothing in it can be of any length");
    let error = database.takes(&[REBUILD]).expect_err("no disk is that large");
    assert!(error.contains("Nothing was changed") && error.contains("are free on its disk"), "{error}");
    let missing = error.split_once("Make room for ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(missing.is_some_and(|megabytes| (1..=60_000_001).contains(&megabytes)), "{error}");
    assert!(database.copies().is_empty());
    assert_eq!(database.content(), content);
}

/// Rule: a step that a database has taken is never taken again, and never another one by its number.
#[test]
fn a_changed_step_is_refused() {
    let database = OldDatabase::new();
    database.takes(&[REBUILD]).expect("a step that can be taken");
    let content = database.content();
    database.takes(&[REBUILD]).expect("it is not taken again");
    let error = database.takes(&[Step { number: REBUILD.number, ..ORPHANS }]).expect_err("another step");
    assert!(error.contains("another step 9001 (orphans)") && error.contains("rivulet.db"), "{error}");
    assert_eq!(database.content(), content);
}
