//! The queue: what is sent while a reply runs waits for it, and is sent once, in order, unless a person removes it.

use futures::future::join;
use kit::{Chat, Database, Person, Refused, Server, Writer, person::MODEL};
use rivulet::{
    access::AccountRole,
    conversation::{
        Visibility, Window,
        queue::{MAX_QUEUED, Queued, Queueing},
    },
    error::Failure,
    ids::{MessageId, mint, now},
    message::Status,
};
use serde_json::json;

/// A reply that runs, and messages that wait for it.
struct World {
    server: Server,
    ada: Person,
    chat: Chat,
    writer: Writer,
    rows: Vec<Queued>,
}

impl World {
    async fn with_queue(texts: &[&str]) -> World {
        World::on(Server::start().await, texts).await
    }

    async fn on(server: Server, texts: &[&str]) -> World {
        let ada = server.sign_up("Ada").await;
        let chat = ada.asks("Hello").await;
        let writer = server.provider.is_asked().await;
        let mut rows = vec![];
        for text in texts {
            rows.push(ada.queues(&chat, text).await.expect("it is queued"));
        }
        World { server, ada, chat, writer, rows }
    }

    /// The texts that wait, each with whether it is held.
    async fn waiting(&self) -> Vec<(String, bool)> {
        let queue = self.ada.queue(self.chat.id).await;
        queue.into_iter().map(|row| (text(&row), row.wait.held)).collect()
    }

    /// Waits until the provider is asked with this text last, and the reply may run.
    async fn sends(&self, text: &str) -> Writer {
        let writer = self.server.provider.is_asked().await;
        assert_eq!(writer.last_turn(), text);
        writer
    }

    /// The branch, from the first message on.
    async fn branch(&self) -> Vec<String> {
        let page = self.ada.reads(self.chat.id).await.expect("the conversation");
        page.messages.iter().map(|message| message.text()).collect()
    }

    async fn database(&self) -> Database {
        self.server.database().await
    }
}

/// A reply with words: without any it would have failed.
fn finishes(writer: Writer) {
    writer.writes("Whole");
    writer.ends();
}

fn text(row: &Queued) -> String {
    row.parts.iter().map(|part| part.text.as_str()).collect()
}

fn ended(reply: MessageId, status: Status) -> String {
    format!("SELECT COUNT(*) FROM messages WHERE id = '{reply}' AND status = '{}'", status.as_str())
}

fn waits(texts: &[(&str, bool)]) -> Vec<(String, bool)> {
    texts.iter().map(|(text, held)| ((*text).to_owned(), *held)).collect()
}

/// Rules: what waits is sent when its reply has completed, one after another, in order, and under the ids that it was
/// queued with. A queued message is no message before.
#[tokio::test]
async fn what_waits_is_sent_in_order() {
    let World { server, ada, chat, writer, rows } = World::with_queue(&["One", "Two", "Three"]).await;
    assert_eq!(ada.reads(chat.id).await.expect("the conversation").messages.len(), 2);
    writer.writes("Hi");
    assert!(server.provider.is_asked_no_more().await);
    writer.ends();
    for text in ["One", "Two", "Three"] {
        let writer = server.provider.is_asked().await;
        assert_eq!(writer.last_turn(), text);
        writer.writes(&format!("To {text}"));
        writer.ends();
    }
    let mut database = server.database().await;
    database.comes_to("SELECT COUNT(*) FROM messages WHERE status = 'completed'", 8).await;
    assert_eq!(ada.queue(chat.id).await, []);
    let page = ada.reads(chat.id).await.expect("the conversation");
    let texts: Vec<String> = page.messages.iter().map(|message| message.text()).collect();
    assert_eq!(texts, ["Hello", "Hi", "One", "To One", "Two", "To Two", "Three", "To Three"]);
    let sent: Vec<MessageId> = page.messages.iter().skip(2).step_by(2).map(|message| message.id).collect();
    assert_eq!(sent, rows.iter().map(|row| row.id).collect::<Vec<_>>());
}

/// Rule: Stop and failure hold what waits; nothing is sent until a person asks for it. Then the first is sent, and the
/// others wait for the reply to it.
#[tokio::test]
async fn stop_and_failure_hold_what_waits() {
    let world = World::with_queue(&["One", "Two"]).await;
    world.writer.writes("Half");
    world.ada.stops(world.chat.reply).await.expect("it is stopped");
    assert_eq!(world.waiting().await, waits(&[("One", true), ("Two", true)]));
    assert!(world.server.provider.is_asked_no_more().await);
    world.ada.sends_queued(&world.rows[0]).await.expect("it is sent");
    let writer = world.sends("One").await;
    assert_eq!(world.waiting().await, waits(&[("Two", false)]));
    // Breaks off.
    writer.writes("Half");
    drop(writer);
    let failed = "SELECT COUNT(*) FROM messages WHERE status = 'failed'";
    world.database().await.comes_to(failed, 1).await;
    assert_eq!(world.waiting().await, waits(&[("Two", true)]));
    assert!(world.server.provider.is_asked_no_more().await);
}

/// Rule: Retry takes what waits along: it waits for the other reply then.
#[tokio::test]
async fn retry_takes_the_queue_along() {
    let world = World::with_queue(&["One", "Two"]).await;
    world.ada.stops(world.chat.reply).await.expect("it is stopped");
    let second = world.ada.retries(world.chat.reply).await.expect("another reply");
    let writer = world.sends("Hello").await;
    assert!(world.ada.queue(world.chat.id).await.iter().all(|row| row.wait.after == second.id && !row.wait.held));
    writer.writes("Whole");
    writer.ends();
    world.sends("One").await;
    assert_eq!(world.branch().await, ["Hello", "Whole", "One", ""]);
}

/// Rule: Continue takes what waits along: it waits for the new epoch's end.
#[tokio::test]
async fn continue_takes_the_queue_along() {
    let world = World::with_queue(&["One"]).await;
    world.writer.writes("Half");
    let mut tab = world.ada.opens_a_tab().await;
    tab.follows(world.chat.reply).await;
    tab.sees(world.chat.reply, "Half").await;
    world.ada.stops(world.chat.reply).await.expect("it is stopped");
    tab.sees_the_end(world.chat.reply).await;
    world.ada.continues(world.chat.reply, tab.message(world.chat.reply).epoch).await.expect("it is continued");
    let writer = world.server.provider.is_asked().await;
    assert_eq!(world.waiting().await, waits(&[("One", false)]));
    writer.writes(", whole");
    writer.ends();
    world.sends("One").await;
    assert_eq!(world.branch().await, ["Hello", "Half, whole", "One", ""]);
}

/// Rule: a message that is sent now goes first: the running reply is stopped with what came of it, and the others wait for
/// the new one.
#[tokio::test]
async fn a_message_can_be_sent_now() {
    let world = World::with_queue(&["One", "Two", "Three"]).await;
    world.writer.writes("Half");
    let mut tab = world.ada.opens_a_tab().await;
    tab.follows(world.chat.reply).await;
    tab.sees(world.chat.reply, "Half").await;
    let metas = world.ada.sends_queued(&world.rows[1]).await.expect("it is sent");
    assert_eq!((metas[0].id, metas[0].parent), (world.rows[1].id, Some(world.chat.reply)));
    assert_eq!(tab.sees_the_end(world.chat.reply).await, Status::Stopped);
    let writer = world.sends("Two").await;
    assert_eq!(world.waiting().await, waits(&[("One", false), ("Three", false)]));
    writer.writes("To Two");
    writer.ends();
    world.sends("One").await;
    assert_eq!(world.branch().await, ["Hello", "Half", "Two", "To Two", "One", ""]);
    assert_eq!(world.ada.sends_queued(&world.rows[1]).await, Ok(vec![]), "it was sent before");
}

/// Rule (law 10): sending now names the reply that the page shows: if the queue waits for another one by now, that is not
/// stopped.
#[tokio::test]
async fn sending_now_stops_no_other_reply() {
    let World { server, ada, chat, writer, rows } = World::with_queue(&["One", "Two"]).await;
    finishes(writer);
    let running = server.provider.is_asked().await;
    assert_eq!(ada.sends_queued(&rows[1]).await, Err(Refused::of(Failure::Changed)));
    running.writes("To One");
    running.ends();
    assert_eq!(server.provider.is_asked().await.last_turn(), "Two");
    assert_eq!(ada.queue(chat.id).await, []);
}

/// Rule: of two tabs that send the same row now, and the server, one does.
#[tokio::test]
async fn two_tabs_send_a_row_once() {
    for is_ending in [false, true] {
        let World { server, ada, rows, writer, .. } = World::with_queue(&["One"]).await;
        writer.writes("Hi");
        let ends = async {
            if is_ending {
                finishes(writer);
            }
        };
        let (one, (two, ())) = join(ada.sends_queued(&rows[0]), join(ada.sends_queued(&rows[0]), ends)).await;
        for answer in [one, two] {
            assert!(answer.is_ok() || answer == Err(Refused::of(Failure::Changed)), "{answer:?}");
        }
        assert_eq!(server.provider.is_asked().await.last_turn(), "One");
        assert!(server.provider.is_asked_no_more().await);
        let mut database = server.database().await;
        assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 4);
    }
}

/// Rule: queueing twice is queueing once, also when the row was sent or removed in between. Another message under the same
/// id is refused, and so is sending what is queued.
#[tokio::test]
async fn the_same_row_twice_is_one() {
    let World { server, ada, chat, writer, .. } = World::with_queue(&[]).await;
    let (kept, removed) = (Person::queueing(&chat, "Kept"), Person::queueing(&chat, "Removed"));
    let (one, two) = join(ada.enqueues(&kept), ada.enqueues(&kept)).await;
    let rows = [one.expect("the first"), two.expect("the second")];
    assert_eq!(rows.iter().flatten().count(), 1, "one of them was the first");
    let other = Queueing { text: "Other".into(), ..kept.clone() };
    assert_eq!(ada.enqueues(&other).await, Err(Refused::of(Failure::Changed)));
    let row = ada.enqueues(&removed).await.expect("it is queued").expect("its row");
    ada.removes_queued(&row).await.expect("it is removed");
    ada.removes_queued(&row).await.expect("it is removed already");
    assert_eq!(ada.enqueues(&removed).await, Ok(None), "it comes late, and stays removed");
    assert_eq!(ada.edits_queued(&row, "Again").await, Err(Refused::of(Failure::Changed)));
    let mut database = server.database().await;
    assert_eq!(
        database.count("SELECT COUNT(*) FROM queue WHERE parts LIKE '%Removed%'").await,
        0,
        "its words are gone"
    );
    finishes(writer);
    assert_eq!(server.provider.is_asked().await.last_turn(), "Kept");
    assert_eq!(ada.enqueues(&kept).await, Ok(None), "it was sent");
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: what is queued when its reply has ended already is sent at once if that completed, and held if not. What came after
/// something else had followed is refused.
#[tokio::test]
async fn what_comes_after_the_end_is_sent_or_held() {
    let World { server, ada, chat, writer, .. } = World::with_queue(&[]).await;
    finishes(writer);
    server.database().await.comes_to(ended(chat.reply, Status::Completed), 1).await;
    ada.queues(&chat, "Late").await.expect("it is queued");
    let running = server.provider.is_asked().await;
    assert_eq!(running.last_turn(), "Late");
    assert_eq!(ada.queues(&chat, "Later").await, Err(Refused::of(Failure::Changed)));
    let page = ada.reads(chat.id).await.expect("the conversation");
    let late = Chat { reply: page.leaf.expect("a leaf"), ..chat };
    ada.stops(late.reply).await.expect("it is stopped");
    assert!(ada.queues(&late, "Held").await.expect("it is queued").wait.held);
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: an edit is a compare-and-set on the rev that the person saw, and what is sent is what was edited last. What has
/// been sent is neither edited nor removed.
#[tokio::test]
async fn a_row_is_edited_by_compare_and_set() {
    let World { server, ada, chat, writer, rows } = World::with_queue(&["One"]).await;
    let edited = ada.edits_queued(&rows[0], "Uno").await.expect("it is edited").expect("its row");
    assert!(edited.rev > rows[0].rev);
    assert_eq!(ada.edits_queued(&rows[0], "Eins").await, Err(Refused::of(Failure::Changed)));
    assert_eq!(ada.edits_queued(&rows[0], "Uno").await, Ok(Some(edited.clone())), "the same again");
    assert_eq!(ada.edits_queued(&edited, " ").await, Err(Refused::of(Failure::Empty)));
    finishes(writer);
    assert_eq!(server.provider.is_asked().await.last_turn(), "Uno");
    for refused in [ada.edits_queued(&edited, "Eins").await.map(drop), ada.removes_queued(&edited).await] {
        assert_eq!(refused, Err(Refused::of(Failure::Changed)));
    }
    assert_eq!(ada.removes_queued(&Queued { id: mint(), ..edited }).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(ada.queue(chat.id).await, []);
}

/// Rule: a conversation has so many rows at the most, each with a rev of its own.
#[tokio::test]
async fn a_queue_has_an_end() {
    let World { server, ada, chat, .. } = World::with_queue(&[]).await;
    for number in 0..MAX_QUEUED {
        ada.queues(&chat, &format!("{number}")).await.expect("it is queued");
    }
    let refused = ada.queues(&chat, "One too many").await.expect_err("it is refused");
    assert!(refused.status == 429 && matches!(&refused.failure, Failure::Limited(why) if why.contains("20 messages")));
    ada.stops(chat.reply).await.expect("it is stopped");
    let queue = ada.queue(chat.id).await;
    assert!(queue.iter().all(|row| row.wait.held));
    let mut database = server.database().await;
    let revs = "SELECT COUNT(DISTINCT rev) FROM (SELECT rev FROM queue UNION ALL SELECT rev FROM messages)";
    assert_eq!(database.count(revs).await, MAX_QUEUED + 2);
    ada.removes_queued(&queue[0]).await.expect("it is removed");
    ada.queues(&chat, "Another one").await.expect("there is room again");
}

/// Rule: what cannot be sent, as its model is not offered any more, waits for a person; with another model it can.
#[tokio::test]
async fn what_cannot_be_sent_is_held() {
    let world = World::with_queue(&["One", "Two"]).await;
    let World { server, ada, chat, writer, rows } = world;
    let mut database = server.database().await;
    database.run(format!("UPDATE queue SET model = 'test/gone' WHERE id = '{}'", rows[0].id)).await;
    finishes(writer);
    database.comes_to("SELECT COUNT(*) FROM queue WHERE held = 1", 2).await;
    assert!(server.provider.is_asked_no_more().await);
    let held = ada.queue(chat.id).await.remove(0);
    assert_eq!(ada.sends_queued(&held).await, Err(Refused::of(Failure::UnknownModel)));
    let edit = json!({ "id": held.id, "rev": held.rev, "text": "One", "model": kit::person::MODEL });
    let edited: Option<Queued> = ada.call("edit-queued", edit).await.expect("it is edited");
    ada.sends_queued(&edited.expect("its row")).await.expect("it is sent");
    assert_eq!(server.provider.is_asked().await.last_turn(), "One");
}

/// Rule: what a held row keeps back is sent when that is removed.
#[tokio::test]
async fn removing_the_held_row_sends_the_next() {
    let World { server, ada, chat, writer, rows } = World::with_queue(&["One"]).await;
    let mut database = server.database().await;
    database.run("UPDATE queue SET model = 'test/gone'").await;
    finishes(writer);
    database.comes_to("SELECT COUNT(*) FROM queue WHERE held = 1", 1).await;
    ada.queues(&chat, "Two").await.expect("it is queued");
    assert!(server.provider.is_asked_no_more().await);
    ada.removes_queued(&rows[0]).await.expect("it is removed");
    assert_eq!(server.provider.is_asked().await.last_turn(), "Two");
}

/// Rule: what waits is sent as whoever queued it, and only while they may see the conversation.
#[tokio::test]
async fn what_waits_is_sent_as_whoever_queued_it() {
    let World { server, ada, chat, writer, .. } = World::with_queue(&[]).await;
    let (mut other, database) = (server.database().await, &server.app.database);
    let owner = other.viewer().await;
    let opened = database.set_visibility(owner, chat.id, Visibility::Account, now()).await.expect("an answer");
    assert!(opened.is_some());
    let (viewer, bob) = server.adds_member(owner.account, "Bob", AccountRole::Member).await;
    for text in ["From Bob", "From nobody"] {
        bob.queues(&chat, text).await.expect("it is queued");
    }
    finishes(writer);
    let writer = server.provider.is_asked().await;
    assert_eq!(writer.last_turn(), "From Bob");
    let page = ada.loads(chat.id, Window::Around(chat.reply)).await.expect("the conversation");
    let authors = page.metas.iter().map(|meta| meta.author).filter(|author| *author == viewer.user);
    assert_eq!(authors.count(), 2, "the message and the reply");
    assert!(database.remove_member(owner.account, viewer.user, now()).await.expect("an answer"));
    finishes(writer);
    other.comes_to("SELECT COUNT(*) FROM queue WHERE held = 1", 1).await;
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: what is queued goes with its conversation.
#[tokio::test]
async fn deleting_a_conversation_deletes_its_queue() {
    let world = World::on(Server::without_undo().await, &["One"]).await;
    let World { server, ada, chat, rows, .. } = world;
    ada.deletes(chat.id).await.expect("it is deleted");
    server.database().await.comes_to("SELECT COUNT(*) FROM queue", 0).await;
    assert_eq!(ada.removes_queued(&rows[0]).await, Err(Refused::of(Failure::NotFound)));
    assert!(server.provider.is_asked_no_more().await);
}

/// Rules: without scripts a message that is sent while the reply runs is queued, once however often the form is sent, and
/// shown on the page. Where there is no room for it, the page comes back with its words.
#[tokio::test]
async fn a_form_is_queued_while_the_reply_runs() {
    let world = World::with_queue(&["One"]).await;
    let (ada, path) = (&world.ada, format!("/c/{}", world.chat.id));
    let form = |text: &str| {
        let id: MessageId = mint();
        let ids = [("conversation", world.chat.id.to_string()), ("id", id.to_string())];
        let parent = [("parent", world.chat.reply.to_string()), ("edits", String::new())];
        [ids, parent, [("text", text.to_owned()), ("model", MODEL.to_owned())]].concat()
    };
    let posts = async |form: &[(&str, String)]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, &**value)).collect();
        ada.posts(&path, &form).await
    };
    let two = form("Two");
    for _ in 0..2 {
        assert_eq!(posts(&two).await.location.as_deref(), Some(&*path));
    }
    assert_eq!(world.waiting().await, waits(&[("One", false), ("Two", false)]));
    let page = ada.gets(&path).await.text;
    let (_, queue) = page.split_once("id=\"queue-label\"").expect("the queue");
    let (one, two) = (queue.find(">One<").expect("the first"), queue.find(">Two<").expect("the second"));
    assert!(one < two);
    for at in 2..MAX_QUEUED {
        ada.queues(&world.chat, &at.to_string()).await.expect("it is queued");
    }
    let refused = posts(&form("Too many")).await;
    assert_eq!(refused.status, 429);
    assert!(refused.text.contains("20 messages are waiting") && refused.text.contains(">Too many</textarea>"));
}
