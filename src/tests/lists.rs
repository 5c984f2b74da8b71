//! The two lists, by `rev`: what changes while a tab is connected, and while it is not.

use kit::{Person, Received, Server, Tab};
use rivulet::{
    access::Viewer,
    conversation::{Sidebar, Visibility},
    ids::mint,
    live::{
        ClientFrame, List,
        frame_size::FIRST_FRAME_LIMIT,
        hub::{self, Topic},
    },
};

const RUNNING: &str = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
const MINE: List = List::Conversations(Sidebar::Mine);

async fn ends(server: &Server, words: &str) {
    let provider = server.provider.is_asked().await;
    provider.writes(words);
    provider.ends();
}

/// Reads until the tab has these titles.
async fn lists(tab: &mut Tab, titles: &[&str]) {
    let known = |tab: &Tab| {
        let mut known: Vec<_> = tab.conversations.values().map(|row| row.title.clone()).collect();
        known.sort();
        known
    };
    let mut wanted = titles.to_vec();
    wanted.sort_unstable();
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
    tab.follows_list(MINE).await;
    let one = begins(&server, &ada, "One").await;
    begins(&server, &ada, "Two").await;
    lists(&mut tab, &["One", "Two"]).await;
    ada.renames(one, "Uno").await.expect("it is renamed");
    lists(&mut tab, &["Uno", "Two"]).await;
    ada.deletes(one).await.expect("it is deleted");
    lists(&mut tab, &["Two"]).await;
}

/// Rule: a subscription names the `rev` that it has and is sent what changed since, and what is gone.
#[tokio::test]
async fn changes_missed_while_disconnected_come_with_the_subscription() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(MINE).await;
    let (one, two) = (begins(&server, &ada, "One").await, begins(&server, &ada, "Two").await);
    lists(&mut tab, &["One", "Two"]).await;
    tab.sends(ClientFrame::LeaveList(MINE)).await;
    // The server answers in order, so what is asked after the leaving is answered after it.
    tab.sends_text("hm").await;
    tab.waits_for(|received| matches!(received, Received::Error(_))).await;
    ada.deletes(one).await.expect("it is deleted");
    ada.renames(two, "Dos").await.expect("it is renamed");
    begins(&server, &ada, "Three").await;
    let before = tab.received.iter().filter(|received| matches!(received, Received::List(_))).count();
    tab.reconnects(&ada).await;
    lists(&mut tab, &["Dos", "Three"]).await;
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
    tab.follows_list(List::Messages(chat.id)).await;
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
    tab.follows_list(list).await;
    tab.waits_for(|received| *received == Received::List(list)).await;
    ada.deletes(id).await.expect("it is deleted");
    tab.waits_for(|received| *received == Received::ListGone(list)).await;
    let mut late = ada.opens_a_tab().await;
    late.follows_list(list).await;
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
    tab.follows_list(MINE).await;
    tab.follows_list(List::Messages(id)).await;
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
    assert_eq!(woken_for(&own), [Topic::List(MINE)]);
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
    database.comes_to(RUNNING, 0).await;
    ada.retries(chat.reply).await.expect("another attempt");
    ends(&server, "No.").await;
    database.comes_to(RUNNING, 0).await;
    ada.asks_in(chat.id, "And then?").await.expect("one more message");
    let shared = "SELECT COUNT(*) FROM (SELECT rev FROM messages GROUP BY conversation_id, rev HAVING COUNT(*) > 1)";
    assert_eq!(database.count(shared).await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.rev > c.messages_rev").await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 5);
}

/// Rule: whoever changes a list, and however, the database keeps where the list stood when the server began its lineage.
#[tokio::test]
async fn each_change_notes_where_its_list_stood() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    ends(&server, "Yes.").await;
    let mut database = server.database().await;
    database.comes_to(RUNNING, 0).await;
    let viewer = database.viewer().await;
    // As if the server began again each time: its changes are the first of a lineage.
    let mut begins = async || {
        database.run("INSERT INTO lineages (nonce, begun_at) SELECT MAX(nonce) + 1, 0 FROM lineages").await;
        let messages = database.count(format!("SELECT messages_rev FROM conversations WHERE id = '{}'", chat.id)).await;
        let mine = database.count("SELECT mine_rev FROM memberships").await;
        let shared = database.count("SELECT shared_rev FROM accounts").await;
        (messages, mine, shared)
    };
    let mut other = server.database().await;
    let mut stood = async |list: &str| {
        let newest = "SELECT MAX(number) FROM lineages";
        let sql = format!(
            "SELECT COALESCE((SELECT rev FROM list_starts WHERE list = '{list}' AND lineage = ({newest})), -1)"
        );
        other.count(sql).await
    };
    let [messages_of, mine_of, shared_of] =
        [chat.id.to_string(), format!("{} {}", viewer.account, viewer.user), viewer.account.to_string()];
    let (messages, mine, _) = begins().await;
    let next = ada.asks_in(chat.id, "And then?").await.expect("one more message");
    assert_eq!((stood(&messages_of).await, stood(&mine_of).await), (messages, mine));
    let writer = server.provider.is_asked().await;
    let (messages, mine, _) = begins().await;
    ada.stops(next.reply).await.expect("it ends");
    assert_eq!((stood(&messages_of).await, stood(&mine_of).await), (messages, mine), "the end of a reply");
    drop(writer);
    let (messages, ..) = begins().await;
    ada.retries(next.reply).await.expect("another reply");
    assert_eq!(stood(&messages_of).await, messages);
    ends(&server, "No.").await;
    server.database().await.comes_to(RUNNING, 0).await;
    let (_, mine, shared) = begins().await;
    let opened = server.app.database.set_visibility(viewer, chat.id, Visibility::Account, 1).await;
    assert!(opened.expect("it is opened").is_some());
    assert_eq!((stood(&mine_of).await, stood(&shared_of).await), (mine, shared));
    for change in ["renames", "deletes"] {
        let (.., shared) = begins().await;
        match change {
            "renames" => ada.renames(chat.id, "Hi").await.expect("it is renamed"),
            _ => ada.deletes(chat.id).await.expect("it is deleted"),
        }
        assert_eq!(stood(&shared_of).await, shared, "{change}");
    }
}

/// Rule: who has less of a list than the floor, which rises as old tombstones are removed, loads it anew; who has as much
/// does not.
#[tokio::test]
async fn old_tombstones_are_removed() {
    const SLICE: usize = 100;
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let (kept, one) = (begins(&server, &ada, "Kept").await, begins(&server, &ada, "One").await);
    let mut away = ada.opens_a_tab().await;
    away.follows_list(MINE).await;
    lists(&mut away, &["Kept", "One"]).await;
    let mut database = server.database().await;
    for _ in 0..SLICE {
        let (id, _) = database.adds_conversation(0, "").await;
        ada.deletes(id).await.expect("it is deleted");
    }
    ada.deletes(one).await.expect("it is deleted");
    database.comes_to("SELECT COUNT(*) FROM deletions", 0).await;
    let mut here = ada.opens_a_tab().await;
    here.opens_list(MINE).await;
    let removed = async |before| server.app.database.remove_tombstones(before).await.expect("they are removed");
    assert!(!removed(1).await, "none is so old");
    assert_eq!(database.count("SELECT COUNT(*) FROM conversations").await, SLICE as i64 + 2);
    assert!(removed(i64::MAX).await, "there are more than go at once");
    assert!(!removed(i64::MAX).await);
    assert_eq!(database.count("SELECT COUNT(*) FROM conversations").await, 1);
    let reset = Received::ListReset(MINE);
    for tab in [&mut away, &mut here] {
        tab.reconnects(&ada).await;
    }
    ada.renames(kept, "Last").await.expect("it is renamed");
    lists(&mut away, &["Last"]).await;
    lists(&mut here, &["Last"]).await;
    assert!(away.received.contains(&reset) && !here.received.contains(&reset));
}

/// Rule: lineages that ended long ago are removed, with where lists stood in them, and never the one that is served.
#[tokio::test]
async fn old_lineages_are_removed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    begins(&server, &ada, "One").await;
    let mut database = server.database().await;
    let lineage = server.app.database.lineage.0;
    // Two before it, in each of which the list was changed; the second ended when this one began.
    database
        .run(
            "DELETE FROM list_starts; UPDATE lineages SET number = 1000;
             INSERT INTO lineages (number, nonce, begun_at) VALUES (1, 1, 10), (2, 2, 20);
             INSERT INTO list_starts (list, lineage, rev) SELECT account_id || ' ' || user_id, 1, 1 FROM memberships;
             INSERT INTO list_starts (list, lineage, rev) SELECT account_id || ' ' || user_id, 2, 2 FROM memberships;",
        )
        .await;
    for (before, left) in [(5, 3), (15, 3), (25, 2), (i64::MAX, 1)] {
        while server.app.database.remove_lineages(before).await.expect("they are removed") {}
        assert_eq!(database.count("SELECT COUNT(*) FROM lineages").await, left, "before {before}");
    }
    assert_eq!(database.count("SELECT nonce FROM lineages").await, lineage);
    assert_eq!(database.count("SELECT COUNT(*) FROM list_starts").await, 0);
    ada.asks("Two").await;
}

/// Rule: the frames of a list are as short as those of messages, so that a slow line brings a sign of life in time.
#[tokio::test]
async fn the_frames_of_a_list_are_short_at_first() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let (id, _) = database.adds_conversation(60, "Hi").await;
    for _ in 0..30 {
        database.adds_conversation(0, "").await;
    }
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(MINE).await;
    tab.sends(ClientFrame::List { list: List::Messages(id), position: None, seen: 0 }).await;
    while tab.conversations.len() < 31 {
        let before = tab.connection.bytes;
        tab.next().await;
        let length = tab.connection.bytes - before;
        assert!(length <= FIRST_FRAME_LIMIT, "a frame of {length} bytes");
    }
}
