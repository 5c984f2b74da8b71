//! What one person does costs no query for anybody who has no part in it.

use std::collections::BTreeMap;

use kit::{Person, Received, Server, Tab};
use rivulet::{
    access::AccountRole,
    conversation::{Sidebar, Visibility},
    ids::{ConversationId, now},
    live::{ClientFrame, List},
};

use crate::statements::{Counts, Notes};

const RUNNING: &str = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
const LISTS: [List; 2] = [List::Conversations(Sidebar::Mine), List::Conversations(Sidebar::Shared)];
/// How often a tab has the server answer it: each time it may first look at what the tab was woken for.
const ROUNDS: usize = 20;

/// A tab that follows both lists of the sidebar and a conversation of its own.
async fn follows_all(person: &Person, own: ConversationId) -> Tab {
    let mut tab = person.opens_a_tab().await;
    for list in LISTS.into_iter().chain([List::Messages(own)]) {
        tab.follows_list(list).await;
        tab.waits_for(|one| *one == Received::List(list)).await;
    }
    tab
}

/// Every change of a list of the sidebar that one person can cause alone.
async fn does_all(server: &Server, ada: &Person) {
    let chat = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi.");
    writer.ends();
    server.database().await.comes_to(RUNNING, 0).await;
    ada.renames(chat.id, "Greetings").await.expect("it is renamed");
    ada.deletes(chat.id).await.expect("it is deleted");
}

/// Has the server look at what each tab was woken for, if it was.
async fn has_looked(tabs: &mut [Tab]) {
    for tab in tabs {
        for _ in 0..ROUNDS {
            tab.sends(ClientFrame::Ping).await;
            tab.waits_for(|one| matches!(one, Received::Beat(_))).await;
        }
    }
}

/// Rule: what one person does in a conversation of theirs costs no query for the tabs of others, be they in the same account.
#[tokio::test]
async fn what_one_person_does_costs_others_no_query() {
    let notes = Notes::begin().await;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let (colleague, cleo) = server.adds_member(viewer.account, "Cleo", AccountRole::Admin).await;
    let stranger = Person::with_cookie(server.address, &database.adds_person("Sam").await);
    notes.take();
    does_all(&server, &ada).await;
    let alone = notes.take();

    let strangers = stranger.asks("Mine").await;
    server.provider.is_asked().await.ends();
    database.comes_to(RUNNING, 0).await;
    let (colleagues, _) = database.adds_conversation_of(colleague, 2, "Mine").await;
    notes.take();
    let mut tabs = vec![];
    for _ in 0..3 {
        tabs.push(follows_all(&stranger, strangers.id).await);
        tabs.push(follows_all(&cleo, colleagues).await);
    }
    has_looked(&mut tabs).await;
    let of_tabs = notes.take();
    let counted = |counts: &Counts| -> BTreeMap<String, usize> {
        let counts = counts.iter().filter(|(statement, _)| of_tabs.contains_key(*statement));
        counts.map(|(statement, count)| (statement.clone(), *count)).collect()
    };

    does_all(&server, &ada).await;
    has_looked(&mut tabs).await;
    assert_eq!(counted(&notes.take()), counted(&alone));

    // What does concern them does cost some: the lists were read, and are again.
    let (id, _) = database.adds_conversation_of(viewer, 2, "Ours").await;
    notes.take();
    let topics = server.app.database.set_visibility(viewer, id, Visibility::Account, now()).await.expect("an answer");
    for topic in topics.expect("it is opened") {
        server.app.hub.changed(rivulet::live::hub::ListTopic::Conversations(topic));
    }
    has_looked(&mut tabs).await;
    let lists = |counts: &Counts| counts.keys().filter(|statement| statement.contains("shared_rev")).count();
    assert!(lists(&of_tabs) > 0 && lists(&notes.take()) > 0, "of them {of_tabs:?}");
}
