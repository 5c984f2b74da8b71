//! A branch as a conversation of its own.

use kit::{Refused, Server, Tree};
use rivulet::{
    conversation::{Sidebar, Window},
    error::Failure,
    ids::{ConversationId, mint, now},
    live::List,
    message::{Message, Role},
};

/// What was said, in its order.
fn said(messages: &[Message]) -> Vec<(Role, String)> {
    messages.iter().map(|message| (message.role, message.text())).collect()
}

/// Rule: a fork has what the branch has up to the message, in every tab, and from then on each goes its own way; asking
/// twice is asking once.
#[tokio::test]
async fn a_fork_is_a_copy_of_the_branch_up_to_the_message() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine)).await;
    let mut chat = ada.asks("One").await;
    let writer = server.provider.is_asked().await;
    writer.writes("1");
    writer.ends();
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let first = chat.reply;
    chat = ada.asks_in(chat.id, "Two").await.expect("it is taken");
    let running = server.provider.is_asked().await;
    let into: ConversationId = mint();
    assert_eq!(ada.forks(chat.reply, into).await, Err(Refused::of(Failure::Busy)), "it runs");
    ada.forks(first, into).await.expect("it is forked");
    ada.forks(first, into).await.expect("it was");
    while !tab.conversations.contains_key(&into) {
        tab.next().await;
    }
    let page = ada.reads(into).await.expect("the fork");
    assert_eq!(said(&page.messages), [(Role::User, "One".into()), (Role::Assistant, "1".into())]);
    assert_eq!(page.conversation.title, "A title from the model");
    assert!(page.messages.iter().all(|message| message.id != first && message.usage.is_none()));
    let next = ada.asks_in(into, "Another way").await.expect("it goes its own way");
    server.provider.is_asked().await.ends();
    running.ends();
    assert_eq!(ada.reads(chat.id).await.expect("the first").messages.len(), 4);
    assert!(ada.finds(&next).await.role == Role::Assistant);
}

/// Rule: a long branch is copied in slices, and until all is there nobody finds any of it; what a process leaves of one is
/// removed by the next.
#[tokio::test]
async fn a_fork_is_there_when_all_of_it_is() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let viewer = server.database().await.viewer().await;
    let tree = Tree::of(450, 20);
    let id = server.database().await.adds_tree(viewer, &tree, "word ").await;
    let database = &server.app.database;
    let leaf = ada.reads(id).await.expect("the tree").leaf.expect("a leaf");
    let branch = database.branch_to(viewer, id, leaf).await.expect("an answer");
    let half: ConversationId = mint();
    database.begin_fork(viewer, leaf, half, now()).await.expect("an answer");
    let copied = database.copy_slice(half, &branch, Default::default()).await.expect("an answer").expect("a slice");
    assert!(copied.count() <= 100, "{} in one transaction", copied.count());
    assert_eq!(ada.reads(half).await.expect_err("it is not all there").failure, Failure::NotFound);
    assert_eq!(ada.forks(leaf, half).await, Err(Refused::of(Failure::Changed)), "it is under way");
    database.drop_unfinished_forks().await.expect("an answer");
    let gone = format!("SELECT COUNT(*) FROM messages WHERE conversation_id = '{half}'");
    server.database().await.comes_to(&gone, 0).await;
    let whole: ConversationId = mint();
    ada.forks(leaf, whole).await.expect("it is forked");
    let (mut before, mut after) = (vec![], vec![]);
    for (of, all) in [(id, &mut before), (whole, &mut after)] {
        let mut page = ada.reads(of).await.expect("a page");
        *all = said(&page.messages);
        while page.more_before {
            let window = Window::Before(page.messages[0].id);
            page = ada.loads(of, window).await.expect("a page");
            all.splice(..0, said(&page.messages));
        }
    }
    assert_eq!(before.len(), branch.len());
    assert_eq!(before, after);
}

/// Rule: nothing is copied of a branch on which a reply runs, also in the middle, nor of what is being deleted.
#[tokio::test]
async fn a_branch_that_changes_is_not_forked() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let first = ada.asks("One").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(first.reply).await;
    let writer = server.provider.is_asked().await;
    writer.writes("1");
    tab.sees(first.reply, "1").await;
    ada.stops(first.reply).await.expect("it is stopped");
    tab.sees_the_end(first.reply).await;
    let second = ada.asks_in(first.id, "Two").await.expect("it is taken");
    server.provider.is_asked().await.ends();
    tab.follows(second.reply).await;
    tab.sees_the_end(second.reply).await;
    ada.continues(first.reply, tab.message(first.reply).epoch).await.expect("it is continued");
    let writer = server.provider.is_asked().await;
    assert_eq!(ada.forks(second.reply, mint()).await, Err(Refused::of(Failure::Busy)), "it runs in the middle");
    writer.ends();
    tab.follows(first.reply).await;
    while tab.message(first.reply).epoch.counter == 1 || !tab.message(first.reply).status.is_final() {
        tab.next().await;
    }
    let viewer = server.database().await.viewer().await;
    let begun = server.app.database.begin_deletion(viewer, second.message, now(), |_| false).await;
    begun.expect("an answer");
    assert_eq!(ada.forks(second.reply, mint()).await, Err(Refused::of(Failure::NotFound)), "it is being deleted");
    ada.forks(first.reply, mint()).await.expect("what is above stays");
}
