//! `rivulet list-people`.

use kit::{Folder, Person, Process, Server, person::PASSWORD};

use super::{command, runs};
use crate::program;

/// A server whose folder has its settings, as a command reads them.
async fn server() -> Server {
    let server = Server::start().await;
    server.folder.has_settings(&server.folder.settings(&server.provider.url, 5));
    server
}

/// The table's lines, each as its words.
async fn lists(folder: &Folder) -> Vec<Vec<String>> {
    let ran = runs(command(folder, &["list-people"]), "").await;
    ran.is_done();
    ran.output.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Rule: who has an account, since when, with how many sessions that are not over, and when one was last used.
#[tokio::test]
async fn everybody_is_listed_while_the_server_runs() {
    let server = server().await;
    assert_eq!(lists(&server.folder).await.len(), 1, "nobody yet");
    let ada = server.sign_up("Ada").await;
    ada.signs_in_again("Ada").await;
    ada.signs_in_again("Ada").await;
    let mut database = server.database().await;
    database.adds_person("Bea").await;
    let seen = "UPDATE sessions SET expires_at = 1 WHERE token_hash = (SELECT MIN(token_hash) FROM sessions
         WHERE user_id = (SELECT id FROM users WHERE name = 'Ada'))";
    database.run(seen).await;
    database.run("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = 'Bea')").await;
    database.run("UPDATE sessions SET seen_at = seen_at - 3 * 3600000").await;
    // As nobody can be named by a page: it would move the cursor.
    database.run("UPDATE users SET name = 'Bea' || char(27) || '[2J' WHERE name = 'Bea'").await;
    let people = lists(&server.folder).await;
    assert_eq!(people[0].join(" "), "NAME EMAIL SINCE SESSIONS LAST USED");
    let [bea, ada] = [&people[1], &people[2]];
    assert_eq!(bea[..2], ["Bea[2J", "Bea@example.org"]);
    assert_eq!(bea[5..], ["0", "-"]);
    assert_eq!(ada[..2], ["Ada", "ada@example.org"]);
    let since = ada[2..5].join(" ");
    let today = httpdate::fmt_http_date(std::time::SystemTime::now());
    assert!(since == *today[5..16].trim_start_matches('0'), "{since}, and today is {today}");
    assert_eq!(ada[5..].join(" "), "2 3 hours ago");
    assert_eq!(people.len(), 3);
}

/// Rule: nothing secret is listed or logged.
#[tokio::test]
async fn nothing_secret_is_listed() {
    let server = server().await;
    let ada = server.sign_up("Ada").await;
    let mut loud = command(&server.folder, &["list-people"]);
    loud.env("RUST_LOG", "trace");
    let ran = runs(loud, "").await;
    ran.is_done();
    let token = ada.cookie.split_once('=').expect("a cookie").1;
    let is_hash = "SELECT COUNT(*) FROM users, sessions, devices WHERE instr('{}', password_hash) > 0
         OR instr('{}', sessions.token_hash) > 0 OR instr('{}', devices.token_hash) > 0";
    let all = format!("{}{}", ran.output, ran.errors);
    assert!(!all.contains(token) && !all.contains("$argon2") && !all.contains(PASSWORD), "{all}");
    let found = is_hash.replace("{}", &all.replace('\'', "''"));
    assert_eq!(server.database().await.count(found).await, 0, "{all}");
}

/// Rule: a command makes no database, and does not touch one of another version.
#[tokio::test]
async fn a_database_that_is_not_this_versions_is_refused() {
    let folder = Folder::new();
    folder.has_settings(&folder.settings("http://127.0.0.1:9/v1", 0));
    let list = || runs(command(&folder, &["list-people"]), "");
    list().await.is_refused("There is no database");
    assert!(!folder.database().exists());
    let process = program::start(&folder).await;
    Person::signs_up(process.address, "Ada").await;
    let mut database = kit::Database::open(&folder.database()).await;
    database
        .run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)")
        .await;
    list().await.is_refused("from a newer Rivulet");
    database.run("DELETE FROM _sqlx_migrations WHERE version >= 4").await;
    list().await.is_refused("from an older Rivulet");
    database.run("DROP TABLE _sqlx_migrations").await;
    list().await.is_refused("no tables of Rivulet's");
}

/// Rule: a command leaves nothing that keeps a server from starting.
#[tokio::test]
async fn a_command_takes_no_lock() {
    let folder = Folder::new();
    folder.has_settings(&folder.settings("http://127.0.0.1:9/v1", 0));
    let mut process = program::start(&folder).await;
    Person::signs_up(process.address, "Ada").await;
    process.dies();
    let lock = folder.path().join("rivulet.db.lock");
    std::fs::remove_file(&lock).expect("the lock of a server that is gone");
    assert_eq!(lists(&folder).await.len(), 2);
    super::resets(&folder, format!("{}\n", super::NEW)).await.is_done();
    assert!(!lock.exists());
    let process: Process = program::start(&folder).await;
    assert_eq!(super::signs_in(process.address, super::NEW).await, 303);
}
