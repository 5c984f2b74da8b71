//! The two lists, by `rev`: what changes while a tab is connected, and while it is not.

use kit::{Person, Received, Server, Tab};
use rivulet::{
    access::Viewer,
    conversation::Sidebar,
    ids::mint,
    live::{
        ClientFrame, List,
        hub::{self, Topic},
    },
};

async fn ends(server: &Server, words: &str) {
    let provider = server.provider.is_asked().await;
    provider.writes(words);
    provider.ends();
}

/// Reads until the tab has these titles, deleted or not.
async fn lists(tab: &mut Tab, titles: &[(&str, bool)]) {
    let known = |tab: &Tab| {
        let mut known: Vec<_> = tab.conversations.values().map(|row| (row.title.clone(), row.deleted)).collect();
        known.sort();
        known
    };
    let mut wanted: Vec<_> = titles.iter().map(|(title, deleted)| ((*title).to_owned(), *deleted)).collect();
    wanted.sort();
    while known(tab) != wanted {
        tab.next().await;
    }
}

/// Begins a conversation whose title does not change any more.
async fn begins(server: &Server, ada: &Person, title: &str) -> rivulet::ids::ConversationId {
    let chat = ada.asks(title).await;
    ada.renames(chat.id, title).await.expect("it is renamed");
    ends(server, "Yes.").await;
    chat.id
}

/// Rule: adding, renaming or deleting a conversation in one tab changes the list in the other.
#[tokio::test]
async fn the_sidebar_is_live_in_every_tab() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine), 0).await;
    let one = begins(&server, &ada, "One").await;
    begins(&server, &ada, "Two").await;
    lists(&mut tab, &[("One", false), ("Two", false)]).await;
    ada.renames(one, "Uno").await.expect("it is renamed");
    lists(&mut tab, &[("Uno", false), ("Two", false)]).await;
    ada.deletes(one).await.expect("it is deleted");
    lists(&mut tab, &[("", true), ("Two", false)]).await;
}

/// Rule: a subscription names the `rev` that it has and is sent what changed since; a deleted row is its own tombstone.
#[tokio::test]
async fn changes_missed_while_disconnected_come_with_the_subscription() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine), 0).await;
    let (one, two) = (begins(&server, &ada, "One").await, begins(&server, &ada, "Two").await);
    lists(&mut tab, &[("One", false), ("Two", false)]).await;
    tab.sends(ClientFrame::LeaveList(List::Conversations(Sidebar::Mine))).await;
    // The server answers in order, so what is asked after the leaving is answered after it.
    tab.sends_text("hm").await;
    tab.waits_for(|received| matches!(received, Received::Error(_))).await;
    ada.deletes(one).await.expect("it is deleted");
    ada.renames(two, "Dos").await.expect("it is renamed");
    begins(&server, &ada, "Three").await;
    let before = tab.received.iter().filter(|received| matches!(received, Received::List(_))).count();
    tab.reconnects(&ada).await;
    lists(&mut tab, &[("", true), ("Dos", false), ("Three", false)]).await;
    let after = tab.received.iter().filter(|received| matches!(received, Received::List(_))).count();
    assert!(after > before, "they came with the subscription");
}

/// Rule: the metas of a conversation have new messages, their place and their end; the messages grow by `apply`.
#[tokio::test]
async fn a_conversation_is_live_in_the_other_tab() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Messages(chat.id), 0).await;
    ends(&server, "Hi.").await;
    while !tab.metas.get(&chat.reply).is_some_and(|meta| meta.status.is_final()) {
        tab.next().await;
    }
    tab.sees(chat.reply, "Hi.").await;
    let next = ada.asks_in(chat.id, "How are you?").await.expect("the next message");
    ends(&server, "Well.").await;
    while !tab.metas.contains_key(&next.reply) {
        tab.next().await;
    }
    tab.sees(next.message, "How are you?").await;
    tab.sees(next.reply, "Well.").await;
    let mut order: Vec<_> = tab.metas.values().map(|meta| (meta.seq, meta.id, meta.parent)).collect();
    order.sort();
    let branch = [chat.message, chat.reply, next.message, next.reply];
    let parents = [None, Some(chat.message), Some(chat.reply), Some(next.message)];
    assert_eq!(order, [1, 2, 3, 4].map(|seq| (seq, branch[seq as usize - 1], parents[seq as usize - 1])));
}

/// Rule: a page is notified that a list's object is gone, at once or when it subscribes later.
#[tokio::test]
async fn followers_of_a_deleted_conversation_are_notified() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let id = begins(&server, &ada, "One").await;
    let list = List::Messages(id);
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(list, 0).await;
    tab.waits_for(|received| *received == Received::List(list)).await;
    ada.deletes(id).await.expect("it is deleted");
    tab.waits_for(|received| *received == Received::ListGone(list)).await;
    let mut late = ada.opens_a_tab().await;
    late.follows_list(list, 0).await;
    late.waits_for(|received| *received == Received::ListGone(list)).await;
}

/// Rule: frames hold at most 16 KiB (the tab checks), also when hundreds of rows have changed; and none is left out.
#[tokio::test]
async fn a_long_list_comes_in_short_frames() {
    const ROWS: usize = 400;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let id = begins(&server, &ada, "One").await;
    let mut database = server.database().await;
    for row in 1..=ROWS {
        let (conversation, message): (rivulet::ids::ConversationId, rivulet::ids::MessageId) =
            (rivulet::ids::mint(), rivulet::ids::mint());
        let rev = 10 + row;
        database
            .run(format!(
                "INSERT INTO conversations (id, account_id, created_by, created_at, visibility, mine_rev, title, updated_at)
                 SELECT '{conversation}', account_id, user_id, 1, 'private', {rev}, 'Number {row}', {row} FROM memberships;
                 INSERT INTO messages (id, conversation_id, rev, seq, lane, author_id, created_at, role, epoch, nonce, status, parts)
                 SELECT '{message}', '{id}', {rev}, {rev}, 9, user_id, 1, 'user', 1, 1, 'completed', '[]' FROM memberships;"
            ))
            .await;
    }
    let last = 10 + ROWS;
    database
        .run(format!("UPDATE memberships SET mine_rev = {last}; UPDATE conversations SET messages_rev = {last}"))
        .await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine), 0).await;
    tab.follows_list(List::Messages(id), 0).await;
    while tab.conversations.len() < ROWS + 1 || tab.metas.len() < ROWS + 2 {
        tab.next().await;
    }
}

/// Rule: what one person does wakes nobody who has no part in it.
#[tokio::test]
async fn what_one_person_does_wakes_no_other() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let viewer = server.app.hub.running(chat.reply).expect("a reply that runs").viewer;
    let another = Viewer { user: mint(), account: mint() };
    let colleague = Viewer { user: mint(), ..viewer };
    let [own, other, colleague] = [viewer, another, colleague].map(|viewer| hub::Tab::new(viewer, "session".into()));
    for (tab, list) in
        [&own, &other, &colleague].into_iter().flat_map(|tab| [(tab, Sidebar::Mine), (tab, Sidebar::Shared)])
    {
        server.app.hub.follow(List::Conversations(list), tab);
    }
    ends(&server, "Yes.").await;
    begins(&server, &ada, "Another one").await;
    ada.deletes(chat.id).await.expect("it is deleted");
    let woken_for = |tab: &hub::Tab| {
        let mut topics = vec![];
        tab.take_dirty(|topic| topics.push(topic));
        topics
    };
    assert_eq!(woken_for(&own), [Topic::List(List::Conversations(Sidebar::Mine))]);
    assert_eq!(woken_for(&other), []);
    assert_eq!(woken_for(&colleague), [], "what is private wakes nobody else in the account");
}

/// Rule (law 12): each row that a change touches gets a rev of its own, so that a frame can end after any of them.
#[tokio::test]
async fn each_changed_row_has_a_rev_of_its_own() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    ends(&server, "Yes.").await;
    let mut database = server.database().await;
    let running = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
    database.comes_to(running, 0).await;
    ada.retries(chat.reply).await.expect("another attempt");
    ends(&server, "No.").await;
    database.comes_to(running, 0).await;
    ada.asks_in(chat.id, "And then?").await.expect("one more message");
    let shared = "SELECT COUNT(*) FROM (SELECT rev FROM messages GROUP BY conversation_id, rev HAVING COUNT(*) > 1)";
    assert_eq!(database.count(shared).await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.rev > c.messages_rev").await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 5);
}
