//! Temporary conversations: who finds them, when they go, and that nothing of them stays.

use std::path::Path;

use kit::{Chat, Person, Refused, Server, soon};
use rivulet::{
    chat::api::Sending,
    conversation::{Conversation, LEFT_TIMEOUT, Sidebar, TEMPORARY_TIMEOUT, ratings::Rating},
    database::backup::backup,
    error::Failure,
    ids::{ConversationId, Millis, mint, now},
    live::List,
    message::Status,
    steering::options::Options,
};

const MINE: List = List::Conversations(Sidebar::Mine);
/// A word that stands in nothing else.
const MARKER: &str = "Xyzzymarker";

/// Whether a file has the word.
fn has_word(file: &Path, word: &str) -> bool {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

fn is_in_database(server: &Server, word: &str) -> bool {
    ["", "-wal", "-journal"].iter().any(|end| has_word(&server.folder.path().join(format!("rivulet.db{end}")), word))
}

/// Waits until nothing of a temporary conversation stands in any file of the database.
async fn nothing_stays(server: &Server) {
    soon("nothing of it is in a file", async {
        while is_in_database(server, MARKER) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A temporary conversation whose first reply has ended.
async fn talks_in_passing(server: &Server, person: &Person) -> Chat {
    let chat = person.asks_in_passing(&format!("A word: {MARKER}")).await;
    let writer = server.provider.is_asked().await;
    writer.thinks(&format!("About {MARKER}. "));
    writer.writes(&format!("{MARKER}, then. "));
    writer.ends();
    let mut tab = person.opens_a_tab().await;
    tab.follows(chat.reply).await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    chat
}

async fn expires_at(server: &Server, chat: ConversationId) -> Millis {
    server.database().await.count(format!("SELECT expires_at FROM conversations WHERE id = '{chat}'")).await
}

async fn is_gone(server: &Server, chat: ConversationId) {
    let left = format!("SELECT COUNT(*) FROM conversations WHERE id = '{chat}'");
    server.database().await.comes_to(left, 0).await;
}

fn row_of(rows: &[Conversation], chat: ConversationId) -> Option<&Conversation> {
    rows.iter().find(|row| row.id == chat)
}

/// Rule: a temporary conversation is in no list, however a page asks, and its maker alone finds it by its id; no model is
/// asked for its title.
#[tokio::test]
async fn it_is_in_no_list_and_its_maker_finds_it() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.opens_list(MINE).await;
    tab.opens_list(List::Marks).await;
    let chat = talks_in_passing(&server, &ada).await;
    ada.pins(chat.id, true).await.expect_err("it cannot be pinned");
    ada.archives(&[chat.id], true).await.expect_err("it cannot be archived");
    ada.deletes(chat.id).await.expect_err("it is closed instead");
    let other = ada.asks("An ordinary one").await;
    while !tab.conversations.contains_key(&other.id) {
        tab.next().await;
    }
    assert!(!tab.conversations.contains_key(&chat.id), "in no list that is followed");
    for list in [Sidebar::Mine, Sidebar::Shared] {
        let page = ada.sidebar(list).await;
        assert!(row_of(&page.rows, chat.id).is_none() && row_of(&page.pinned, chat.id).is_none());
    }
    assert!(ada.archived().await.is_empty());
    assert!(!ada.gets("/").await.text.contains(&chat.id.to_string()), "nor on a page");
    let page = ada.reads(chat.id).await.expect("its maker finds it");
    assert!(page.conversation.expires_at.is_some());
    assert_eq!(page.conversation.title, "", "no title is kept of it");
    assert!(ada.gets(&format!("/c/{}", chat.id)).await.text.contains("Temporary chat"));
    let grace = Person { cookie: server.database().await.adds_person("Grace").await, ..ada.clone() };
    assert_eq!(grace.reads(chat.id).await.expect_err("not hers"), Refused::of(Failure::NotFound));
    assert_eq!(grace.closes(chat.id).await.expect_err("not hers"), Refused::of(Failure::NotFound));
    assert_eq!(grace.keeps(chat.id).await.expect_err("not hers"), Refused::of(Failure::NotFound));
    assert_eq!(grace.leaves(chat.id).await.expect_err("not hers"), Refused::of(Failure::NotFound));
}

/// Rule: soon after a temporary conversation is closed no byte of it is in the database or in its log: not of messages,
/// replies, thinking, the journal, the queue, options or forks, though a reply was running.
#[tokio::test]
async fn nothing_of_a_closed_one_is_in_a_file() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let ordinary = ada.asks("Kept on purpose").await;
    server.provider.is_asked().await.ends();
    let options = Options { system_prompt: Some(format!("Say {MARKER}.")), ..Options::default() };
    let first = Sending { temporary: true, options, ..Person::first_message(&format!("A word: {MARKER}")) };
    let chat = ada.sends(&first).await.expect("a message that is taken");
    let writer = server.provider.is_asked().await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    writer.thinks(&format!("About {MARKER}. "));
    writer.writes(&format!("{MARKER}, then. ").repeat(500));
    tab.sees(chat.reply, &format!("{MARKER}, then. ").repeat(500)).await;
    writer.ends();
    tab.sees_the_end(chat.reply).await;
    let fork = mint();
    ada.forks(chat.reply, fork).await.expect("it is copied");
    assert!(expires_at(&server, fork).await > now(), "the copy of a temporary one is temporary");
    let next = ada.asks_in(chat.id, &format!("{MARKER} again")).await.expect("a message that is taken");
    let writer = server.provider.is_asked().await;
    tab.follows(next.reply).await;
    writer.writes(&format!("{MARKER} runs"));
    tab.sees(next.reply, &format!("{MARKER} runs")).await;
    ada.queues(&next, &format!("{MARKER} waits")).await.expect("it is queued");
    assert!(is_in_database(&server, MARKER), "it is there before");
    ada.closes(chat.id).await.expect("it is closed");
    assert_eq!(ada.reads(chat.id).await.expect_err("it is gone"), Refused::of(Failure::NotFound));
    ada.closes(fork).await.expect("it is closed");
    nothing_stays(&server).await;
    for chat in [chat.id, fork] {
        is_gone(&server, chat).await;
    }
    assert!(is_in_database(&server, "Kept on purpose"));
    assert_eq!(ada.reads(ordinary.id).await.expect("it is there").messages[0].text(), "Kept on purpose");
}

/// Rule: a kept one is an ordinary conversation, named by its first words, in every tab.
#[tokio::test]
async fn one_that_is_kept_is_listed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.opens_list(MINE).await;
    tab.opens_list(List::Marks).await;
    let chat = talks_in_passing(&server, &ada).await;
    ada.rates(chat.reply, Some(Rating::Up), "").await.expect("it is rated");
    for _ in 0..2 {
        ada.keeps(chat.id).await.expect("it is kept");
    }
    while !tab.conversations.contains_key(&chat.id) || !tab.marks.contains_key(&chat.id) {
        tab.next().await;
    }
    assert!(tab.marks[&chat.id].rated > 0, "a page that opens asks for its ratings");
    assert_eq!(tab.conversations[&chat.id].title, format!("A word: {MARKER}"));
    assert_eq!(tab.conversations[&chat.id].expires_at, None);
    assert_eq!(ada.closes(chat.id).await.expect_err("it stays"), Refused::of(Failure::NotFound));
}

/// Rule: it goes 24 hours after its last message, whoever shows it, and with a reply that runs.
#[tokio::test]
async fn one_that_has_expired_goes() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks_in_passing(MARKER).await;
    let writer = server.provider.is_asked().await;
    let left = expires_at(&server, chat.id).await - now();
    let day = TEMPORARY_TIMEOUT.as_millis() as Millis;
    assert!((day - 60_000..=day).contains(&left), "{left}");
    let mut tab = ada.opens_a_tab().await;
    tab.opens_list(List::Messages(chat.id)).await;
    tab.follows(chat.reply).await;
    writer.writes("It runs");
    tab.sees(chat.reply, "It runs").await;
    let mut database = server.database().await;
    database.run(format!("UPDATE messages SET created_at = 0 WHERE conversation_id = '{}'", chat.id)).await;
    database.run(format!("UPDATE conversations SET expires_at = {day} WHERE id = '{}'", chat.id)).await;
    is_gone(&server, chat.id).await;
    nothing_stays(&server).await;
}

/// Rule: closing its tab closes it after a while, unless a page shows it by then, as after a reload.
#[tokio::test]
async fn one_that_was_left_goes_unless_a_page_shows_it() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = talks_in_passing(&server, &ada).await;
    let whole = expires_at(&server, chat.id).await;
    ada.leaves(chat.id).await.expect("it is hers");
    let left = expires_at(&server, chat.id).await;
    assert!(left <= now() + LEFT_TIMEOUT.as_millis() as Millis && left > now());
    let mut tab = ada.opens_a_tab().await;
    tab.opens_list(List::Messages(chat.id)).await;
    let expiry = format!("SELECT expires_at FROM conversations WHERE id = '{}'", chat.id);
    server.database().await.comes_to(expiry, whole).await;
    drop(tab);
    ada.leaves(chat.id).await.expect("it is hers");
    server.database().await.run(format!("UPDATE conversations SET expires_at = 1 WHERE id = '{}'", chat.id)).await;
    is_gone(&server, chat.id).await;
}

/// Rule: a backup has no temporary conversation, not even one with a reply that runs, and all else.
#[tokio::test]
async fn a_backup_leaves_it_out() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    ada.asks("Kept on purpose").await;
    server.provider.is_asked().await.ends();
    let chat = talks_in_passing(&server, &ada).await;
    let next = ada.asks_in(chat.id, &MARKER.repeat(2000)).await.expect("a message that is taken");
    let writer = server.provider.is_asked().await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(next.reply).await;
    writer.writes(MARKER);
    tab.sees(next.reply, MARKER).await;
    ada.queues(&next, MARKER).await.expect("it is queued");
    let copy = server.folder.path().join("copy.db");
    backup(&format!("sqlite:{}", server.folder.database().display()), &copy).await.expect("a copy");
    assert!(!has_word(&copy, MARKER));
    assert!(has_word(&copy, "Kept on purpose"));
    let mut copied = kit::Database::open(&copy).await;
    assert_eq!(copied.count("SELECT COUNT(*) FROM conversations").await, 1);
    assert_eq!(copied.count("SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
}
