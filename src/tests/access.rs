//! Who may do what: every function, page, form and list, asked by everybody, with what is private and what is shared.

use std::time::{Duration, Instant};

use kit::{Person, Received, Server, soon};
use leptos::server_fn::axum::server_fn_paths;
use rivulet::{
    access::{AccountRole, Viewer, store::AccessChange},
    conversation::{Sidebar, Visibility},
    database::Database,
    ids::{AccountId, ConversationId, MessageId, PresetId, PromptId, mint, now},
    live::List,
};
use serde_json::{Value, json};

/// Who asks for a conversation that a member of a team made.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Nobody,
    /// With an account of their own.
    Stranger,
    Maker,
    Member,
    Admin,
    AccountOwner,
    /// Who is no member.
    SiteAdministrator,
    SignedOutMeanwhile,
    RemovedMeanwhile,
}

use Who::*;

const EVERYBODY: [Who; 9] =
    [Nobody, Stranger, Maker, Member, Admin, AccountOwner, SiteAdministrator, SignedOutMeanwhile, RemovedMeanwhile];

/// Who may, of those who are signed in.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Whoever is signed in: it shows only what is theirs.
    Anybody,
    /// Who may see the conversation.
    Seeing,
    /// Who may change it.
    Changing,
    /// Who wrote what stands in it, which is its maker here.
    Writing,
    /// The sign-in pages' own: whoever comes.
    Open,
}

/// The rule of each function. One that is missing here fails the test.
const FUNCTIONS: [(&str, Rule); 46] = [
    ("account-form", Rule::Open),
    ("enter", Rule::Anybody),
    ("models", Rule::Anybody),
    ("conversations", Rule::Anybody),
    ("archived", Rule::Anybody),
    ("rows", Rule::Anybody),
    ("pin", Rule::Seeing),
    ("archive", Rule::Seeing),
    ("see", Rule::Seeing),
    ("rate", Rule::Seeing),
    ("ratings", Rule::Seeing),
    ("messages", Rule::Seeing),
    ("send", Rule::Seeing),
    ("queue", Rule::Seeing),
    ("enqueue", Rule::Seeing),
    ("edit-queued", Rule::Writing),
    ("remove-queued", Rule::Writing),
    ("send-queued", Rule::Seeing),
    ("context", Rule::Seeing),
    ("stop", Rule::Seeing),
    ("retry", Rule::Seeing),
    ("continue", Rule::Seeing),
    ("summarise", Rule::Seeing),
    ("continue-from", Rule::Seeing),
    ("rename", Rule::Changing),
    ("delete", Rule::Changing),
    ("undo-delete-conversation", Rule::Changing),
    ("delete-many", Rule::Changing),
    ("undo-delete-many", Rule::Changing),
    ("delete-message", Rule::Changing),
    ("keep-temporary", Rule::Writing),
    ("close-temporary", Rule::Writing),
    ("leave-temporary", Rule::Seeing),
    ("fork", Rule::Seeing),
    ("undo-delete-message", Rule::Changing),
    ("conversation-usage", Rule::Seeing),
    ("options", Rule::Seeing),
    ("set-options", Rule::Changing),
    ("presets", Rule::Anybody),
    ("save-preset", Rule::Anybody),
    ("delete-preset", Rule::Writing),
    ("prompts", Rule::Anybody),
    ("save-prompt", Rule::Anybody),
    ("delete-prompt", Rule::Writing),
    ("settings", Rule::Anybody),
    ("set-setting", Rule::Anybody),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Given,
    NotFound,
    SignedOut,
}

fn expected(who: Who, rule: Rule, visibility: Visibility) -> Answer {
    let is_shared = visibility == Visibility::Account;
    let may = match (who, rule) {
        (_, Rule::Open) => return Answer::Given,
        (Nobody | SignedOutMeanwhile | RemovedMeanwhile, _) => return Answer::SignedOut,
        (_, Rule::Anybody) | (Maker, _) => true,
        (Stranger | SiteAdministrator, _) | (_, Rule::Writing) => false,
        (Admin | AccountOwner, _) | (Member, Rule::Seeing) => is_shared,
        (Member, Rule::Changing) => false,
    };
    if may { Answer::Given } else { Answer::NotFound }
}

/// A team, and those around it.
struct Team {
    server: Server,
    people: Vec<(Who, Option<Viewer>, Person)>,
}

impl Team {
    async fn meets() -> Team {
        let server = Server::start().await;
        let site_administrator = server.sign_up("Ada").await;
        let (team, other): (AccountId, AccountId) = (mint(), mint());
        let mut database = server.database().await;
        for account in [team, other] {
            database
                .run(format!("INSERT INTO accounts (id, kind, name, created_at) VALUES ('{account}', 'team', '', 1)"))
                .await;
        }
        let nobody = Person::with_cookie(server.address, "");
        let mut people = vec![(SiteAdministrator, None, site_administrator), (Nobody, None, nobody)];
        for (who, account, role) in [
            (Stranger, other, AccountRole::Owner),
            (Maker, team, AccountRole::Member),
            (Member, team, AccountRole::Member),
            (Admin, team, AccountRole::Admin),
            (AccountOwner, team, AccountRole::Owner),
            (SignedOutMeanwhile, team, AccountRole::Owner),
            (RemovedMeanwhile, team, AccountRole::Owner),
        ] {
            let (viewer, person) = server.adds_member(account, &format!("{who:?}"), role).await;
            people.push((who, Some(viewer), person));
        }
        Team { server, people }
    }

    fn person(&self, who: Who) -> &Person {
        &self.people.iter().find(|(one, ..)| *one == who).expect("everybody is here").2
    }

    fn viewer(&self, who: Who) -> Viewer {
        self.people.iter().find(|(one, ..)| *one == who).and_then(|(_, viewer, _)| *viewer).expect("a member")
    }

    /// Ends a session and a membership as another process does, so that nobody is woken.
    async fn parts(&self) {
        let other = self.another_process().await;
        let (signed_out, removed) = (self.viewer(SignedOutMeanwhile), self.viewer(RemovedMeanwhile));
        let ended = other.end_sessions(signed_out.user, None, "").await.expect("it is ended");
        assert_eq!(ended.len(), 1);
        assert!(other.remove_member(removed.account, removed.user, now()).await.expect("it is removed"));
    }

    async fn another_process(&self) -> Database {
        let url = format!("sqlite:{}", self.server.folder.database().display());
        Database::open_beside(&url).await.expect("the database")
    }

    /// A conversation of the maker's, of two messages; and a third, which is held in the queue.
    async fn conversation(&self, visibility: Visibility) -> (ConversationId, Vec<MessageId>) {
        let maker = self.viewer(Maker);
        let mut database = self.server.database().await;
        let (id, mut messages) = database.adds_conversation_of(maker, 2, "Words").await;
        let (after, queued) = (messages[1], mint());
        database
            .run(format!(
                "INSERT INTO queue (id, conversation_id, after_id, seq, user_id, parts, model, rev, held)
                 SELECT '{queued}', id, '{after}', 1, created_by, '[]', 'test/model', messages_rev, 1
                 FROM conversations WHERE id = '{id}'"
            ))
            .await;
        // What the maker keeps, under the ids of presets and prompts that have the conversation's own.
        let (preset, prompt) = (PresetId::from_uuid(id.uuid()), PromptId::from_uuid(id.uuid()));
        for row in [
            format!("presets (id, user_id, name, options) VALUES ('{preset}', '{}', '{id}', '{{}}')", maker.user),
            format!("prompts (id, user_id, title, text) VALUES ('{prompt}', '{}', '{id}', 'Hello')", maker.user),
        ] {
            database.run(format!("INSERT INTO {row}")).await;
        }
        messages.push(queued);
        if visibility == Visibility::Account {
            let opened = self.server.app.database.set_visibility(maker, id, visibility, now()).await;
            assert!(opened.expect("it is opened").is_some());
        }
        (id, messages)
    }
}

/// What each function takes, for a conversation.
fn input(function: &str, id: ConversationId, messages: &[MessageId]) -> Value {
    let reply = messages[1];
    let sending = json!({ "conversation": id, "opens": false, "parent": reply, "id": mint::<rivulet::ids::MessageKind>(), "text": "Hello", "model": "test/model" });
    let queueing = json!({ "conversation": id, "after": reply, "id": mint::<rivulet::ids::MessageKind>(), "text": "Hello", "model": "test/model" });
    let after = if ["archived", "conversations"].contains(&function) { json!(null) } else { json!(reply) };
    let asked = json!({ "of": reply, "from": [[1, 1], 1, 5, false], "id": mint::<rivulet::ids::MessageKind>(), "instruction": "", "model": "test/model" });
    let conversation = id;
    let id = match function {
        "stop" | "rate" | "retry" | "continue" | "summarise" | "fork" | "delete-message" | "undo-delete-message" => {
            json!(reply)
        }
        "edit-queued" | "remove-queued" | "send-queued" => json!(messages[2]),
        "delete-preset" => json!(PresetId::from_uuid(id.uuid())),
        "delete-prompt" => json!(PromptId::from_uuid(id.uuid())),
        _ => json!(id),
    };
    json!({
        "queueing": queueing, "asked": asked, "rev": 1, "leaf": reply, "text": "Hello", "after": after,
        "ids": [conversation], "on": true, "replied": 1, "rating": "up", "word": "",
        "into": ConversationId::from_uuid(uuid::Uuid::now_v7()), "id": id, "window": "newest", "list": "mine", "sending": sending, "epoch": [1, 1],
        "model": "test/model", "title": "Title", "options": {},
        "preset": { "id": mint::<rivulet::ids::PresetKind>(), "name": conversation.to_string(), "options": {} },
        "prompt": { "id": mint::<rivulet::ids::PromptKind>(), "title": conversation.to_string(), "text": "Hello" },
        "setting": { "name": "default_model", "value": "test/model" },
    })
}

async fn asks(person: &Person, function: &str, input: &Value) -> Answer {
    match person.call::<Value>(function, input.clone()).await {
        Err(refused) if refused.status == 401 => Answer::SignedOut,
        Err(refused) if refused.status == 404 => Answer::NotFound,
        // Such as that there is nothing to continue.
        Ok(_) | Err(_) => Answer::Given,
    }
}

/// Rule: what may not be seen is not found; no function answers by another rule than its own, and each has one.
#[tokio::test]
async fn every_function_has_a_rule_and_keeps_it() {
    let team = Team::meets().await;
    team.parts().await;
    let paths: Vec<&str> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(paths.len() >= FUNCTIONS.len(), "the functions were found: {paths:?}");
    for path in paths {
        let name = path.rsplit('/').next().expect("a name");
        let found = FUNCTIONS.iter().find(|(function, _)| *function == name);
        let (_, rule) = found.unwrap_or_else(|| panic!("{path} has no rule here"));
        for (visibility, who) in [Visibility::Private, Visibility::Account]
            .into_iter()
            .flat_map(|visibility| EVERYBODY.map(|who| (visibility, who)))
        {
            let (id, messages) = team.conversation(visibility).await;
            match name {
                "undo-delete-conversation" | "undo-delete-many" => {
                    team.person(Maker).deletes(id).await.expect("it is deleted")
                }
                "keep-temporary" | "close-temporary" => {
                    let temporary = format!("visibility = 'temporary', expires_at = {}", now() + 1_000_000);
                    team.server
                        .database()
                        .await
                        .run(format!("UPDATE conversations SET {temporary} WHERE id = '{id}'"))
                        .await;
                }
                "undo-delete-message" => {
                    team.person(Maker).deletes_message(messages[1]).await.map(drop).expect("it is deleted");
                }
                _ => {}
            }
            let answer = asks(team.person(who), name, &input(name, id, &messages)).await;
            assert_eq!(answer, expected(who, *rule, visibility), "{name}, {visibility:?}, {who:?}");
        }
    }
}

/// Rule: a page and a form of a conversation answer by the same rule.
#[tokio::test]
async fn pages_and_forms_keep_the_rule() {
    let team = Team::meets().await;
    team.parts().await;
    for (visibility, who) in [Visibility::Private, Visibility::Account]
        .into_iter()
        .flat_map(|visibility| EVERYBODY.map(|who| (visibility, who)))
    {
        let (id, messages) = team.conversation(visibility).await;
        let (path, person) = (format!("/c/{id}"), team.person(who));
        let (id, parent, message) =
            (id.to_string(), messages[1].to_string(), mint::<rivulet::ids::MessageKind>().to_string());
        let form = [
            ("conversation", &*id),
            ("id", &*message),
            ("parent", &*parent),
            ("text", "Hello"),
            ("model", "test/model"),
        ];
        let page = person.gets(&format!("{path}?m={parent}")).await;
        let sent = person.posts(&path, &form).await;
        let answers = (page.status.as_u16(), page.text.contains("Words"), sent.status.as_u16());
        let right = match expected(who, Rule::Seeing, visibility) {
            Answer::Given => (200, true, 303),
            Answer::NotFound => (404, false, 404),
            Answer::SignedOut => (302, false, 401),
        };
        assert_eq!(answers, right, "{visibility:?}, {who:?}");
    }
}

/// Rule: a subscription is given to whoever may see it, and to nobody else: running replies, rows and all lists.
#[tokio::test]
async fn every_subscription_keeps_the_rule() {
    let team = Team::meets().await;
    let maker = team.person(Maker);
    for visibility in [Visibility::Private, Visibility::Account] {
        let chat = maker.asks("Hello").await;
        let writer = team.server.provider.is_asked().await;
        writer.writes("Running words");
        if visibility == Visibility::Account {
            let database = &team.server.app.database;
            database.set_visibility(team.viewer(Maker), chat.id, visibility, now()).await.expect("it is opened");
        }
        for who in EVERYBODY.into_iter().filter(|who| *who != Nobody) {
            let mut tab = team.person(who).opens_a_tab().await;
            let may = [Maker, Member, Admin, AccountOwner, SignedOutMeanwhile, RemovedMeanwhile].contains(&who)
                && (visibility == Visibility::Account || who == Maker);
            for message in [chat.message, chat.reply] {
                tab.follows(message).await;
                let given = tab
                    .waits_for(|one| matches!(one, Received::Change(id, _) | Received::Gone(id) if *id == message))
                    .await;
                assert_eq!(matches!(given, Received::Change(..)), may, "{message}, {visibility:?}, {who:?}");
            }
            let list = List::Messages(chat.id);
            tab.follows_list(list).await;
            let given = tab.waits_for(|one| [Received::List(list), Received::ListGone(list)].contains(one)).await;
            assert_eq!(given == Received::List(list), may, "the list of messages, {visibility:?}, {who:?}");
            for list in [Sidebar::Mine, Sidebar::Shared].map(List::Conversations) {
                tab.follows_list(list).await;
                tab.waits_for(|one| *one == Received::List(list)).await;
            }
            tab.follows_list(List::Marks).await;
            tab.waits_for(|one| *one == Received::List(List::Marks)).await;
            assert!(tab.marks.is_empty(), "nobody else's marks, {who:?}");
            assert_eq!(tab.conversations.contains_key(&chat.id), may, "the sidebar, {visibility:?}, {who:?}");
        }
        writer.ends();
    }
}

/// Rule: who loses access loses what is open within a second or so, whichever process took it away, and though nobody is
/// woken; what is written then does not reach them.
#[tokio::test]
async fn who_loses_access_loses_what_is_open() {
    let team = Team::meets().await;
    let chat = team.person(Maker).asks("Hello").await;
    let writer = team.server.provider.is_asked().await;
    let maker = team.viewer(Maker);
    let database = team.another_process().await;
    database.set_visibility(maker, chat.id, Visibility::Account, now()).await.expect("it is opened");
    writer.writes("Before");
    let mut tabs = vec![];
    for who in [Member, SignedOutMeanwhile, RemovedMeanwhile] {
        let mut tab = team.person(who).opens_a_tab().await;
        tab.follows_list(List::Messages(chat.id)).await;
        tab.follows(chat.reply).await;
        tab.sees(chat.reply, "Before").await;
        tabs.push(tab);
    }
    let begun = Instant::now();
    team.parts().await;
    let [member, signed_out, removed] = &mut tabs[..] else { panic!("three tabs") };
    for tab in [signed_out, removed] {
        soon("it is closed", tab.waits_for(|one| *one == Received::Closed(rivulet::live::close::SESSION_OVER))).await;
    }
    // The one who stays loses it when its maker closes it.
    database.set_visibility(maker, chat.id, Visibility::Private, now()).await.expect("it is closed");
    soon("the list is gone", member.waits_for(|one| *one == Received::ListGone(List::Messages(chat.id)))).await;
    soon("the reply is gone", member.waits_for(|one| *one == Received::Gone(chat.reply))).await;
    // Nothing else would have them look before 25 s are over.
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    writer.writes(", after");
    let mut own = team.person(Maker).opens_a_tab().await;
    own.follows(chat.reply).await;
    own.sees(chat.reply, "Before, after").await;
    for tab in &tabs {
        assert_eq!(tab.text(chat.reply), "Before");
    }
}

/// Rule: who is removed from one of their accounts loses its lists within a second or so, though what changed in them was
/// read for another of their tabs a moment before.
#[tokio::test]
async fn who_leaves_one_of_several_accounts_loses_its_lists() {
    const LISTS: [List; 3] = [List::Conversations(Sidebar::Mine), List::Conversations(Sidebar::Shared), List::Marks];
    let team = Team::meets().await;
    let (Viewer { user, account }, other) = (team.viewer(Member), team.viewer(Stranger).account);
    let mut database = team.server.database().await;
    database
        .run(format!(
            "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ('{other}', '{user}', 'member', {})",
            now() + 1
        ))
        .await;
    let mut tabs = vec![];
    for _ in 0..2 {
        let mut tab = team.person(Member).opens_a_tab().await;
        for list in LISTS {
            tab.follows_list(list).await;
            tab.waits_for(|one| *one == Received::List(list)).await;
        }
        tabs.push(tab);
    }
    let [first, second] = &mut tabs[..] else { panic!("two tabs") };
    // It asks again from where both are, of which nothing comes; the answer to what it asks then comes after that.
    for list in LISTS {
        second.connection.client.leave_list(list);
        second.connection.client.follow_list(list);
        second.connection.sends_frames().await;
    }
    let missing = List::Messages(mint());
    second.follows_list(missing).await;
    second.waits_for(|one| *one == Received::ListGone(missing)).await;
    let begun = Instant::now();
    assert!(team.another_process().await.remove_member(account, user, now()).await.expect("it is removed"));
    team.server.app.hub.recheck(AccessChange { user: Some(user), ..AccessChange::default() });
    // In the order in which the server comes to them.
    for _ in LISTS {
        first.waits_for(|one| LISTS.map(Received::ListGone).contains(one)).await;
    }
    assert!(LISTS.iter().all(|list| first.received.contains(&Received::ListGone(*list))), "each has gone once");
    // Nothing else would have it look before 25 s are over.
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}
