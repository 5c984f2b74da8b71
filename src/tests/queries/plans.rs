//! Every statement that the server makes while people use it finds its rows by an index.

use std::time::Duration;

use kit::{Chat, Person, Server, Tab};
use rivulet::{
    config::Settings,
    conversation::{ConversationUsage, Sidebar, Window, marks::ListedRows, ratings::Rating},
    ids::{ConversationId, mint},
    live::List,
    message::Status,
    server::serve::ConnectionLimits,
    steering::{
        kept::{Preset, Prompt},
        options::Options,
        settings::PersonalSetting,
    },
};
use serde_json::json;

use crate::statements::Notes;

/// Steps that look at all rows of a table, or put them in order: in which statements, and why they may.
const EXCEPTIONS: [(&str, &str, &str); 14] = [
    ("SCAN CONSTANT ROW", "", "no table"),
    ("SCAN users", "SELECT", "whether there is an owner: the first row answers"),
    ("SCAN nodes", "", "a row for each start of the server"),
    ("SCAN lineages", "", "the same"),
    ("SCAN provider_models", "", "a row for each provider, at the start"),
    ("SCAN q USING INDEX queue_not_held", "SELECT DISTINCT", "the index has what waits and is not held, at the start"),
    ("SCAN m USING INDEX running_in_conversation", "", "the index has the replies that run and no others"),
    ("SCAN deletions USING INDEX unfinished_deletions", "", "the index has those that are just made, at the start"),
    ("SCAN slice", "WITH slice", "the messages of a slice, 100 at the most"),
    ("SCAN (subquery", "WITH slice", "the same"),
    ("SCAN counted", "UPDATE conversations SET deleted_at", "those that are deleted together, 100 at the most"),
    ("SCAN (subquery", "UPDATE conversations SET deleted_at", "the same"),
    ("SCAN (subquery", "INSERT INTO conversation_marks", "the conversations that are chosen, 100 at the most"),
    ("USE TEMP B-TREE FOR ORDER BY", "FROM sessions", "a person's own sessions, 200 at the most"),
];

/// Asked by the test itself.
const RUNNING: &str = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
const DELETIONS: &str = "SELECT COUNT(*) FROM deletions";

/// Queues messages while a reply runs, and has them all go again.
async fn queues(server: &Server, ada: &Person, chat: &Chat) {
    let row = ada.queues(chat, "And?").await.expect("it is queued");
    ada.queues(chat, "Then?").await.expect("another one");
    let row = ada.edits_queued(&row, "And so?").await.expect("it is edited").expect("its row");
    ada.sends_queued(&row).await.expect("it is sent now");
    let writer = server.provider.is_asked().await;
    writer.writes("So");
    writer.ends();
    let last = server.provider.is_asked().await;
    assert_eq!(ada.queue(chat.id).await, []);
    last.ends();
}

/// Keeps what to ask with, and removes it.
async fn keeps(ada: &Person, options: Options) {
    for prompt in [Some("Be kind.".to_owned()), None] {
        ada.chooses(PersonalSetting::SystemPrompt(prompt)).await.expect("it is chosen");
    }
    let preset = Preset { id: mint(), name: "Brief".into(), options, model: None };
    let prompt = Prompt { id: mint(), title: "Date".into(), text: "{{date}}".into() };
    ada.call::<()>("save-preset", json!({ "preset": preset })).await.expect("it is kept");
    ada.call::<()>("save-prompt", json!({ "prompt": prompt })).await.expect("it is kept");
    assert_eq!(ada.call("presets", json!({})).await, Ok([preset.clone()]));
    assert_eq!(ada.call("prompts", json!({})).await, Ok([prompt.clone()]));
    ada.call::<()>("delete-preset", json!({ "id": preset.id })).await.expect("it is removed");
    ada.call::<()>("delete-prompt", json!({ "id": prompt.id })).await.expect("it is removed");
}

/// Marks a conversation with all there is.
async fn marks(tab: &mut Tab, ada: &Person, chat: ConversationId) {
    tab.follows_list(List::Marks).await;
    tab.waits_for(|received| *received == kit::Received::List(List::Marks)).await;
    for on in [true, false] {
        ada.pins(chat, on).await.expect("it is pinned, or no more");
        ada.archives(&[chat], on).await.expect("it is archived, or no more");
        ada.archived().await;
    }
    ada.archives(&[chat], true).await.expect("it is archived");
    ada.asks_in(chat, "Are you there?").await.expect("it is back");
    ada.sees_the_end_of(chat, 1).await.expect("it is seen");
    let page = ada.reads(chat).await.expect("it is there");
    let reply = page.metas.iter().find(|meta| meta.status == Status::Stopped).expect("a reply that has ended").id;
    ada.rates(reply, Some(Rating::Up), "Short").await.expect("it is rated");
    ada.ratings(chat).await.expect("their ratings");
    ada.deletes_many(&[chat]).await.expect("it is deleted");
    ada.undoes_deletion_of_many(&[chat]).await.expect("it is back");
    let _: ListedRows = ada.call("rows", json!({ "ids": [chat] })).await.expect("its row");
}

/// What people do in a day.
async fn a_day(server: &Server, ada: &Person) {
    let mut tab = Tab::open(ada).await;
    tab.follows_list(List::Conversations(Sidebar::Mine)).await;
    let chat = ada.asks("Hello").await;
    tab.follows_list(List::Messages(chat.id)).await;
    tab.follows(chat.reply).await;
    let writer = server.provider.is_asked().await;
    writer.writes("So far");
    tab.sees(chat.reply, "So far").await;
    ada.stops(chat.reply).await.expect("it is stopped");
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Stopped);
    let epoch = tab.message(chat.reply).epoch;
    ada.continues(chat.reply, epoch).await.expect("it continues");
    server.provider.is_asked().await.ends();
    let mut database = server.database().await;
    database.comes_to(RUNNING, 0).await;
    let other = ada.retries(chat.reply).await.expect("another attempt");
    let writer = server.provider.is_asked().await;
    queues(server, ada, &Chat { reply: other.id, ..chat }).await;
    writer.ends();
    database.comes_to(RUNNING, 0).await;
    ada.loads(chat.id, Window::Around(chat.message)).await.expect("a window");
    ada.loads(chat.id, Window::Before(chat.reply)).await.expect("what is before");
    ada.loads(chat.id, Window::After { message: chat.message, leaf: chat.reply }).await.expect("what is after");
    ada.renames(chat.id, "Greetings").await.expect("it is renamed");
    marks(&mut tab, ada, chat.id).await;
    let options = Options { system_prompt: Some("Be brief.".into()), ..Options::default() };
    ada.sets_options(chat.id, 0, &options).await.expect("they are set");
    keeps(ada, options).await;
    let _: ConversationUsage = ada.call("conversation-usage", json!({ "id": chat.id })).await.expect("what it cost");
    for path in ["/", &format!("/c/{}", chat.id), &format!("/c/{}?m={}", chat.id, chat.message), "/settings/security"] {
        ada.gets(path).await;
    }
    for list in [Sidebar::Mine, Sidebar::Shared] {
        let after = serde_json::json!({ "list": list, "after": (1, chat.id) });
        let _: rivulet::conversation::ConversationPage = ada.call("conversations", after).await.expect("earlier ones");
        tab.follows_list(List::Conversations(list)).await;
        tab.waits_for(|received| *received == kit::Received::List(List::Conversations(list))).await;
    }
    ada.signs_in_again("Ada").await.signs_out().await;
    ada.posts("/settings/security/end-others", &[]).await;
    ada.deletes_message(chat.reply).await.expect("it is deleted");
    ada.undoes_deletion(chat.reply).await.expect("it is back");
    ada.deletes_message(chat.reply).await.expect("it is deleted");
    database.comes_to(DELETIONS, 0).await;
    server.app.database.remove_message_tombstones(i64::MAX).await.expect("they are removed");
    ada.deletes(chat.id).await.expect("it is deleted");
    ada.undoes_deletion_of(chat.id).await.expect("it is back");
    ada.deletes(chat.id).await.expect("it is deleted");
    database.comes_to(format!("SELECT COUNT(*) FROM messages WHERE conversation_id = '{}'", chat.id), 0).await;
}

/// Rule: no statement looks at all rows of a table that grows, and no list is sorted that an index has in order.
#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    let notes = Notes::begin().await;
    // Long enough to undo at once.
    let change = |settings: &mut Settings| settings.undo_timeout = Some(Duration::from_secs(1));
    let server = Server::with(change, ConnectionLimits::default()).await;
    let ada = server.sign_up("Ada").await;
    a_day(&server, &ada).await;
    let statements = notes.take();
    let mut database = server.database().await;
    let (mut slow, mut seen) = (vec![], 0);
    for statement in statements.into_keys() {
        let verb = statement.split_whitespace().next().unwrap_or_default().to_uppercase();
        if !["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"].contains(&verb.as_str())
            || statement.contains("_sqlx_")
            || [RUNNING, DELETIONS].contains(&&*statement)
        {
            continue;
        }
        seen += 1;
        let plan = database.plan(&statement).await;
        let may =
            |step: &str| EXCEPTIONS.iter().any(|(start, part, _)| step.starts_with(start) && statement.contains(part));
        let is_slow = |step: &&String| (step.starts_with("SCAN") || step.contains("TEMP B-TREE")) && !may(step);
        if let Some(step) = plan.iter().find(is_slow) {
            slow.push(format!("{step}: {statement}"));
        }
    }
    assert!(seen >= 40, "the statements were seen: {seen}");
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
