//! An earlier copy of the database takes its place while pages are open.

use kit::{Chat, Process, Received, Tab};
use rivulet::{conversation::Sidebar, live::List};

use super::World;
use crate::program::command;

impl World {
    async fn backs_up(&self) {
        let mut backup = command(&self.folder);
        backup.args(["backup", "copy.db"]);
        Process::runs(backup).await;
    }

    /// The server is killed, and starts again with the copy.
    async fn restores(self) -> World {
        let World { folder, provider, mut process, ada } = self;
        process.dies();
        for file in ["rivulet.db", "rivulet.db-wal", "rivulet.db-shm"] {
            std::fs::remove_file(folder.path().join(file)).expect("a file of the database");
        }
        std::fs::rename(folder.path().join("copy.db"), folder.database()).expect("the copy takes its place");
        World::restarts(folder, provider, ada).await
    }

    async fn reply_ends(&self) {
        let provider = self.provider.is_asked().await;
        provider.writes("Yes.");
        provider.ends();
    }
}

/// A page whose conversation has one exchange, and its tab, which follows both lists.
async fn one_exchange(world: &World) -> (Chat, Tab) {
    let chat = world.ada.asks("One").await;
    world.reply_ends().await;
    let mut tab = world.ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine)).await;
    tab.follows_list(List::Messages(chat.id)).await;
    has_ended(&mut tab, chat).await;
    (chat, tab)
}

/// Reads until the tab has it from its list that the reply has ended.
async fn has_ended(tab: &mut Tab, chat: Chat) {
    while !tab.metas.get(&chat.reply).is_some_and(|meta| meta.status.is_final()) {
        tab.next().await;
    }
}

/// Asks for more in the conversation, until the tab has the end of the reply.
async fn asks_more(world: &World, tab: &mut Tab, chat: Chat, text: &str) -> Chat {
    let next = world.ada.asks_in(chat.id, text).await.expect("the next message");
    world.reply_ends().await;
    has_ended(tab, next).await;
    next
}

/// Rule: after a backup was restored an open page drops what there is no more, and shows what is sent from then on: whether
/// its list had come further than the restored one by then, or not.
#[tokio::test]
async fn open_pages_follow_a_restored_backup() {
    for (lost, after) in [(3, 1), (1, 3)] {
        let world = World::start(0).await;
        let (chat, mut tab) = one_exchange(&world).await;
        world.backs_up().await;
        for _ in 0..lost {
            asks_more(&world, &mut tab, chat, "Lost").await;
        }
        let lost = world.ada.asks("Elsewhere").await;
        world.reply_ends().await;
        while !tab.conversations.contains_key(&lost.id) {
            tab.next().await;
        }
        let world = world.restores().await;
        let mut away = vec![];
        for _ in 1..after {
            away.push(world.ada.asks_in(chat.id, "Meanwhile").await.expect("the next message"));
            world.reply_ends().await;
            let running = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
            world.database().await.comes_to(running, 0).await;
        }
        tab.reconnects(&world.ada).await;
        asks_more(&world, &mut tab, chat, "After").await;
        let page = world.ada.reads(chat.id).await.expect("the conversation");
        assert!(page.metas.iter().eq(tab.metas.values()), "{:?}", tab.metas);
        assert_eq!(page.metas.len(), 2 * (1 + after));
        // The two lists come one after the other.
        while tab.conversations.contains_key(&lost.id) {
            tab.next().await;
        }
        assert_eq!(tab.conversations.keys().copied().collect::<Vec<_>>(), [chat.id]);
    }
}

/// Rule: a server that starts again on the same database has open pages load nothing anew, even if it was killed while a reply
/// streamed.
#[tokio::test]
async fn open_pages_are_sent_only_what_they_lack_after_a_restart() {
    let world = World::start(0).await;
    let (chat, mut tab) = one_exchange(&world).await;
    let next = world.ada.asks_in(chat.id, "Two").await.expect("the next message");
    let provider = world.provider.is_asked().await;
    provider.writes("So far");
    while !tab.metas.contains_key(&next.reply) {
        tab.next().await;
    }
    let world = world.restarts_after_sigkill().await;
    let came = tab.received.len();
    tab.reconnects(&world.ada).await;
    has_ended(&mut tab, next).await;
    let reset = |received: &Received| matches!(received, Received::ListReset(_));
    assert!(!tab.received[came..].iter().any(reset), "{:?}", &tab.received[came..]);
    // Not after a second restart either, while it was away.
    let world = world.restarts_after_sigkill().await;
    let world = world.restarts_after_sigkill().await;
    tab.reconnects(&world.ada).await;
    asks_more(&world, &mut tab, chat, "Three").await;
    assert!(!tab.received[came..].iter().any(reset), "{:?}", &tab.received[came..]);
}
