//! What people think of replies: for themselves alone, in all their tabs.

use kit::{Chat, Person, Refused, Server, Tab};
use rivulet::{
    access::AccountRole,
    conversation::{
        Sidebar, Visibility,
        ratings::{LONGEST_WORD, Rated, Rating},
    },
    error::Failure,
    ids::{ConversationId, MessageId, Rev, mint, now},
    live::List,
};

/// A conversation whose first reply has ended.
async fn has_talked(server: &Server, person: &Person) -> Chat {
    let chat = person.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi.");
    writer.ends();
    let mut tab = person.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    chat
}

async fn opens_the_sidebar(person: &Person) -> Tab {
    let mut tab = person.opens_a_tab().await;
    for list in [List::Conversations(Sidebar::Mine), List::Conversations(Sidebar::Shared), List::Marks] {
        tab.opens_list(list).await;
    }
    tab
}

/// Reads until the tab has this change of the ratings.
async fn learns_of(tab: &mut Tab, chat: ConversationId, rev: Rev) {
    while tab.marks.get(&chat).is_none_or(|mark| mark.rated < rev) {
        tab.next().await;
    }
}

/// Rule: a rating, its word and taking it back are in every tab of the person, and on a page that opens later.
#[tokio::test]
async fn a_rating_is_in_every_tab_until_it_is_taken_back() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    let mut tab = opens_the_sidebar(&ada).await;
    assert_eq!(ada.ratings(chat.id).await.expect("none yet").rows, []);
    let mut last = 0;
    for (rating, word) in
        [(Some(Rating::Up), ""), (Some(Rating::Up), "Short"), (Some(Rating::Down), "Too short"), (None, "")]
    {
        let set = ada.rates(chat.reply, rating, &format!(" {word}\n")).await.expect("it is kept");
        let rev = set.position.rev;
        assert!(rev > last, "each change has a rev of its own");
        last = rev;
        learns_of(&mut tab, chat.id, rev).await;
        let read = ada.ratings(chat.id).await.expect("it is there");
        assert_eq!(read.rows, [Rated { message: chat.reply, rev, rating, word: word.into() }]);
        assert_eq!(read.rows, set.rows);
        assert!(read.position.rev >= rev, "a page that has read it asks no more");
        let mark = ada.sidebar(Sidebar::Mine).await.rows[0].mark.expect("a mark");
        assert_eq!(mark.rated, rev);
    }
}

/// Rule (law 12): a rating is for its person alone: others read none of it, no number of theirs moves, and they have their own.
#[tokio::test]
async fn what_one_person_thinks_nobody_else_sees() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    let viewer = server.database().await.viewer().await;
    let opened = server.app.database.set_visibility(viewer, chat.id, Visibility::Account, now()).await;
    opened.expect("an answer").expect("it is opened");
    let (_, cleo) = server.adds_member(viewer.account, "Cleo", AccountRole::Member).await;
    let (sidebar, page) = (cleo.sidebar(Sidebar::Shared).await, cleo.reads(chat.id).await.expect("it is shared"));
    ada.rates(chat.reply, Some(Rating::Down), "Between me and myself").await.expect("it is kept");
    assert_eq!(cleo.ratings(chat.id).await.expect("it is shared").rows, []);
    assert_eq!(cleo.sidebar(Sidebar::Shared).await, sidebar);
    assert_eq!(cleo.reads(chat.id).await.expect("it is shared"), page);
    assert!(!cleo.gets(&format!("/c/{}", chat.id)).await.text.contains("Between me"));
    cleo.rates(chat.reply, Some(Rating::Up), "").await.expect("she thinks otherwise");
    let rating = async |person: &Person| person.ratings(chat.id).await.expect("it is shared").rows[0].rating;
    assert_eq!((rating(&ada).await, rating(&cleo).await), (Some(Rating::Down), Some(Rating::Up)));
}

/// Rule: only a finished reply that one may see is rated, and a word has an end.
#[tokio::test]
async fn only_a_finished_reply_is_rated() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi.");
    let missing = Err(Refused::of(Failure::NotFound));
    let rates = async |id: MessageId| ada.rates(id, Some(Rating::Up), "").await.map(drop);
    for id in [chat.reply, chat.message, mint()] {
        assert_eq!(rates(id).await, missing, "{id}");
    }
    writer.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let word = "ö".repeat(LONGEST_WORD);
    ada.rates(chat.reply, Some(Rating::Up), &word).await.expect("a word of that length");
    let longer = ada.rates(chat.reply, Some(Rating::Up), &format!("{word}ö")).await.expect_err("it is too long");
    assert!(matches!(longer.failure, Failure::Invalid(_)));
    assert_eq!(ada.ratings(chat.id).await.expect("it is there").rows[0].word, word);
    ada.deletes_message(chat.reply).await.expect("it is deleted");
    assert_eq!(rates(chat.reply).await, missing);
}

/// Rule: a rating comes back with what was deleted, is removed with its words, and is not copied by a fork.
#[tokio::test]
async fn ratings_go_with_their_messages() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (one, two) = (has_talked(&server, &ada).await, has_talked(&server, &ada).await);
    for chat in [one, two] {
        ada.rates(chat.reply, Some(Rating::Up), "Kind").await.expect("it is kept");
    }
    let fork: ConversationId = mint();
    ada.forks(one.reply, fork).await.expect("it is copied");
    assert_eq!(ada.ratings(fork).await.expect("it is there").rows, []);
    ada.deletes_message(one.reply).await.expect("it is deleted");
    ada.undoes_deletion(one.reply).await.expect("it is back");
    assert_eq!(ada.ratings(one.id).await.expect("it is there").rows.len(), 1);
    let mut database = server.database().await;
    ada.deletes_message(one.reply).await.expect("it is deleted");
    ada.deletes(two.id).await.expect("it is deleted");
    database.run("UPDATE deletions SET finished_at = 1").await;
    database.comes_to("SELECT COUNT(*) FROM ratings", 0).await;
    database.comes_to("SELECT COUNT(*) FROM deletions", 0).await;
    server.app.database.remove_message_tombstones(i64::MAX).await.expect("nothing refers to them any more");
    server.app.database.remove_tombstones(i64::MAX).await.expect("nor to the conversation");
}

/// Rule: a page is rendered with its reader's ratings, and its form sets them without scripts; a second press takes one back.
#[tokio::test]
async fn a_form_rates_without_scripts() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    let page = format!("/c/{}", chat.id);
    let presses = async |value: &str| {
        let form = [("id", &*chat.reply.to_string()), ("rating", value)];
        ada.posts(&format!("{page}/rate"), &form).await.status.as_u16()
    };
    let pressed = async || ada.gets(&page).await.text.matches("name=\"rating\"").count();
    assert_eq!(pressed().await, 2, "two buttons");
    for (value, shown) in [("down", 1), ("", 0), ("up", 1)] {
        assert_eq!(presses(value).await, 303);
        let text = ada.gets(&page).await.text;
        let rated: Vec<&str> = text.split("<button").filter(|button| button.contains("name=\"rating\"")).collect();
        let is_pressed = |button: &&&str| button.contains("aria-pressed=\"true\"");
        assert_eq!(rated.iter().filter(is_pressed).count(), shown, "{value}");
    }
    assert_eq!(presses("sideways").await, 404);
    assert_eq!(ada.ratings(chat.id).await.expect("it is there").rows[0].rating, Some(Rating::Up));
}
