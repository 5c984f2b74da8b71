//! How a page reconnects: when the server cannot read, when it is silent, and after a long time.

use std::time::{Duration, Instant};

use kit::{Chat, Person, Received, Server, soon};
use rivulet::{
    ids::{ConversationId, MessageId, mint},
    live::{ClientFrame, List},
};

async fn is_answered(server: &Server, ada: &Person) -> Chat {
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hi.");
    provider.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    chat
}

/// Rule: while rows cannot be read a page stays connected, asks again after pauses that grow, and has all once they can.
#[tokio::test]
async fn a_database_that_cannot_be_read_makes_no_storm() {
    const LOOKED_AT: Duration = Duration::from_secs(10);
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = is_answered(&server, &ada).await;
    let mut database = server.database().await;
    database.run("ALTER TABLE messages RENAME TO messages_away").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.follows_list(List::Messages(chat.id)).await;
    let begun = Instant::now();
    while begun.elapsed() < LOOKED_AT {
        tab.acts(0.5).await;
    }
    let later = |wanted: &Received| tab.received.iter().filter(|received| *received == wanted).count();
    assert_eq!(tab.connection.connections, 1, "it came back {} times", tab.connection.connections - 1);
    for later in [later(&Received::Later(chat.reply)), later(&Received::LaterList(List::Messages(chat.id)))] {
        assert!((2..=12).contains(&later), "asked again {later} times in {LOOKED_AT:?}");
    }
    database.run("ALTER TABLE messages_away RENAME TO messages").await;
    soon("it has all", async {
        while tab.text(chat.reply) != "Hi." || !tab.metas.contains_key(&chat.message) {
            tab.acts(0.5).await;
        }
    })
    .await;
}

/// Rule: a page whose frames cannot be read reconnects slowly, though it is answered each time.
#[tokio::test]
async fn a_page_whose_frames_cannot_be_read_makes_no_storm() {
    const LOOKED_AT: Duration = Duration::from_secs(10);
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = is_answered(&server, &ada).await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Messages(chat.id)).await;
    let (begun, mut spoken) = (Instant::now(), 0);
    while begun.elapsed() < LOOKED_AT {
        if spoken < tab.connection.connections {
            spoken = tab.connection.connections;
            tab.waits_for(|received| matches!(received, Received::List(_) | Received::Beat(_))).await;
            for _ in 0..3 {
                tab.sends_text("hm").await;
            }
        }
        tab.acts(0.5).await;
    }
    assert!(
        (2..=4).contains(&tab.connection.connections),
        "{} connections in {LOOKED_AT:?}",
        tab.connection.connections
    );
}

/// Rule: a ping is answered at once, however seldom heartbeats come.
#[tokio::test]
async fn a_ping_is_answered_at_once() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.receives_heartbeats(1).await;
    let begun = Instant::now();
    tab.sends(ClientFrame::Ping).await;
    tab.receives_heartbeats(1).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "answered after {:?}", begun.elapsed());
}

/// Rule: reconnecting costs only what was missed: each message is requested once, many in a frame.
#[tokio::test]
async fn reconnecting_costs_only_what_was_missed() {
    const EXCHANGES: usize = 600;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = is_answered(&server, &ada).await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Messages(chat.id)).await;
    while !tab.metas.get(&chat.reply).is_some_and(|meta| meta.status.is_final()) {
        tab.next().await;
    }
    tab.sees(chat.reply, "Hi.").await;
    let missed = misses(&server, chat.id, EXCHANGES).await;
    let (received, sent) = (tab.received.len(), tab.connection.sent);
    tab.reconnects(&ada).await;
    for (at, id) in missed.iter().enumerate() {
        while !tab.shows(*id) {
            tab.next().await;
        }
        tab.sees(*id, &format!("Number {at}")).await;
    }
    let (received, sent) = (tab.received.len() - received, tab.connection.sent - sent);
    assert!(received < missed.len() * 5 / 2, "{received} frames came for {} messages", missed.len());
    // A list's frame brings three or four rows as long as nothing shows that longer ones arrive in time.
    assert!(sent < missed.len() / 3, "{sent} frames were sent for {} messages", missed.len());
}

/// Writes so many exchanges, of two messages each.
async fn misses(server: &Server, conversation: ConversationId, exchanges: usize) -> Vec<MessageId> {
    let mut database = server.database().await;
    let mut missed = vec![];
    let mut sql = String::from("BEGIN;");
    for at in 0..exchanges * 2 {
        let (id, rev): (MessageId, _) = (mint(), 100 + at);
        let role = if at % 2 == 0 { "user" } else { "assistant" };
        sql += &format!(
            r#"INSERT INTO messages (id, conversation_id, rev, seq, lane, author_id, created_at, role, epoch, nonce, status, parts)
               SELECT '{id}', '{conversation}', {rev}, {rev}, 1, user_id, 1, '{role}', 1, 1, 'completed',
                      '[{{"kind":"text","started_at":1,"text":"Number {at}"}}]' FROM memberships;"#
        );
        missed.push(id);
    }
    let last = 100 + exchanges * 2;
    database
        .run(format!("{sql} UPDATE conversations SET messages_rev = {last} WHERE id = '{conversation}'; COMMIT"))
        .await;
    missed
}
