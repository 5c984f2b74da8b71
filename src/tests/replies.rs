//! One reply a conversation, and what people do to replies: stop, retry, continue, page through attempts.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures::future::{join, select};
use kit::{Chat, Person, Received, Refused, Server, Tab, soon};
use rivulet::{
    access::AccountRole,
    chat::api::{Sending, Sent},
    config::Settings,
    conversation::{Visibility, Window},
    error::Failure,
    ids::{mint, now},
    live::List,
    message::{Change, Epoch, Status},
    server::serve::ConnectionLimits,
};
use serde_json::json;
use tokio::time::timeout;

/// A reply that somebody stopped after its first words, and a tab that saw it.
async fn stopped(server: &Server, ada: &Person) -> (Chat, Tab) {
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("Half of");
    tab.sees(chat.reply, "Half of").await;
    ada.stops(chat.reply).await.expect("it is stopped");
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Stopped);
    (chat, tab)
}

/// Rule: a reply always ends, also if the request that sends the message is cancelled while it is written.
#[tokio::test]
async fn a_cancelled_send_leaves_no_reply_that_never_ends() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let provider = async {
        loop {
            let writer = server.provider.is_asked().await;
            writer.writes("Hi");
            writer.ends();
        }
    };
    let goes = async {
        for patience in (0..8_000).step_by(80).map(Duration::from_micros) {
            let _ = timeout(patience, ada.sends(&Person::first_message("Hello"))).await;
        }
        // The cancelled write comes before this one.
        ada.asks("Bye").await;
        let mut database = server.database().await;
        assert!(database.count("SELECT COUNT(*) FROM messages").await > 4, "some of it arrived");
        let open = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
        soon("every reply ends", async {
            while database.count(open).await > 0 || !server.app.hub.all_running(None).is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    };
    select(pin!(provider), pin!(goes)).await;
}

/// Rule (law 10): what follows a running reply is refused with 409; two messages that follow the same reply become siblings,
/// each with a reply of its own.
#[tokio::test]
async fn two_sends_at_once_become_siblings() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    provider.writes("Hi");
    assert_eq!(ada.asks_in(chat.id, "And?").await, Err(Refused::of(Failure::Busy)));
    assert_eq!(Refused::of(Failure::Busy).status, 409);
    provider.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let (one, two) = join(ada.asks_in(chat.id, "One"), ada.asks_in(chat.id, "Two")).await;
    let (one, two) = (one.expect("the one"), two.expect("the other"));
    let page = ada.reads(chat.id).await.expect("the conversation");
    assert_eq!(page.messages.len(), 4, "a branch has one of them, and what was refused left nothing");
    let siblings: Vec<_> =
        page.metas.iter().filter(|meta| meta.parent == Some(chat.reply)).map(|meta| meta.id).collect();
    assert_eq!(BTreeSet::from_iter(siblings), BTreeSet::from([one.message, two.message]));
    for _ in 0..2 {
        let provider = server.provider.is_asked().await;
        assert_eq!(provider.asked["messages"].as_array().expect("turns").len(), 3, "the other branch is not sent");
    }
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: the page mints the message's id, so a repeated send is one message, also when both come at once.
#[tokio::test]
async fn the_same_send_twice_is_one_message() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let sending = Person::first_message("Hello");
    let send = || ada.call::<Sent>("send", json!({ "sending": sending }));
    let (one, two) = join(send(), send()).await;
    let (one, two) = (one.expect("the first"), two.expect("the second"));
    assert_eq!(one.messages.len() + two.messages.len(), 2, "one of them was the first");
    let provider = server.provider.is_asked().await;
    let again = send().await.expect("the third, while the reply runs");
    assert_eq!(again.messages, []);
    provider.writes("Hi");
    provider.ends();
    let reply = one.messages.last().or(two.messages.last()).expect("a reply").id;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(reply).await;
    tab.sees_the_end(reply).await;
    assert_eq!(send().await.expect("the fourth, after the reply").messages, []);
    assert_eq!(ada.reads(sending.conversation).await.expect("the conversation").messages.len(), 2);
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: Retry makes a sibling; the earlier reply stays, and either can be shown.
#[tokio::test]
async fn retry_makes_a_sibling() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab) = stopped(&server, &ada).await;
    tab.follows_list(List::Messages(chat.id)).await;
    let second = ada.retries(chat.reply).await.expect("another reply");
    let provider = server.provider.is_asked().await;
    assert_eq!(provider.last_turn(), "Hello", "the earlier reply is not part of what was said before");
    assert_eq!(ada.retries(chat.reply).await, Err(Refused::of(Failure::Busy)));
    provider.writes("Whole");
    provider.ends();
    while !tab.metas.contains_key(&second.id) {
        tab.next().await;
    }
    assert_eq!(tab.sees_the_end(second.id).await, Status::Completed);
    let page = ada.reads(chat.id).await.expect("the conversation");
    let siblings: Vec<_> =
        page.metas.iter().filter(|meta| meta.parent == Some(chat.message)).map(|meta| meta.id).collect();
    assert_eq!(siblings, [chat.reply, second.id]);
    assert_eq!((page.leaf, page.messages[1].text().as_str()), (Some(second.id), "Whole"));
    let page = ada.loads(chat.id, Window::Around(chat.reply)).await.expect("the branch of the first reply");
    assert_eq!((page.leaf, page.messages[1].text().as_str()), (Some(chat.reply), "Half of"));
    assert_eq!((page.metas.len(), page.plain_leaf), (3, Some(second.id)));
}

/// Rule: several replies to one message may run, one for each model; each is followed, stopped and ends by itself.
#[tokio::test]
async fn two_models_answer_one_message_side_by_side() {
    let offers_two = |settings: &mut Settings| settings.providers[0].models.push("other".into());
    let server = Server::with(offers_two, ConnectionLimits::default()).await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab) = stopped(&server, &ada).await;
    tab.follows_list(List::Messages(chat.id)).await;
    let one = ada.retries(chat.reply).await.expect("another reply");
    let first = server.provider.is_asked().await;
    let other: Sent =
        ada.call("retry", json!({ "id": chat.reply, "model": "test/other" })).await.expect("another model's reply");
    let other = other.metas.first().expect("its row").clone();
    let second = server.provider.is_asked().await;
    assert_eq!((one.parent, other.parent), (Some(chat.message), Some(chat.message)));
    for reply in [&one, &other] {
        tab.follows(reply.id).await;
    }
    first.writes("One");
    second.writes("Other");
    tab.sees(one.id, "One").await;
    tab.sees(other.id, "Other").await;
    ada.stops(one.id).await.expect("it is stopped");
    assert_eq!(tab.sees_the_end(one.id).await, Status::Stopped);
    second.writes(" words");
    second.ends();
    assert_eq!(tab.sees_the_end(other.id).await, Status::Completed);
    assert_eq!((tab.text(one.id), tab.text(other.id)), ("One".into(), "Other words".into()));
}

/// Rule: the provider is sent the branch that the message continues, and nothing else.
#[tokio::test]
async fn the_provider_is_sent_the_branch_that_a_message_continues() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab) = stopped(&server, &ada).await;
    let second = ada.retries(chat.reply).await.expect("another reply");
    let provider = server.provider.is_asked().await;
    provider.writes("Whole");
    provider.ends();
    tab.follows_list(List::Messages(chat.id)).await;
    while !tab.metas.get(&second.id).is_some_and(|meta| meta.status.is_final()) {
        tab.next().await;
    }
    let first =
        Sending { conversation: chat.id, opens: false, parent: Some(chat.reply), ..Person::first_message("Go on") };
    ada.sends(&first).await.expect("the next message of the first branch");
    let provider = server.provider.is_asked().await;
    let turns: Vec<_> = (provider.asked["messages"].as_array().expect("turns").iter())
        .map(|turn| turn["content"].as_str().expect("text").to_owned())
        .collect();
    assert_eq!(turns, ["Hello", "Half of", "Go on"]);
}

/// Rule: Continue opens a new epoch of the same message, for a tab that is there and for one that comes later; whoever has
/// what there was is not sent it again, by the running reply or by its row.
#[tokio::test]
async fn continue_opens_a_new_epoch_of_the_same_message() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab) = stopped(&server, &ada).await;
    let first = tab.message(chat.reply).clone();
    tab.follows_list(List::Messages(chat.id)).await;
    let mut late = ada.opens_a_tab().await;
    late.follows(chat.reply).await;
    late.sees_the_end(chat.reply).await;
    let before = [tab.received.len(), late.received.len()];
    ada.continues(chat.reply, first.epoch).await.expect("it is continued");
    let provider = server.provider.is_asked().await;
    provider.writes(" the whole");
    tab.sees(chat.reply, "Half of the whole").await;
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    let kept = ada.finds(&chat).await;
    assert_eq!(kept.epoch.counter, first.epoch.counter + 1);
    late.follows(chat.reply).await;
    late.sees(chat.reply, "Half of the whole").await;
    late.sees_the_end(chat.reply).await;
    for (tab, before) in [&tab, &late].into_iter().zip(before) {
        assert_eq!(&kept, tab.message(chat.reply));
        let changes = tab.received[before..].iter().filter_map(|received| match received {
            Received::Change(id, change) if *id == chat.reply => Some(change),
            _ => None,
        });
        let (mut opened, mut text) = (0, String::new());
        for change in changes {
            match change {
                Change::Opened { from } => {
                    assert_eq!(*from, first.position());
                    opened += 1;
                }
                Change::Text(more) => text.push_str(&more.text),
                Change::Ended(_) => {}
                other => panic!("{other:?} came of what was there"),
            }
        }
        assert_eq!((opened, text.as_str()), (1, " the whole"));
    }
    assert_eq!(ada.continues(chat.reply, kept.epoch).await, Err(Refused::of(Failure::Changed)), "it is complete");
}

/// Rule: Continue is a compare-and-set on the epoch that the person saw; of two at once one wins.
#[tokio::test]
async fn of_two_continues_at_once_one_wins() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab) = stopped(&server, &ada).await;
    let seen = tab.message(chat.reply).epoch;
    let (one, two) = join(ada.continues(chat.reply, seen), ada.continues(chat.reply, seen)).await;
    assert!(one.is_ok() != two.is_ok(), "{one:?} and {two:?}");
    let lost = one.and(two).expect_err("one lost");
    assert!([Failure::Changed, Failure::Busy].contains(&lost.failure) && lost.status == 409, "{lost:?}");
    let provider = server.provider.is_asked().await;
    assert!(server.provider.is_asked_no_more().await);
    provider.writes(" it");
    tab.follows_list(List::Messages(chat.id)).await;
    tab.sees(chat.reply, "Half of it").await;
    ada.stops(chat.reply).await.expect("it is stopped again");
    assert_eq!(ada.continues(chat.reply, seen).await, Err(Refused::of(Failure::Changed)), "an epoch that is over");
    let forged = Epoch { counter: seen.counter + 1, nonce: seen.nonce.wrapping_add(1) };
    assert_eq!(ada.continues(chat.reply, forged).await, Err(Refused::of(Failure::Changed)), "one that never was");
}

/// Rule: the first of Stop and finish wins, and everybody has the same end.
#[tokio::test]
async fn stop_and_finish_at_once_end_in_one_state() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for round in 0..20 {
        let chat = ada.asks("Hello").await;
        let mut tab = ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        let provider = server.provider.is_asked().await;
        provider.writes("Hi");
        tab.sees(chat.reply, "Hi").await;
        let finish = async {
            provider.writes(" there");
            provider.ends();
        };
        let (stop, ()) = match round % 2 {
            0 => join(ada.stops(chat.reply), finish).await,
            _ => {
                let (done, stop) = join(finish, ada.stops(chat.reply)).await;
                (stop, done)
            }
        };
        stop.expect("Stop of what has just ended is no error");
        let status = tab.sees_the_end(chat.reply).await;
        assert!([Status::Stopped, Status::Completed].contains(&status), "{status:?}");
        let kept = ada.finds(&chat).await;
        assert_eq!(&kept, tab.message(chat.reply));
        assert!("Hi there".starts_with(&kept.text()) && kept.text().starts_with("Hi"));
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM journal").await, 0);
}

/// Rule: Stop returns when the end is written, and closes the request to the provider; a second one changes nothing.
#[tokio::test]
async fn stop_is_written_when_it_returns() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let provider = server.provider.is_asked().await;
    ada.stops(chat.reply).await.expect("it is stopped before its first word");
    let mut database = server.database().await;
    assert_eq!(database.row_of(chat.reply).await, ("stopped".into(), String::new()));
    provider.is_released().await;
    ada.stops(chat.reply).await.expect("stopped is stopped");
    ada.asks_in(chat.id, "Again").await.expect("nothing runs any more");
}

/// Rule: Retry and Continue of a person's message are answered as unknown.
#[tokio::test]
async fn a_persons_message_can_be_neither_retried_nor_continued() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, tab) = stopped(&server, &ada).await;
    let epoch = tab.message(chat.reply).epoch;
    assert_eq!(ada.retries(chat.message).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(ada.continues(chat.message, epoch).await, Err(Refused::of(Failure::NotFound)));
}

/// Rule: no reply starts when the server is to stop; nothing is written.
#[tokio::test]
async fn a_server_that_stops_starts_no_reply() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, tab) = stopped(&server, &ada).await;
    server.app.replies.closing.cancel();
    let restarting = Refused { status: 503, failure: Failure::Restarting };
    let next = Sending { conversation: chat.id, opens: false, id: mint(), ..Person::first_message("More") };
    assert_eq!(ada.sends(&next).await.expect_err("a send"), restarting);
    assert_eq!(ada.retries(chat.reply).await.expect_err("a retry"), restarting);
    assert_eq!(ada.continues(chat.reply, tab.message(chat.reply).epoch).await.expect_err("a continue"), restarting);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM messages").await, 2);
}

/// Rule: another version of one's own message is its sibling, with a reply of its own; what one had asked for below the
/// version before is stopped, and what others have asked for there is not.
#[tokio::test]
async fn an_edit_is_a_sibling_and_stops_ones_own_reply_below() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Helo").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Messages(chat.id)).await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("Halo");
    tab.sees(chat.reply, "Halo").await;
    let edited = ada.edits(&chat, None, "Hello").await.expect("it is taken");
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Stopped);
    let second = server.provider.is_asked().await;
    assert_eq!(second.asked["messages"].as_array().map(Vec::len), Some(1), "it begins the conversation");
    while !tab.metas.contains_key(&edited.reply) {
        tab.next().await;
    }
    assert_eq!(tab.metas[&edited.message].parent, None);
    assert_eq!(tab.metas[&edited.reply].parent, Some(edited.message));
    // It runs on, as nothing above it was edited.
    let third = ada.edits(&chat, None, "Hello again").await.expect("the first version can be edited again");
    server.provider.is_asked().await.ends();
    second.writes("Hi");
    tab.follows(edited.reply).await;
    tab.sees(edited.reply, "Hi").await;
    let viewer = server.database().await.viewer().await;
    let (_, bob) = server.adds_member(viewer.account, "Bob", AccountRole::Member).await;
    assert_eq!(bob.edits(&edited, None, "Mine").await.map(drop), Err(Refused::of(Failure::NotFound)), "it is private");
    let opened = server.app.database.set_visibility(viewer, chat.id, Visibility::Account, now()).await;
    opened.expect("an answer").expect("it is opened");
    assert_eq!(bob.edits(&edited, None, "Mine").await.map(drop), Err(Refused::of(Failure::Changed)), "it is another's");
    let moved = ada.edits(&edited, Some(third.reply), "Moved").await.map(drop);
    assert_eq!(moved, Err(Refused::of(Failure::Changed)), "a version stands where the message stands");
    second.ends();
    assert_eq!(tab.sees_the_end(edited.reply).await, Status::Completed);
}
