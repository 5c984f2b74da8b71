//! Deleting messages and conversations, and bringing them back.

use std::time::{Duration, Instant};

use kit::{Database, Person, Refused, Server, Tab, Tree, soon};
use rivulet::{
    chat::api::Sending,
    conversation::{Sidebar, Window},
    error::Failure,
    ids::{ConversationId, MessageId, now},
    live::List,
    message::Status,
};

const MINE: List = List::Conversations(Sidebar::Mine);

async fn answers(server: &Server, words: &str) {
    let writer = server.provider.is_asked().await;
    writer.writes(words);
    writer.ends();
    let running = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
    server.database().await.comes_to(running, 0).await;
}

/// Reads until the tab has exactly these messages.
async fn has(tab: &mut Tab, messages: &[MessageId]) {
    let mut wanted = messages.to_vec();
    wanted.sort();
    while tab.metas.keys().copied().collect::<Vec<_>>() != wanted {
        tab.next().await;
    }
}

async fn shown(ada: &Person, chat: ConversationId) -> Vec<MessageId> {
    let page = ada.reads(chat).await.expect("the conversation");
    page.messages.iter().map(|message| message.id).collect()
}

/// Each row has a rev of its own, a message is there exactly if it is not newer than the newest of its lane, and what a
/// message follows is there if it is.
async fn is_a_tree(database: &mut Database) {
    for (what, sql) in [
        ("a rev of two rows", "SELECT COUNT(*) - COUNT(DISTINCT conversation_id || rev) FROM messages"),
        (
            "a message that its lane does not have, or the other way round",
            "SELECT COUNT(*) FROM messages m JOIN lanes l ON l.conversation_id = m.conversation_id AND l.lane = m.lane
             WHERE (m.deleted_at IS NULL) <> (m.seq <= l.newest_seq)",
        ),
        (
            "a message below a deleted one",
            "SELECT COUNT(*) FROM messages m JOIN messages p ON p.id = m.parent_id
             WHERE m.deleted_at IS NULL AND p.deleted_at IS NOT NULL",
        ),
        (
            "a rev above the list's",
            "SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.rev > c.messages_rev",
        ),
    ] {
        assert_eq!(database.count(sql).await, 0, "{what}");
    }
}

/// Rule: a message is deleted with all below it, in every tab, and Undo brings exactly that back, once.
#[tokio::test]
async fn a_message_goes_with_all_below_it_and_comes_back() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let first = ada.asks("One").await;
    answers(&server, "1").await;
    let second = ada.asks_in(first.id, "Two").await.expect("it is taken");
    answers(&server, "2").await;
    let other = ada.retries(second.reply).await.expect("another reply").id;
    answers(&server, "II").await;
    let third = ada.asks_in(first.id, "Three").await.expect("it is taken");
    answers(&server, "3").await;
    let all = [first.message, first.reply, second.message, second.reply, other, third.message, third.reply];
    let mut tabs = [ada.opens_a_tab().await, ada.opens_a_tab().await];
    for tab in &mut tabs {
        tab.opens_list(List::Messages(first.id)).await;
    }
    assert_eq!(ada.deletes_message(second.reply).await, Ok(1), "a sibling that nothing follows");
    assert_eq!(ada.deletes_message(second.message).await, Ok(4), "and what is left with what it answers");
    assert_eq!(ada.deletes_message(second.message).await, Ok(4), "the same again");
    for tab in &mut tabs {
        has(tab, &all[..2]).await;
    }
    assert_eq!(shown(&ada, first.id).await, all[..2]);
    assert_eq!(ada.loads(first.id, Window::Before(third.reply)).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(ada.undoes_deletion(second.reply).await, Err(Refused::of(Failure::Changed)), "what it answers is gone");
    ada.undoes_deletion(second.message).await.expect("it is back");
    ada.undoes_deletion(second.message).await.expect("it is back already");
    let back = [first.message, first.reply, second.message, other, third.message, third.reply];
    for tab in &mut tabs {
        has(tab, &back).await;
    }
    assert_eq!(shown(&ada, first.id).await, back);
    ada.undoes_deletion(second.reply).await.expect("it is back, too");
    for tab in &mut tabs {
        has(tab, &all).await;
    }
    is_a_tree(&mut server.database().await).await;
}

/// Rule: nothing is written below a deleted message: no message, no other reply, no next epoch, and nothing is queued.
#[tokio::test]
async fn nothing_is_written_below_a_deleted_message() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("One").await;
    let writer = server.provider.is_asked().await;
    ada.stops(chat.reply).await.expect("it is stopped");
    drop(writer);
    let epoch = ada.finds(&chat).await.epoch;
    let viewer = server.database().await.viewer().await;
    for is_marked in [false, true] {
        // As it is between two slices: only the message itself names the deletion.
        server.app.database.begin_deletion(viewer, chat.message, now(), |_| false).await.expect("it begins");
        if is_marked {
            assert_eq!(ada.deletes_message(chat.message).await, Ok(2));
        }
        let sending =
            Sending { conversation: chat.id, opens: false, parent: Some(chat.reply), ..Person::first_message("Two") };
        assert_eq!(ada.sends(&sending).await, Err(Refused::of(Failure::Changed)), "marked: {is_marked}");
        assert_eq!(ada.retries(chat.reply).await.map(drop), Err(Refused::of(Failure::NotFound)), "marked: {is_marked}");
        assert_eq!(ada.continues(chat.reply, epoch).await, Err(Refused::of(Failure::NotFound)), "marked: {is_marked}");
        assert_eq!(ada.queues(&chat, "Two").await, Err(Refused::of(Failure::Changed)), "marked: {is_marked}");
        assert_eq!(shown(&ada, chat.id).await, [], "marked: {is_marked}");
        ada.undoes_deletion(chat.message).await.expect("it is back");
    }
    ada.asks_in(chat.id, "Two").await.expect("it is taken");
    assert_eq!(server.provider.is_asked().await.last_turn(), "One\n\nTwo");
    ada.deletes_message(chat.message).await.expect("it is deleted");
    ada.sends(&Sending { conversation: chat.id, opens: false, ..Person::first_message("It begins again") })
        .await
        .expect("an empty conversation can be continued");
}

/// Rule: a reply that runs below it ends first, and all that was seen of it comes back; so does what waits for it, which
/// nobody sees or sends meanwhile.
#[tokio::test]
async fn a_running_reply_ends_and_comes_back_whole() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("One").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let writer = server.provider.is_asked().await;
    writer.writes("So far");
    tab.sees(chat.reply, "So far").await;
    let row = ada.queues(&chat, "Two").await.expect("it is queued");
    for is_conversation in [false, true] {
        if is_conversation {
            ada.deletes(chat.id).await.expect("it is deleted");
            assert_eq!(ada.reads(chat.id).await, Err(Refused::of(Failure::NotFound)));
            ada.undoes_deletion_of(chat.id).await.expect("it is back");
        } else {
            assert_eq!(ada.deletes_message(chat.message).await, Ok(2));
            tab.waits_for(|received| *received == kit::Received::Gone(chat.reply)).await;
            assert_eq!(ada.queue(chat.id).await, []);
            assert_eq!(ada.removes_queued(&row).await, Err(Refused::of(Failure::NotFound)));
            assert_eq!(ada.edits_queued(&row, "Due").await, Err(Refused::of(Failure::NotFound)));
            ada.undoes_deletion(chat.message).await.expect("it is back");
        }
        let reply = ada.finds(&chat).await;
        assert_eq!((reply.status, &*reply.text()), (Status::Stopped, "So far"));
        let queue = ada.queue(chat.id).await;
        assert!(matches!(&queue[..], [one] if one.id == row.id && one.wait.held), "{queue:?}");
    }
    writer.is_released().await;
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: a deleted conversation comes back into the sidebar's list as it was, title and all.
#[tokio::test]
async fn a_conversation_comes_back() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("One").await;
    answers(&server, "1").await;
    ada.renames(chat.id, "Kept").await.expect("it is renamed");
    let before = ada.reads(chat.id).await.expect("the conversation");
    let mut tabs = [ada.opens_a_tab().await, ada.opens_a_tab().await];
    for tab in &mut tabs {
        tab.opens_list(MINE).await;
    }
    ada.deletes(chat.id).await.expect("it is deleted");
    for tab in &mut tabs {
        while tab.conversations.contains_key(&chat.id) {
            tab.next().await;
        }
    }
    ada.undoes_deletion_of(chat.id).await.expect("it is back");
    for tab in &mut tabs {
        while tab.conversations.get(&chat.id).is_none_or(|row| row.title != "Kept") {
            tab.next().await;
        }
    }
    assert_eq!(ada.reads(chat.id).await, Ok(before));
    assert_eq!(ada.undoes_deletion_of(chat.id).await, Err(Refused::of(Failure::NotFound)), "it is not deleted");
}

/// Rule: the time for Undo begins when a deletion is finished, however long ago it began.
#[tokio::test]
async fn a_long_deletion_can_be_undone_for_as_long_as_a_short_one() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let (id, messages) = database.adds_conversation(4, "Words").await;
    let rows = &server.app.database;
    let before = now();
    rows.begin_deletion(viewer, messages[2], before - 60_000, |_| false).await.expect("it begins");
    assert_eq!(rows.due_purges(i64::MAX, None).await.expect("what is due"), [], "it is not finished");
    while rows.continue_deletion(id).await.expect("a slice") {}
    assert_eq!(rows.due_purges(before, None).await.expect("what is due"), [], "it has just been finished");
    ada.undoes_deletion(messages[2]).await.expect("it is back");
    rows.delete_conversations(viewer, &[id], before - 60_000, |_| false).await.expect("it is deleted");
    let due = rows.due_purges(before, None).await.expect("what is due");
    assert_eq!(due.len(), 1, "a conversation's deletion is finished at once");
}

/// Rule: after its time nothing can be brought back, and the words are gone; an id and a rev stay, and after 30 days nothing:
/// who has less of the list than the floor loads it anew.
#[tokio::test]
async fn what_is_not_brought_back_is_removed() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Secret").await;
    answers(&server, "Secret, too").await;
    let kept = ada.asks("Kept").await;
    let mut away = ada.opens_a_tab().await;
    away.follows_list(List::Messages(chat.id)).await;
    has(&mut away, &[chat.message, chat.reply]).await;
    ada.deletes_message(chat.reply).await.expect("it is deleted");
    ada.deletes(kept.id).await.expect("it is deleted");
    let mut database = server.database().await;
    database.comes_to("SELECT COUNT(*) FROM deletions", 0).await;
    assert_eq!(ada.undoes_deletion(chat.reply).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(ada.undoes_deletion_of(kept.id).await, Err(Refused::of(Failure::NotFound)));
    assert_eq!(database.count("SELECT COUNT(*) FROM messages WHERE parts LIKE '%too%'").await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM conversations WHERE title LIKE '%Kept%'").await, 0);
    has(&mut away, &[chat.message]).await;
    let stored = "SELECT COUNT(*) FROM messages";
    assert_eq!(database.count(stored).await, 2, "a tombstone stays");
    let rows = &server.app.database;
    assert!(!rows.remove_message_tombstones(1).await.expect("none is so old"));
    assert_eq!(database.count(stored).await, 2);
    rows.remove_message_tombstones(i64::MAX).await.expect("they are removed");
    assert_eq!(database.count(stored).await, 1);
    let floor = format!("SELECT messages_floor FROM conversations WHERE id = '{}'", chat.id);
    assert!(database.count(floor).await > 2);
    is_a_tree(&mut database).await;
}

/// Rule (law 11): a deletion of thousands, its Undo and its purge are done in transactions of at most 100 rows; each row has
/// a rev of its own (law 12); and what it hides is hidden from the first on.
#[tokio::test]
async fn thousands_go_in_slices() {
    for (length, forks) in [(31, 0), (5_000, 200)] {
        let server = Server::start().await;
        let ada = server.sign_up("Ada").await;
        let mut database = server.database().await;
        let viewer = database.viewer().await;
        let tree = Tree::of(length + 2, forks);
        let id = database.adds_tree(viewer, &tree, "Words").await;
        let (root, all) = (tree.branch[2], database.count("SELECT COUNT(*) FROM messages").await);
        let mut tab = ada.opens_a_tab().await;
        tab.opens_list(List::Messages(id)).await;
        let rows = &server.app.database;
        rows.begin_deletion(viewer, root, now(), |_| false).await.expect("it begins");
        let (mut transactions, mut longest, mut before) = (0, Duration::ZERO, 0);
        let mut more = true;
        while more {
            assert_eq!(shown(&ada, id).await, tree.branch[..2]);
            let begun = Instant::now();
            more = rows.continue_deletion(id).await.expect("a slice");
            longest = longest.max(begun.elapsed());
            transactions += 1;
            let marked = database.count("SELECT COUNT(*) FROM messages WHERE deleted_at IS NOT NULL").await;
            assert!(marked - before <= 100, "{} in one transaction", marked - before);
            before = marked;
            is_a_tree(&mut database).await;
        }
        eprintln!("{length} messages: {transactions} transactions, {longest:?} at the most");
        assert_eq!(before, all - 2);
        assert_eq!(ada.deletes_message(root).await, Ok(all - 2));
        soon("the tab has them no more", async {
            while tab.metas.keys().any(|id| !tree.branch[..2].contains(id)) {
                tab.next().await;
            }
        })
        .await;
        ada.undoes_deletion(root).await.expect("it is back");
        is_a_tree(&mut database).await;
        assert_eq!(database.count("SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL").await, all);
        soon("the tab has them again", async {
            while tab.metas.len() < all as usize - 2 {
                tab.next().await;
            }
        })
        .await;
        assert_eq!(shown(&ada, id).await.last(), tree.branch.last());
    }
}

/// Rule: a deletion can be undone between two of its slices, by whoever may; and what was deleted before stays so.
#[tokio::test]
async fn half_a_deletion_is_undone() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let tree = Tree::of(500, 50);
    let id = database.adds_tree(viewer, &tree, "Words").await;
    assert!(ada.deletes_message(tree.branch[450]).await.expect("it is deleted") >= 50);
    let there = "SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL";
    let all = database.count(there).await;
    for slices in 0..3 {
        let rows = &server.app.database;
        rows.begin_deletion(viewer, tree.branch[2], now(), |_| false).await.expect("it begins");
        for _ in 0..slices {
            assert!(rows.continue_deletion(id).await.expect("a slice"));
        }
        ada.undoes_deletion(tree.branch[2]).await.expect("it is undone");
        assert_eq!(database.count(there).await, all, "after {slices} slices");
        is_a_tree(&mut database).await;
        assert_eq!(shown(&ada, id).await.last(), Some(&tree.branch[449]));
    }
    ada.undoes_deletion(tree.branch[450]).await.expect("it is undone");
    assert_eq!(shown(&ada, id).await.last(), tree.branch.last());
}

/// Rule: two deletions in one conversation, and what undoes them, at the same time leave a tree.
#[tokio::test]
async fn deletions_at_the_same_time() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let tree = Tree::of(600, 60);
    let id = database.adds_tree(viewer, &tree, "Words").await;
    let all = database.count("SELECT COUNT(*) FROM messages").await;
    let (upper, lower) = (tree.branch[100], tree.branch[300]);
    let (one, two) = futures::future::join(ada.deletes_message(upper), ada.deletes_message(lower)).await;
    // Whichever was first: the lower one may have been gone with the upper one.
    assert!(one.is_ok() && (two.is_ok() || two == Err(Refused::of(Failure::NotFound))), "{two:?}");
    is_a_tree(&mut database).await;
    assert_eq!(shown(&ada, id).await.last(), Some(&tree.branch[99]));
    ada.undoes_deletion(upper).await.expect("it is back");
    // Not found: it came back with the upper one.
    drop(ada.undoes_deletion(lower).await);
    is_a_tree(&mut database).await;
    assert_eq!(database.count("SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL").await, all);
}

/// Rule: a deletion that the database refuses half way is finished as soon as it can be; until then nobody finds what it hides.
#[tokio::test]
async fn what_cannot_be_finished_is_tried_again() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let (id, messages) = database.adds_conversation(150, "Words").await;
    database
        .run(format!(
            "CREATE TRIGGER refused BEFORE UPDATE OF deleted_at ON messages WHEN OLD.id = '{}'
             BEGIN SELECT RAISE(ABORT, 'it is refused'); END",
            messages[10]
        ))
        .await;
    assert_eq!(ada.deletes_message(messages[2]).await, Err(Refused::of(Failure::Unavailable)));
    let there = "SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL";
    assert_eq!(database.count(there).await, 50, "one slice is done");
    assert_eq!(shown(&ada, id).await, messages[..2]);
    database.run("DROP TRIGGER refused").await;
    database.comes_to(there, 2).await;
    database.comes_to("SELECT COUNT(*) FROM deletions WHERE state = 'deleted'", 1).await;
    assert_eq!(ada.deletes_message(messages[2]).await, Ok(148));
}

/// Rule: however many deletions cannot be purged, a newer one is.
#[tokio::test]
async fn what_cannot_be_removed_delays_no_other() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    for _ in 0..101 {
        database.adds_conversation(1, "Stuck").await;
    }
    database
        .run(
            "CREATE TRIGGER refused BEFORE DELETE ON messages WHEN OLD.parts LIKE '%Stuck%'
             BEGIN SELECT RAISE(ABORT, 'it is refused'); END;
             UPDATE conversations SET deleted_at = 1;
             INSERT INTO deletions (conversation_id, deleted_at, state, finished_at) SELECT id, 1, 'deleted', 1 FROM conversations",
        )
        .await;
    let (newer, _) = database.adds_conversation(1, "Secret").await;
    ada.deletes(newer).await.expect("it is deleted");
    database.comes_to("SELECT COUNT(*) FROM messages WHERE parts LIKE '%Secret%'", 0).await;
    assert_eq!(database.count("SELECT COUNT(*) FROM messages").await, 101);
    database.run("DROP TRIGGER refused").await;
    database.comes_to("SELECT COUNT(*) FROM messages", 0).await;
}

/// Rule: where a message cannot be purged, those above it stay as long as it does, and delay no other's tombstone.
#[tokio::test]
async fn a_tombstone_with_something_below_it_stays() {
    let server = Server::without_undo().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let (_, stuck) = database.adds_conversation(8, "Words").await;
    let (_, other) = database.adds_conversation(4, "Words").await;
    database
        .run(format!(
            "CREATE TRIGGER refused BEFORE UPDATE OF parts ON messages WHEN OLD.id = '{}'
             BEGIN SELECT RAISE(ABORT, 'it is refused'); END",
            stuck[6]
        ))
        .await;
    for message in [stuck[6], stuck[4], stuck[2], other[2]] {
        ada.deletes_message(message).await.expect("it is deleted");
    }
    let deletions = "SELECT COUNT(*) FROM deletions";
    database.comes_to(deletions, 1).await;
    let stored = "SELECT COUNT(*) FROM messages";
    let rows = &server.app.database;
    while rows.remove_message_tombstones(i64::MAX).await.expect("some are removed") {}
    assert_eq!(database.count(stored).await, 10, "two of the other conversation are gone");
    database.run("DROP TRIGGER refused").await;
    database.comes_to(deletions, 0).await;
    while rows.remove_message_tombstones(i64::MAX).await.expect("the others, too") {}
    assert_eq!(database.count(stored).await, 4);
    is_a_tree(&mut database).await;
}
