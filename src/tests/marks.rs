//! What people mark conversations with: pinned, archived, seen; and what the sidebar shows of replies that run and have ended.

use kit::{Chat, Person, Received, Refused, Server, Tab};
use rivulet::{
    access::AccountRole,
    conversation::{
        CONVERSATIONS_A_PAGE, Conversation, Sidebar, Visibility,
        marks::{MAX_PINNED, Mark, is_unread},
    },
    error::Failure,
    ids::{ConversationId, now},
    live::{List, hub::ListTopic},
    message::Status,
};

const MINE: List = List::Conversations(Sidebar::Mine);
const SHARED: List = List::Conversations(Sidebar::Shared);

/// A tab that shows the sidebar, as a page opens it.
async fn opens_the_sidebar(person: &Person) -> Tab {
    let mut tab = person.opens_a_tab().await;
    for list in [MINE, SHARED, List::Marks] {
        tab.opens_list(list).await;
    }
    tab
}

/// Reads until the tab's row of a conversation is such.
async fn row_becomes(tab: &mut Tab, id: ConversationId, is: impl Fn(&Conversation) -> bool) {
    while !tab.conversations.get(&id).is_some_and(&is) {
        tab.next().await;
    }
}

/// Reads until the tab's mark of a conversation is such.
async fn mark_becomes(tab: &mut Tab, id: ConversationId, is: impl Fn(&Mark) -> bool) {
    while !tab.marks.get(&id).is_some_and(&is) {
        tab.next().await;
    }
}

fn shows_unread(tab: &Tab, id: ConversationId) -> bool {
    is_unread(&tab.conversations[&id], Sidebar::Mine, tab.marks.get(&id))
}

/// A conversation whose first reply has ended.
async fn has_talked(server: &Server, person: &Person) -> Chat {
    let chat = person.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi.");
    writer.ends();
    let mut tab = person.opens_a_tab().await;
    tab.follows(chat.reply).await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    chat
}

/// Rule: every tab shows which conversations have a running reply, from the moment in which it is asked for until it has
/// ended, however that comes.
#[tokio::test]
async fn a_reply_that_runs_is_shown_in_the_sidebar_until_it_ends() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = opens_the_sidebar(&ada).await;
    let chat = ada.asks("Hello").await;
    row_becomes(&mut tab, chat.id, |row| row.is_running && row.replied == 0).await;
    let writer = server.provider.is_asked().await;
    writer.writes("So");
    ada.stops(chat.reply).await.expect("it is stopped");
    row_becomes(&mut tab, chat.id, |row| !row.is_running && row.replied > 0).await;
    let ended = tab.conversations[&chat.id].replied;

    let epoch = ada.finds(&chat).await.epoch;
    ada.continues(chat.reply, epoch).await.expect("it continues");
    row_becomes(&mut tab, chat.id, |row| row.is_running).await;
    server.provider.is_asked().await.ends();
    row_becomes(&mut tab, chat.id, |row| !row.is_running && row.replied > ended).await;
    let ended = tab.conversations[&chat.id].replied;

    let other = ada.retries(chat.reply).await.expect("another reply");
    row_becomes(&mut tab, chat.id, |row| row.is_running).await;
    let writer = server.provider.is_asked().await;
    let queued = ada.queues(&Chat { reply: other.id, ..chat }, "And?").await.expect("it is queued");
    writer.writes("Yes.");
    writer.ends();
    let writer = server.provider.is_asked().await;
    row_becomes(&mut tab, chat.id, |row| row.is_running && row.replied > ended).await;
    writer.ends();
    row_becomes(&mut tab, chat.id, |row| !row.is_running).await;
    assert!(ada.reads(chat.id).await.expect("it is there").metas.iter().any(|meta| meta.id == queued.id));
}

/// Rule: a conversation is unread from the end of a reply until its reader has seen it, in every tab; and what a page of
/// another past has seen more than there is does not count for what comes.
#[tokio::test]
async fn a_conversation_is_unread_until_it_is_seen() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = opens_the_sidebar(&ada).await;
    let chat = has_talked(&server, &ada).await;
    row_becomes(&mut tab, chat.id, |row| row.replied > 0).await;
    assert!(shows_unread(&tab, chat.id));
    let replied = tab.conversations[&chat.id].replied;
    ada.sees_the_end_of(chat.id, replied + 1_000).await.expect("it is seen");
    mark_becomes(&mut tab, chat.id, |mark| mark.seen == replied).await;
    assert!(!shows_unread(&tab, chat.id));
    ada.sees_the_end_of(chat.id, 1).await.expect("an answer");
    let row = ada.sidebar(Sidebar::Mine).await.rows.remove(0);
    assert_eq!(row.mark.map(|mark| mark.seen), Some(replied), "it is no less seen");
    ada.retries(chat.reply).await.expect("another reply");
    server.provider.is_asked().await.ends();
    row_becomes(&mut tab, chat.id, |row| row.replied > replied).await;
    assert!(shows_unread(&tab, chat.id));
    // A page that opens now has the same.
    let page = ada.sidebar(Sidebar::Mine).await;
    assert!(page.rows.iter().any(|row| is_unread(row, Sidebar::Mine, row.mark.as_ref())));
}

/// Rule: what is pinned and archived is so in every tab and on a page that opens later; what is archived is in a list of its
/// own; and writing in it brings it back.
#[tokio::test]
async fn what_is_pinned_and_archived_is_so_in_every_tab() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (one, two) = (has_talked(&server, &ada).await, has_talked(&server, &ada).await);
    let mut tab = opens_the_sidebar(&ada).await;
    ada.pins(one.id, true).await.expect("it is pinned");
    mark_becomes(&mut tab, one.id, |mark| mark.pinned_at.is_some()).await;
    assert_eq!(ada.sidebar(Sidebar::Mine).await.pinned.iter().map(|row| row.id).collect::<Vec<_>>(), [one.id]);
    ada.pins(one.id, false).await.expect("it is pinned no more");
    mark_becomes(&mut tab, one.id, |mark| mark.pinned_at.is_none()).await;

    ada.archives(&[two.id, one.id], true).await.expect("they are archived");
    for id in [one.id, two.id] {
        mark_becomes(&mut tab, id, |mark| mark.archived_at.is_some()).await;
    }
    assert_eq!(ada.sidebar(Sidebar::Mine).await.rows, []);
    let archived = ada.archived().await;
    assert!(archived.len() == 2 && [one.id, two.id].iter().all(|id| archived.contains(id)));
    ada.archives(&[one.id], false).await.expect("it is back");
    mark_becomes(&mut tab, one.id, |mark| mark.archived_at.is_none()).await;
    ada.asks_in(two.id, "And then?").await.expect("a message that is taken");
    mark_becomes(&mut tab, two.id, |mark| mark.archived_at.is_none()).await;
    assert_eq!(ada.archived().await, []);
    assert_eq!(ada.sidebar(Sidebar::Mine).await.rows.len(), 2);
}

/// Rule: a tab that was away learns of all marks that were set meanwhile, each once.
#[tokio::test]
async fn marks_that_were_missed_come_with_the_subscription() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chats = [has_talked(&server, &ada).await, has_talked(&server, &ada).await];
    let mut tab = opens_the_sidebar(&ada).await;
    ada.pins(chats[0].id, true).await.expect("it is pinned");
    mark_becomes(&mut tab, chats[0].id, |mark| mark.pinned_at.is_some()).await;
    tab.connection.is_closed = true;
    ada.archives(&chats.map(|chat| chat.id), true).await.expect("they are archived");
    tab.reconnects(&ada).await;
    for chat in chats {
        mark_becomes(&mut tab, chat.id, |mark| mark.archived_at.is_some()).await;
    }
    let revs = "SELECT COUNT(*) FROM (SELECT rev FROM conversation_marks GROUP BY user_id, rev HAVING COUNT(*) > 1)";
    assert_eq!(server.database().await.count(revs).await, 0, "each changed row has a rev of its own");
}

/// Rule (law 12): what a person marks is for them alone: others in the account see none of it, and no number of theirs moves.
#[tokio::test]
async fn what_one_person_marks_nobody_else_sees() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    let viewer = server.database().await.viewer().await;
    let opened = server.app.database.set_visibility(viewer, chat.id, Visibility::Account, now()).await;
    for topic in opened.expect("an answer").expect("it is opened") {
        server.app.hub.changed(ListTopic::Conversations(topic));
    }
    let (_, cleo) = server.adds_member(viewer.account, "Cleo", AccountRole::Member).await;
    let (mut hers, mut tab) = (opens_the_sidebar(&cleo).await, opens_the_sidebar(&ada).await);
    let before = cleo.sidebar(Sidebar::Shared).await;
    ada.pins(chat.id, true).await.expect("it is pinned");
    ada.archives(&[chat.id], true).await.expect("it is archived");
    ada.sees_the_end_of(chat.id, before.rows[0].replied).await.expect("it is seen");
    mark_becomes(&mut tab, chat.id, |mark| mark.archived_at.is_some() && mark.seen > 0).await;
    assert_eq!(cleo.sidebar(Sidebar::Shared).await, before);
    hers.receives_heartbeats(1).await;
    assert!(hers.marks.is_empty() && !hers.received.contains(&Received::List(List::Marks)));
    assert_eq!(ada.sidebar(Sidebar::Shared).await.rows, []);

    // Her own marks are as much hers.
    cleo.pins(chat.id, true).await.expect("she pins it, too");
    mark_becomes(&mut hers, chat.id, |mark| mark.pinned_at.is_some() && mark.archived_at.is_none()).await;
    // What she has never looked at is not unread to her, and is once she has.
    let shared = |page: rivulet::conversation::ConversationPage| page.rows[0].clone();
    let row = shared(cleo.sidebar(Sidebar::Shared).await);
    assert!(!is_unread(&row, Sidebar::Shared, None) && is_unread(&row, Sidebar::Shared, row.mark.as_ref()));
}

/// Rule: as many can be pinned as are shown, and none more.
#[tokio::test]
async fn no_more_are_pinned_than_are_shown() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let mut last = None;
    for _ in 0..MAX_PINNED {
        let (id, _) = database.adds_conversation_of(viewer, 2, "Words").await;
        ada.pins(id, true).await.expect("it is pinned");
        last = Some(id);
    }
    let refused = ada.pins(chat.id, true).await.expect_err("there is no room");
    assert!(matches!(refused.failure, Failure::Invalid(_)));
    assert_eq!(ada.sidebar(Sidebar::Mine).await.pinned.len(), MAX_PINNED);
    ada.pins(last.expect("one of them"), false).await.expect("it is pinned no more");
    ada.pins(chat.id, true).await.expect("it is pinned");
    assert_eq!(ada.pins(rivulet::ids::mint(), false).await, Err(Refused::of(Failure::NotFound)));
}

/// Rule: what is removed of a deleted conversation takes its marks along.
#[tokio::test]
async fn marks_go_with_the_conversation() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = has_talked(&server, &ada).await;
    ada.pins(chat.id, true).await.expect("it is pinned");
    ada.deletes(chat.id).await.expect("it is deleted");
    assert_eq!(ada.sidebar(Sidebar::Mine).await.pinned, []);
    ada.undoes_deletion_of(chat.id).await.expect("it is back");
    assert_eq!(ada.sidebar(Sidebar::Mine).await.pinned.len(), 1, "as it was");
    ada.deletes(chat.id).await.expect("it is deleted");
    let mut database = server.database().await;
    database.run("UPDATE deletions SET finished_at = 1").await;
    database.comes_to("SELECT COUNT(*) FROM conversation_marks", 0).await;
    server.app.database.remove_tombstones(i64::MAX).await.expect("nothing refers to it any more");
}

/// Rule: many conversations are deleted together and brought back together, in every tab, the replies that run there ended;
/// each changed row has a rev of its own, and what one may not delete stays.
#[tokio::test]
async fn many_conversations_go_together_and_come_back_together() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let mut ids: Vec<ConversationId> = vec![];
    for _ in 0..40 {
        ids.push(database.adds_conversation_of(viewer, 2, "Words").await.0);
    }
    let running = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("So far");
    ids.push(running.id);
    let kept = has_talked(&server, &ada).await;
    let (colleague, cleo) = server.adds_member(viewer.account, "Cleo", AccountRole::Member).await;
    let (others, _) = database.adds_conversation_of(colleague, 2, "Hers").await;
    let mut tab = opens_the_sidebar(&ada).await;
    let gone = ada.deletes_many(&[&ids[..], &[others]].concat()).await.expect("they are deleted");
    assert_eq!(gone.len(), ids.len());
    while tab.conversations.len() > 1 {
        tab.next().await;
    }
    assert!(tab.conversations.contains_key(&kept.id));
    assert_eq!(cleo.sidebar(Sidebar::Mine).await.rows.len(), 1, "hers is there");
    assert_eq!(ada.deletes_many(&ids).await, Err(Refused::of(Failure::NotFound)));
    ada.undoes_deletion_of_many(&gone).await.expect("they are back");
    while tab.conversations.len() <= ids.len() {
        tab.next().await;
    }
    assert_eq!(ada.finds(&running).await.status, Status::Stopped);
    let revs = "SELECT COUNT(*) FROM (SELECT mine_rev FROM conversations WHERE mine_rev > 0 GROUP BY created_by, mine_rev HAVING COUNT(*) > 1)";
    assert_eq!(database.count(revs).await, 0);
    assert!(matches!(ada.deletes_many(&[]).await.expect_err("none").failure, Failure::Invalid(_)));
}

/// Rule: without scripts what is archived is read page by page, and a form brings it back.
#[tokio::test]
async fn what_is_archived_is_read_and_brought_back_without_scripts() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    let count = CONVERSATIONS_A_PAGE as usize + 1;
    let mut ids: Vec<ConversationId> = vec![];
    for _ in 0..count {
        ids.push(database.adds_conversation_of(viewer, 2, "Words").await.0);
        ada.archives(&ids[ids.len() - 1..], true).await.expect("it is archived");
    }
    let archived = async |page: String| {
        let text = ada.gets(&page).await.text;
        let more =
            text.split("href=\"").filter_map(|link| link.split('"').next()).find(|link| link.contains("?archived="));
        (text.matches("/unarchive\"").count(), more.map(str::to_owned))
    };
    let (first, more) = archived("/?archived".into()).await;
    let (second, none) = archived(more.expect("a link to the others")).await;
    assert_eq!((first, second, none), (count - 1, 1, None));
    let back = ada.posts(&format!("/c/{}/unarchive", ids[0]), &[]).await;
    assert_eq!(back.status.as_u16(), 303);
    assert_eq!(archived("/?archived".into()).await, (count - 1, None));
    let other = server.adds_member(viewer.account, "Cleo", AccountRole::Member).await.1;
    assert_eq!(other.posts(&format!("/c/{}/unarchive", ids[1]), &[]).await.status.as_u16(), 404);
}
