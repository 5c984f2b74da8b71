//! What subscriptions are sent, and of what.

use kit::{Person, Received, Server, Tab};
use rivulet::{
    conversation::Sidebar,
    ids::{ConversationId, MessageId, mint},
    live::{ClientFrame, List},
    message::{Change, Message, Position},
};

const THINKING: &str = "Hm… 🤔 so.";
const TEXT: &str = "Häé 字🙂\n“end”\\.";

/// Every position that a reader of this message may be at.
fn positions(message: &Message) -> Vec<Position> {
    let nothing = Position { epoch: message.epoch, parts: 0, at: 0, ended: false };
    let mut all = vec![nothing];
    for (part, parts) in message.parts.iter().zip(1..) {
        let boundaries = (0..=part.text.len()).filter(|at| part.text.is_char_boundary(*at));
        all.extend(boundaries.map(|at| Position { parts, at, ..nothing }));
    }
    all
}

/// What a subscription at this position is sent until it has all that the message has.
async fn is_sent(tab: &mut Tab, message: &Message, position: &Position) -> Vec<Change> {
    tab.sends(ClientFrame::Message { id: message.id, position: Some(*position) }).await;
    // What comes before its number belongs to the subscription before.
    tab.waits_for(|one| matches!(one, Received::Number(..))).await;
    let (mut at, mut sent) = (*position, vec![]);
    while at != message.position() {
        if let Received::Change(id, change) = tab.next().await {
            assert_eq!(id, message.id);
            at.advance(&rivulet::message::Event { epoch: message.epoch, change: change.clone() });
            sent.push(change);
        }
    }
    sent
}

async fn each_position_gets_the_missing_suffix(tab: &mut Tab, message: &Message) {
    let whole: usize = message.parts.iter().map(|part| part.text.len()).sum();
    for position in positions(message) {
        let complete = position.parts.saturating_sub(1);
        let has = message.parts[..complete].iter().map(|part| part.text.len()).sum::<usize>() + position.at;
        let sent = is_sent(tab, message, &position).await;
        let mut bytes = 0;
        for change in &sent {
            match change {
                Change::Text(text) => {
                    assert_eq!(message.parts[text.part].text[text.at..], text.text, "at {position:?}");
                    bytes += text.text.len();
                }
                Change::Snapshot { .. } => panic!("a snapshot at {position:?}, which is an earlier state"),
                Change::Opened { .. } => panic!("it is of this epoch at {position:?}"),
                Change::Part(_) | Change::Ended(_) => {}
            }
        }
        assert_eq!(bytes, whole - has, "at {position:?}");
    }
}

async fn invalid_positions_get_a_reset(tab: &mut Tab, message: &Message) {
    let true_one = message.position();
    let lie = |change: &dyn Fn(&mut Position)| {
        let mut position = true_one;
        position.ended = false;
        change(&mut position);
        position
    };
    let lies = [
        lie(&|at| at.at += 1),
        lie(&|at| at.at = usize::MAX),
        lie(&|at| at.at = 2), // inside ä
        lie(&|at| (at.parts, at.at) = (0, 1)),
        lie(&|at| (at.parts, at.at) = (at.parts + 1, 0)),
        lie(&|at| (at.parts, at.at) = (usize::MAX, usize::MAX)),
        lie(&|at| at.epoch.nonce ^= 1),
        lie(&|at| at.epoch.counter += 1),
        lie(&|at| at.epoch.counter = u32::MAX),
        lie(&|at| (at.parts, at.at, at.ended) = (0, 0, true)),
    ];
    for position in lies {
        let sent = is_sent(tab, message, &position).await;
        let reset = Change::Snapshot { message: Box::new(message.clone()), reset: true };
        assert_eq!(sent, [reset], "at {position:?}");
    }
}

/// Rules: a subscription at any position of a message, running or not, is sent exactly the missing suffix; a position
/// that is no earlier state gets a snapshot marked `reset`, and no position can panic.
#[tokio::test]
async fn a_subscription_is_sent_exactly_what_is_missing() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.thinks(THINKING);
    provider.writes(TEXT);
    tab.sees(chat.reply, TEXT).await;
    let running = tab.message(chat.reply).clone();
    let mut other = ada.opens_a_tab().await;
    each_position_gets_the_missing_suffix(&mut other, &running).await;
    invalid_positions_get_a_reset(&mut other, &running).await;
    let ended_too_early = Position { ended: true, ..running.position() };
    other.sends(ClientFrame::Message { id: chat.reply, position: Some(ended_too_early) }).await;
    other.waits_for(|received| matches!(received, Received::Change(_, Change::Snapshot { reset: true, .. }))).await;
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    let ended = tab.message(chat.reply).clone();
    each_position_gets_the_missing_suffix(&mut other, &ended).await;
    invalid_positions_get_a_reset(&mut other, &ended).await;
    let older = Position { epoch: rivulet::message::Epoch { counter: 0, nonce: 0 }, parts: 0, at: 0, ended: false };
    let sent = is_sent(&mut other, &ended, &older).await;
    assert_eq!(sent, [Change::Snapshot { message: Box::new(ended), reset: false }]);
}

/// Rule: a page is sent nothing of a message or list that it does not follow any more.
#[tokio::test]
async fn nothing_is_sent_of_what_is_not_followed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let (mut tab, mut other) = (ada.opens_a_tab().await, ada.opens_a_tab().await);
    tab.follows(chat.reply).await;
    tab.follows_list(List::Messages(chat.id)).await;
    other.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hello");
    tab.sees(chat.reply, "Hello").await;
    tab.leaves(chat.reply).await;
    tab.leaves_list(List::Messages(chat.id)).await;
    tab.sends_text("hm").await;
    tab.waits_for(|received| matches!(received, Received::Error(_))).await;
    let before = tab.received.len();
    provider.writes(" world");
    provider.ends();
    other.sees_the_end(chat.reply).await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let received = &tab.received[before..];
    assert!(!received.iter().any(|received| matches!(received, Received::List(_))), "{received:?}");
    assert!(matches!(received[0], Received::Number(..)), "{received:?}");
}

/// Rule: a long text delays no heartbeat and no shorter text: subscriptions take turns.
#[tokio::test]
async fn a_long_text_does_not_delay_a_short_one() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    let long = "long ".repeat(400_000);
    provider.writes(&long[..1_000_000]);
    provider.writes(&long[1_000_000..]);
    tab.sees(chat.reply, &long).await;
    let short = ada.asks("Hello").await;
    let other = server.provider.is_asked().await;
    other.writes("short");
    tab.follows(short.reply).await;
    tab.sees(short.reply, "short").await;
    // A fresh tab asks for both, the long one first.
    let mut fresh = ada.opens_a_tab().await;
    fresh.follows(chat.reply).await;
    fresh.follows(short.reply).await;
    fresh.sees(short.reply, "short").await;
    assert!(fresh.text(chat.reply) != long, "the short one waited for the long one");
    fresh.sees(chat.reply, &long).await;
}

/// Rule: the number of subscriptions of a page is limited.
#[tokio::test]
async fn too_many_subscriptions_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    for _ in 0..513 {
        tab.sends(ClientFrame::List { list: List::Messages(mint()), position: None, seen: 0 }).await;
        // A list that is not there is removed again, so only what exists counts.
        tab.waits_for(|received| matches!(received, Received::ListGone(_))).await;
    }
    let chat = ada.asks("Hello").await;
    server.provider.is_asked().await.ends();
    tab.follows(chat.message).await;
    tab.sees(chat.message, "Hello").await;
}

/// Rule: messages and lists of another account are answered as if they did not exist.
#[tokio::test]
async fn another_accounts_messages_do_not_exist_for_it() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let eve = Person { cookie: server.database().await.adds_person("Eve").await, ..ada.clone() };
    let running = ada.asks("Secret").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Very secret");
    let mut tab = eve.opens_a_tab().await;
    let unknown: (MessageId, ConversationId) = (mint(), mint());
    for id in [running.reply, running.message, unknown.0] {
        tab.follows(id).await;
        assert_eq!(tab.waits_for(|received| !matches!(received, Received::Beat(_))).await, Received::Gone(id));
    }
    for list in [List::Messages(running.id), List::Messages(unknown.1)] {
        tab.follows_list(list).await;
        assert_eq!(tab.waits_for(|received| !matches!(received, Received::Beat(_))).await, Received::ListGone(list));
    }
    tab.follows_list(List::Conversations(Sidebar::Mine)).await;
    tab.waits_for(|received| matches!(received, Received::List(_))).await;
    assert!(tab.conversations.is_empty());
}
