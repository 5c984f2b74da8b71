//! How replies are asked for: a conversation's options, and what a person keeps to ask with.

use kit::{Person, Refused, Server};
use reqwest::header::SET_COOKIE;
use rivulet::{
    access::AccountRole,
    chat::api::{PageData, Sending},
    conversation::Visibility,
    error::Failure,
    ids::{PromptKind, UserKind, mint, now},
    live::List,
    steering::{
        kept::{MAX_KEPT, Preset, Prompt},
        options::{Options, ReasoningEffort},
        settings::{PersonalSetting, PersonalSettings},
    },
};
use serde_json::{Value, json};

fn with_prompt(prompt: &str) -> Options {
    Options { system_prompt: Some(prompt.into()), ..Options::default() }
}

/// What the provider is asked next, and answers.
async fn asked(server: &Server) -> Value {
    let writer = server.provider.is_asked().await;
    let asked = writer.asked.clone();
    writer.writes("Yes.");
    writer.ends();
    asked
}

fn system_prompt(asked: &Value) -> Option<&str> {
    let first = &asked["messages"][0];
    first["content"].as_str().filter(|_| first["role"] == "system")
}

async fn ends(ada: &Person, chat: &kit::Chat) {
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
}

/// Rule: a reply is asked for with the options as they are when it starts; Retry uses those of now.
#[tokio::test]
async fn each_reply_is_asked_for_with_the_options_of_its_start() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let options = Options { temperature: Some(0.5), ..with_prompt("Be brief.") };
    let first = Sending { options: options.clone(), ..Person::first_message("Hello") };
    let chat = ada.sends(&first).await.expect("it is sent");
    let body = asked(&server).await;
    assert_eq!((system_prompt(&body), &body["temperature"]), (Some("Be brief."), &json!(0.5)));
    ends(&ada, &chat).await;
    let stored = ada.options(chat.id).await.expect("they are there");
    assert_eq!(stored.options, options);
    // A message of a conversation that is there already sets nothing.
    let next =
        Sending { opens: false, parent: Some(chat.reply), id: mint(), options: with_prompt("Be rude."), ..first };
    let chat = ada.sends(&next).await.expect("it is sent");
    assert_eq!(system_prompt(&asked(&server).await), Some("Be brief."));
    ends(&ada, &chat).await;
    let options =
        Options { reasoning_effort: Some(ReasoningEffort::High), stop: vec!["END".into()], ..with_prompt("") };
    ada.sets_options(chat.id, stored.rev, &options).await.expect("they are set");
    ada.retries(chat.reply).await.expect("another reply");
    let body = asked(&server).await;
    assert_eq!((system_prompt(&body), &body["temperature"]), (None, &Value::Null));
    assert_eq!((&body["reasoning_effort"], &body["stop"]), (&json!("high"), &json!(["END"])));
}

/// Rule: options are set by whoever has seen those before; other pages learn of a change by the conversation's list.
#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    asked(&server).await;
    ends(&ada, &chat).await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Messages(chat.id)).await;
    let rev = ada.sets_options(chat.id, 0, &with_prompt("One")).await.expect("they are set");
    while ada.reads(chat.id).await.expect("the conversation").position.rev < rev {
        tab.next().await;
    }
    assert_eq!(ada.sets_options(chat.id, 0, &with_prompt("Two")).await, Err(Refused::of(Failure::Changed)));
    assert_eq!(ada.options(chat.id).await.map(|stored| stored.rev), Ok(rev));
    let next = ada.sets_options(chat.id, rev, &Options::default()).await.expect("they are set");
    let stored = ada.options(chat.id).await.expect("they are there");
    assert!(stored.options.is_empty() && stored.rev == next && next > rev);
}

/// Rule: a conversation without a system prompt has that of whoever asks, until it has one of its own, be it empty.
#[tokio::test]
async fn everybody_brings_their_own_prompt() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    ada.chooses(PersonalSetting::SystemPrompt(Some("Call me Ada.".into()))).await.expect("it is chosen");
    let chat = ada.asks("Hello").await;
    assert_eq!(system_prompt(&asked(&server).await), Some("Call me Ada."));
    ends(&ada, &chat).await;
    let viewer = server.database().await.viewer().await;
    let (_, bob) = server.adds_member(viewer.account, "Bob", AccountRole::Member).await;
    let opened = server.app.database.set_visibility(viewer, chat.id, Visibility::Account, now()).await;
    assert!(opened.expect("it is opened").is_some());
    let chat = bob.asks_in(chat.id, "And me?").await.expect("it is sent");
    assert_eq!(system_prompt(&asked(&server).await), None, "Bob has none");
    ends(&ada, &chat).await;
    assert_eq!(bob.sets_options(chat.id, 0, &with_prompt("Mine")).await, Err(Refused::of(Failure::NotFound)));
    ada.sets_options(chat.id, 0, &with_prompt("Ours")).await.expect("they are set");
    let chat = bob.asks_in(chat.id, "And now?").await.expect("it is sent");
    assert_eq!(system_prompt(&asked(&server).await), Some("Ours"));
    ends(&ada, &chat).await;
    ada.chooses(PersonalSetting::SystemPrompt(Some(" ".into()))).await.expect("it is taken back");
    assert_eq!(ada.call::<PersonalSettings>("settings", json!({})).await, Ok(PersonalSettings::default()));
}

/// Rule: a page begins with the model that this person chose last in this browser, or else with their default. What
/// somebody else chose here is nothing to them, and a new default has the browser forget what was chosen before.
#[tokio::test]
async fn the_model_that_a_page_begins_with() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let enters = async |model: &str| {
        let browser = Person { cookie: format!("{}; model={model}", ada.cookie), ..ada.clone() };
        browser.call::<PageData>("enter", json!({})).await.expect("what a page opens with")
    };
    let page = enters("").await;
    let (user, other) = (page.user, mint::<UserKind>());
    assert_eq!(page.model, None);
    assert_eq!(enters(&format!("{user}%20test%2Fchosen")).await.model.as_deref(), Some("test/chosen"));
    let setting = PersonalSetting::DefaultModel(Some("test/default".into()));
    let request = ada.request("set-setting").body(json!({ "setting": setting }).to_string());
    let answer = request.send().await.expect("an answer");
    let forgotten = answer.headers()[SET_COOKIE].to_str().expect("a cookie");
    assert!(forgotten.starts_with("model=;") && forgotten.contains("Max-Age=0"), "{forgotten}");
    for cookie in [String::new(), format!("{other}%20test%2Fchosen"), "test%2Fchosen".into()] {
        assert_eq!(enters(&cookie).await.model.as_deref(), Some("test/default"), "{cookie}");
    }
}

/// Rule: what cannot be sent is refused with a sentence that has what is right.
#[test]
fn options_that_cannot_be_sent() {
    let refused = |options: Options| match options.checked() {
        Err(Failure::Invalid(sentence)) => sentence,
        other => panic!("{other:?}"),
    };
    let none = Options::default;
    for (options, word) in [
        (Options { temperature: Some(2.1), ..none() }, "from 0 to 2"),
        (Options { temperature: Some(-0.1), ..none() }, "from 0 to 2"),
        (Options { top_p: Some(1.1), ..none() }, "from 0 to 1"),
        (Options { top_p: Some(f64::NAN), ..none() }, "from 0 to 1"),
        (Options { max_tokens: Some(0), ..none() }, "at least 1"),
        (Options { stop: vec!["x".into(); 5], ..none() }, "four"),
        (Options { stop: vec!["x".repeat(257)], ..none() }, "256 bytes"),
        (with_prompt(&"x".repeat(64 * 1024 + 1)), "64 KiB"),
    ] {
        let sentence = refused(options);
        assert!(sentence.contains(word), "{sentence}");
    }
    let most = Options {
        temperature: Some(2.0),
        top_p: Some(0.0),
        max_tokens: Some(1),
        stop: vec![String::new(), "a\r\nb".into()],
        ..with_prompt(&"x".repeat(64 * 1024))
    };
    assert_eq!(most.checked().expect("they can be sent").stop, ["a\nb"]);
}

/// Rule: presets and prompts are their person's alone, have names of their own, and are a hundred at the most.
#[tokio::test]
async fn what_a_person_keeps() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (_, bob) = server.adds_member(mint_account(&server).await, "Bob", AccountRole::Owner).await;
    let preset = Preset { id: mint(), name: " Short  replies ".into(), options: with_prompt("Be brief."), model: None };
    let save = |preset: &Preset| json!({ "preset": preset });
    ada.call::<()>("save-preset", save(&preset)).await.expect("it is kept");
    ada.call::<()>("save-preset", save(&preset)).await.expect("it is kept once");
    let named = Preset { name: "Short replies".into(), ..preset.clone() };
    assert_eq!(ada.call("presets", json!({})).await, Ok(vec![named.clone()]));
    assert_eq!(bob.call::<Vec<Preset>>("presets", json!({})).await, Ok(vec![]));
    assert_eq!(bob.call::<()>("save-preset", save(&preset)).await, Err(Refused::of(Failure::NotFound)));
    let same = ada.call::<()>("save-preset", save(&Preset { id: mint(), ..preset.clone() })).await;
    assert!(same.is_err_and(|refused| refused.status == 422), "the name is taken");
    bob.call::<()>("save-preset", save(&Preset { id: mint(), ..preset.clone() })).await.expect("his own");
    let wrong = Preset { options: Options { top_p: Some(2.0), ..Options::default() }, ..preset.clone() };
    assert!(ada.call::<()>("save-preset", save(&wrong)).await.is_err_and(|refused| refused.status == 422));
    let changed = Preset { model: Some("test/model".into()), ..named };
    ada.call::<()>("save-preset", save(&changed)).await.expect("it is changed");
    assert_eq!(ada.call("presets", json!({})).await, Ok(vec![changed.clone()]));
    ada.call::<()>("delete-preset", json!({ "id": changed.id })).await.expect("it is removed");
    assert_eq!(ada.call::<Vec<Preset>>("presets", json!({})).await, Ok(vec![]));

    let prompt = |number: i64| Prompt { id: mint(), title: format!("{number:03}"), text: "{{date}}".into() };
    let mut last = prompt(0);
    for number in 0..MAX_KEPT {
        last = prompt(number);
        ada.call::<()>("save-prompt", json!({ "prompt": last })).await.expect("it is kept");
    }
    let more = ada.call::<()>("save-prompt", json!({ "prompt": prompt(MAX_KEPT) })).await;
    assert!(more.is_err_and(|refused| refused.status == 429), "there are enough");
    let changed = Prompt { text: "{{name}}".into(), ..last };
    ada.call::<()>("save-prompt", json!({ "prompt": changed })).await.expect("one of them may change");
    let prompts: Vec<Prompt> = ada.call("prompts", json!({})).await.expect("they are there");
    assert_eq!((prompts.len() as i64, prompts.last()), (MAX_KEPT, Some(&changed)));
    let empty = Prompt { text: "\n".into(), ..changed };
    assert!(
        ada.call::<()>("save-prompt", json!({ "prompt": empty })).await.is_err_and(|refused| refused.status == 422)
    );
}

async fn mint_account(server: &Server) -> rivulet::ids::AccountId {
    let account = mint();
    let insert = format!("INSERT INTO accounts (id, kind, name, created_at) VALUES ('{account}', 'team', '', 1)");
    server.database().await.run(insert).await;
    account
}

/// Rule: the page of settings saves what its forms send, shows what it does not save with why, and touches nothing of
/// another person's.
#[tokio::test]
async fn the_settings_page_saves_what_is_typed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let id = mint::<PromptKind>().to_string();
    let saves = async |person: &Person, title: &str, text: &str| {
        person.posts("/settings/save-prompt", &[("id", &id), ("title", title), ("text", text)]).await
    };
    // More than a request without a text of a person's may have.
    let text = "Über ".repeat(10_000);
    assert_eq!(saves(&ada, " Long ", &text).await.status, 303);
    let kept = ada.call::<Vec<Prompt>>("prompts", json!({})).await.expect("the prompts");
    assert_eq!(kept.iter().map(|prompt| (&*prompt.title, &*prompt.text)).collect::<Vec<_>>(), [("Long", &*text)]);
    let refused = saves(&ada, "<b>", &"x".repeat(70_000)).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("64 KiB") && refused.text.contains("&lt;b") && refused.text.contains(&"x".repeat(70_000))
    );

    let viewer = server.database().await.viewer().await;
    let (_, bob) = server.adds_member(viewer.account, "Bob", AccountRole::Member).await;
    assert_eq!(saves(&bob, "Mine", "now").await.status, 404);
    assert_eq!(bob.posts("/settings/delete-prompt", &[("id", &id)]).await.status, 200);
    assert!(!bob.gets("/settings").await.text.contains("Long"));
    assert_eq!(ada.call::<Vec<Prompt>>("prompts", json!({})).await, Ok(kept));

    let defaults = [("model", "test/model"), ("system_prompt", "Be brief.")];
    assert_eq!(ada.posts("/settings/defaults", &defaults).await.status, 303);
    let both = PersonalSettings { default_model: Some("test/model".into()), system_prompt: Some("Be brief.".into()) };
    assert_eq!(ada.call::<PersonalSettings>("settings", json!({})).await, Ok(both.clone()));
    let refused = ada.posts("/settings/defaults", &[("model", ""), ("system_prompt", &"x".repeat(70_000))]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(ada.call::<PersonalSettings>("settings", json!({})).await, Ok(both), "nothing is half saved");
}

/// Rule: what a person writes may be as long as its own limit has it, be it sent, queued or kept.
#[tokio::test]
async fn long_texts_are_taken_everywhere() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let long = "x".repeat(60_000);
    let prompt = Prompt { id: mint(), title: "Long".into(), text: long.clone() };
    assert_eq!(ada.call::<()>("save-prompt", json!({ "prompt": prompt })).await, Ok(()));
    ada.chooses(PersonalSetting::SystemPrompt(Some(long.clone()))).await.expect("it is chosen");
    let chat = ada.asks("Hello").await;
    ada.sets_options(chat.id, 0, &with_prompt(&long)).await.expect("they are set");
    let row = ada.queues(&chat, &long).await.expect("it is queued");
    ada.edits_queued(&row, &format!("{long}!")).await.expect("it is changed");
}
