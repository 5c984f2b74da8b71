//! The queue over `kill -9`: what was queued is sent once, or waits.

use std::pin::pin;

use futures::future::select;
use kit::soon;
use rivulet::{
    conversation::queue::Queued,
    ids::ConversationId,
    message::{Role, Status},
};

use super::World;

impl World {
    /// The provider answers whatever it is asked, for ever.
    async fn answers(&self) {
        loop {
            let writer = self.provider.is_asked().await;
            writer.writes("Yes.");
            writer.ends();
        }
    }

    /// A person sends on what is held, until nothing waits.
    async fn sends_what_is_held(&self, chat: ConversationId) {
        loop {
            let queue = self.ada.queue(chat).await;
            match queue.first() {
                None => return,
                // The server may be faster, or wait for a reply by now.
                Some(row) if row.wait.held => drop(self.ada.sends_queued(row).await),
                Some(_) => tokio::task::yield_now().await,
            }
        }
    }
}

fn held(queue: &[Queued]) -> Vec<bool> {
    queue.iter().map(|row| row.wait.held).collect()
}

/// Rule: what waits for a reply that a kill interrupted waits for a person.
#[tokio::test]
async fn what_waits_is_held_after_a_kill() {
    let world = World::start(5).await;
    let (chat, _tab, _writer) = world.streaming("Half").await;
    for text in ["One", "Two"] {
        world.ada.queues(&chat, text).await.expect("it is queued");
    }
    let world = world.restarts_after_sigkill().await;
    assert_eq!(world.ada.finds(&chat).await.status, Status::Interrupted);
    let queue = world.ada.queue(chat.id).await;
    assert_eq!(held(&queue), [true, true]);
    assert!(world.provider.is_asked_no_more().await);
    world.ada.sends_queued(&queue[0]).await.expect("it is sent");
    assert_eq!(world.provider.is_asked().await.last_turn(), "One");
    assert_eq!(held(&world.ada.queue(chat.id).await), [false]);
}

/// Rule: what a process had not sent yet when it was killed, though the reply had completed, the next one sends, once.
#[tokio::test]
async fn the_next_start_sends_what_is_due() {
    let world = World::start(5).await;
    let (chat, mut tab, writer) = world.streaming("Whole").await;
    world.ada.queues(&chat, "One").await.expect("it is queued");
    let mut database = world.database().await;
    database
        .run("CREATE TRIGGER broken BEFORE DELETE ON queue BEGIN SELECT RAISE(ABORT, 'it is not deleted'); END")
        .await;
    writer.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    let World { folder, provider, mut process, ada } = world;
    process.dies();
    assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 2, "nothing is half sent");
    database.run("DROP TRIGGER broken").await;
    let world = World::restarts(folder, provider, ada).await;
    assert_eq!(world.provider.is_asked().await.last_turn(), "One");
    assert!(world.provider.is_asked_no_more().await);
    assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 4);
    assert_eq!(world.ada.queue(chat.id).await, []);
}

/// Rule: killed in whatever state, every message of the queue is sent once or waits, and the order is kept.
#[tokio::test]
async fn a_kill_in_any_state_loses_and_doubles_nothing() {
    // How many messages there are when it is killed: before the first row is sent, between the rows, after the last.
    for count in [2, 4, 6] {
        let world = World::start(5).await;
        let (chat, _tab, writer) = world.streaming("Whole").await;
        for text in ["One", "Two"] {
            world.ada.queues(&chat, text).await.expect("it is queued");
        }
        let mut database = world.database().await;
        writer.ends();
        let reached = database.comes_to("SELECT COUNT(*) FROM messages", count);
        select(pin!(world.answers()), pin!(reached)).await;
        let world = world.restarts_after_sigkill().await;
        let there = "SELECT COUNT(*) FROM (SELECT id FROM messages WHERE role = 'user' UNION ALL SELECT id FROM queue)";
        assert_eq!(database.count(there).await, 3, "at {count} messages");
        let sent = soon("all is sent", world.sends_what_is_held(chat.id));
        select(pin!(world.answers()), pin!(sent)).await;
        let page = world.ada.reads(chat.id).await.expect("the conversation");
        let by_ada = page.messages.iter().filter(|message| message.role == Role::User);
        let texts: Vec<String> = by_ada.map(|message| message.text()).collect();
        assert_eq!(texts, ["Hello", "One", "Two"], "at {count} messages");
    }
}
