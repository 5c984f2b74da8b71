//! Databases that older versions made, under the version of today.
//!
//! For each version whose tables differ there are three files in `upgrade/`, named by its newest step: a database, the
//! cookie of a session in it, and what that version itself showed of it. They are never changed, but for the page's own
//! sentences in what was shown. `making.rs` makes them, with the version that is about to become an older one.

mod making;
mod pages;

use std::{fs, path::PathBuf};

use kit::{Database, Folder, Person, Process, Provider};
use rivulet::{
    conversation::queue::QueuePage,
    ids::{ConversationId, now},
};
use serde_json::json;

use crate::program;

/// Each with the newest step that it has taken.
const VERSIONS: [&str; 3] = ["0004", "0008", "0014"];

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A file in `upgrade/`.
fn file(version: &str, kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/tests/lifecycle/upgrade/{version}.{kind}"))
}

fn read(version: &str, kind: &str) -> String {
    fs::read_to_string(file(version, kind)).expect("a file of this version")
}

/// What a person with an older version has when they start the one of today.
struct Upgraded {
    provider: Provider,
    _folder: Folder,
    _process: Process,
    /// In the browser in which they signed in before.
    ada: Person,
}

impl Upgraded {
    async fn from(version: &str) -> Upgraded {
        let provider = Provider::start().await;
        let folder = folder_of(version, &provider).await;
        let process = program::start(&folder).await;
        let ada = Person::with_cookie(process.address, read(version, "cookie"));
        Upgraded { provider, _folder: folder, _process: process, ada }
    }
}

/// A folder with a copy of its database, and settings.
async fn folder_of(version: &str, provider: &Provider) -> Folder {
    let folder = Folder::new();
    folder.has_settings(&folder.settings(&provider.url, 0));
    fs::copy(file(version, "db"), folder.database()).expect("a copy of the database");
    // As if the browser had been used today: sessions end some time after that.
    let (now, tomorrow) = (now(), now() + DAY);
    let used = format!(
        "UPDATE sessions SET created_at = {now}, seen_at = {now}, expires_at = {tomorrow} WHERE expires_at > 1"
    );
    Database::open(&folder.database()).await.run(used).await;
    folder
}

/// Rule: every page shows after an upgrade what it showed before, word by word and in the same order, and what was gone is
/// gone.
#[tokio::test]
async fn every_page_shows_what_it_showed_before() {
    for version in VERSIONS {
        let before = read(version, "txt");
        let upgraded = Upgraded::from(version).await;
        let after = pages::all(&upgraded.ada, &pages::named_in(&before)).await;
        for (line, (after, before)) in after.lines().zip(before.lines()).enumerate() {
            assert_eq!(counted(after), counted(before), "line {} of {version}.txt", line + 1);
        }
        assert_eq!(after.lines().count(), before.lines().count(), "it is all there");
    }
}

/// Of `2/3` how many there are: the one that is shown became the newest.
fn counted(line: &str) -> &str {
    match line.trim().split_once('/') {
        Some((at, count)) if [at, count].iter().all(|part| part.parse::<u32>().is_ok()) => count,
        _ => line,
    }
}

/// Rule: each conversation is continued where it was.
#[tokio::test]
async fn each_conversation_can_be_continued() {
    for version in VERSIONS {
        let upgraded = Upgraded::from(version).await;
        let Upgraded { provider, ada, .. } = &upgraded;
        for address in pages::named_in(&read(version, "txt")) {
            let before = pages::conversation(ada, &address).await;
            if before == pages::NOT_FOUND {
                continue;
            }
            let id = address.trim_start_matches("/c/").parse().expect("an id");
            let chat = ada.asks_in(id, "And now?").await.expect("a message that is taken");
            let writer = provider.is_asked().await;
            writer.writes("Now, too.");
            writer.ends();
            let mut tab = ada.opens_a_tab().await;
            tab.follows(chat.reply).await;
            tab.sees_the_end(chat.reply).await;
            let more = "  You, completed\n    And now?\n  Assistant, completed\n    Now, too.\n";
            assert_eq!(
                without_title(&pages::conversation(ada, &address).await),
                without_title(&before).to_owned() + more
            );
        }
    }
}

/// The model may give one when a reply ends.
fn without_title(conversation: &str) -> &str {
    conversation.split_once('\n').expect("a title and messages").1
}

/// Rule: nobody has to sign in again because of an upgrade, and whoever has to can, with the same password.
#[tokio::test]
async fn people_stay_signed_in_and_keep_their_password() {
    for version in VERSIONS {
        let upgraded = Upgraded::from(version).await;
        let sessions = upgraded.ada.gets("/settings/security").await;
        assert_eq!(sessions.status, 200);
        let again = upgraded.ada.signs_in_again("Ada").await;
        assert_eq!(again.gets("/").await.status, 200);
    }
}

/// Rule: what waits to be sent waits still, and what was removed stays so; behind a reply that the end of the old process
/// interrupted it waits for a person.
#[tokio::test]
async fn what_is_queued_waits_still() {
    let upgraded = Upgraded::from("0008").await;
    let Upgraded { provider, ada, .. } = &upgraded;
    let mut queued = vec![];
    for address in pages::named_in(&read("0008", "txt")) {
        let id: ConversationId = address.trim_start_matches("/c/").parse().expect("an id");
        // That of a deleted conversation is not found.
        let queue: Result<QueuePage, _> = ada.call("queue", json!({ "id": id })).await;
        let rows = queue.map(|page| page.rows).unwrap_or_default();
        assert!(rows.iter().all(|row| row.wait.held));
        queued.extend(rows.into_iter().flat_map(|row| row.parts).map(|part| part.text));
    }
    queued.sort();
    assert_eq!(
        queued,
        ["And then?", "And then?", "Sent as soon as it has ended, and edited", "What was queued first, and edited"]
    );
    assert!(provider.is_asked_no_more().await);
}
