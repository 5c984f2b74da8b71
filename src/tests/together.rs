//! Several models are asked the same at once: each writes a reply of its own, beside the others.

use std::collections::{BTreeMap, BTreeSet};

use kit::{Person, Refused, Server, Tab, Writer};
use rivulet::{
    chat::api::{MAX_OTHERS, Sending, Sent},
    config::Settings,
    conversation::{MessagePage, Window},
    error::Failure,
    ids::MessageId,
    message::{Message, Role, Status},
    server::serve::ConnectionLimits,
};
use serde_json::json;

async fn start(change: impl FnOnce(&mut Settings)) -> (Server, Person) {
    let more = |settings: &mut Settings| {
        settings.providers[0].models.extend(["second".into(), "third".into(), "fourth".into(), "fifth".into()]);
        change(settings);
    };
    let server = Server::with(more, ConnectionLimits::default()).await;
    let ada = server.sign_up("Ada").await;
    (server, ada)
}

fn to(others: &[&str]) -> Sending {
    let others = others.iter().map(|name| format!("test/{name}")).collect();
    Sending { others, ..Person::first_message("Hello") }
}

async fn sends(person: &Person, sending: &Sending) -> Result<Sent, Refused> {
    person.call("send", json!({ "sending": sending })).await
}

/// The replies by their models.
fn replies(sent: &Sent) -> BTreeMap<String, MessageId> {
    let replies = sent.messages.iter().filter(|message| message.role == Role::Assistant);
    replies.map(|reply| (reply.model.clone().expect("a model"), reply.id)).collect()
}

/// What writes each reply.
async fn writers(server: &Server, count: usize) -> BTreeMap<String, Writer> {
    let mut writers = BTreeMap::new();
    for _ in 0..count {
        let writer = server.provider.is_asked().await;
        assert_eq!(writer.last_turn(), "Hello");
        writers.insert(format!("test/{}", writer.asked["model"].as_str().expect("a model")), writer);
    }
    assert!(server.provider.is_asked_no_more().await);
    writers
}

async fn ends(writer: Writer, tab: &mut Tab, reply: MessageId, text: &str) {
    writer.writes(text);
    writer.ends();
    tab.follows(reply).await;
    tab.sees_the_end(reply).await;
    assert_eq!(tab.text(reply), text);
}

/// Rule: each model is asked once and writes its own reply; the page is at that of the first one, and has the others, too;
/// Stop ends one of them; what is sent next follows the one that the person chose, and its branch alone is sent.
#[tokio::test]
async fn each_model_writes_a_reply_of_its_own() {
    let (server, ada) = start(|_| {}).await;
    let sending = to(&["second", "third"]);
    let sent = sends(&ada, &sending).await.expect("a message that is taken");
    let (replies, mut writers) = (replies(&sent), writers(&server, 3).await);
    let [first, second, third] = ["test/model", "test/second", "test/third"].map(|model| replies[model]);
    let MessagePage { leaf, messages, beside, metas, .. } = ada.reads(sending.conversation).await.expect("a page");
    assert_eq!((leaf, messages.last().map(|message| message.id)), (Some(first), Some(first)));
    let others = |messages: &[Message]| messages.iter().map(|message| message.id).collect::<BTreeSet<_>>();
    assert_eq!(others(&beside), BTreeSet::from([second, third]));
    assert!(metas.iter().all(|meta| meta.together == (meta.role == Role::Assistant)));

    let mut tab = ada.opens_a_tab().await;
    ends(writers.remove("test/second").expect("the second"), &mut tab, second, "I am the second.").await;
    ada.stops(third).await.expect("one of them is stopped");
    let writer = writers.remove("test/model").expect("the first");
    ends(writer, &mut tab, first, "I am the first.").await;
    let page = ada.reads(sending.conversation).await.expect("a page");
    let statuses = page.metas.iter().map(|meta| (meta.id, meta.status)).collect::<BTreeMap<_, _>>();
    assert_eq!((statuses[&second], statuses[&third]), (Status::Completed, Status::Stopped));

    let next = Sending {
        conversation: sending.conversation,
        opens: false,
        parent: Some(second),
        ..Person::first_message("And?")
    };
    sends(&ada, &next).await.expect("it follows the second");
    let asked = server.provider.is_asked().await.asked;
    assert_eq!(asked["messages"][1]["content"], "I am the second.");
    assert_eq!(asked["messages"].as_array().map(Vec::len), Some(3));
    let page = ada.reads(sending.conversation).await.expect("a page");
    assert_eq!(page.beside, [], "the branch is longer");
    let page = ada.loads(sending.conversation, Window::Around(third)).await.expect("a page");
    assert_eq!(page.leaf, Some(third));
    assert_eq!(others(&page.beside), BTreeSet::from([first, second]), "there they are beside each other still");
}

/// Rule: sending twice is sending once, with several models, too.
#[tokio::test]
async fn the_same_send_twice_asks_each_model_once() {
    let (server, ada) = start(|_| {}).await;
    let sending = to(&["second"]);
    let sent = sends(&ada, &sending).await.expect("a message that is taken");
    assert_eq!((sent.messages.len(), sent.metas.len()), (3, 3));
    assert_eq!(sends(&ada, &sending).await.expect("the same again").messages, []);
    writers(&server, 2).await;
}

/// Rule: too many models, one that is named twice, and one that is not there are refused, and nothing is written.
#[tokio::test]
async fn a_wrong_choice_of_models_is_refused_whole() {
    let (server, ada) = start(|_| {}).await;
    for others in [&["second", "third", "fourth", "fifth"][..], &["model"], &["second", "second"], &["gone"]] {
        let sending = to(others);
        let refused = sends(&ada, &sending).await.expect_err("a refusal");
        assert_eq!(refused.status, 422, "{others:?}: {refused:?}");
        assert_eq!(ada.reads(sending.conversation).await, Err(Refused::of(Failure::NotFound)));
    }
    assert_eq!(to(&["second", "third", "fourth"]).others.len(), MAX_OTHERS);
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: where there is room for some of the replies only, none begins.
#[tokio::test]
async fn they_begin_all_or_none() {
    let (server, ada) = start(|settings| settings.limits.replies_per_person = 2).await;
    let sending = to(&["second", "third"]);
    assert_eq!(sends(&ada, &sending).await.expect_err("a refusal").status, 429);
    assert_eq!(ada.reads(sending.conversation).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(server.app.hub.all_running(None).len(), 0);
    sends(&ada, &to(&["second"])).await.expect("two have room");
    writers(&server, 2).await;
}
