//! Bad input: each kind gets a clear sentence with the right status, in the page where there is one, and nothing is lost.

use kit::{Person, Refused, Server, page, person::MODEL};
use rivulet::{
    chat::api::Sending,
    error::Failure,
    ids::{ConversationId, MessageId, mint},
    message::Epoch,
};
use serde_json::{Value, json};

const LONGEST: usize = 512 * 1024;

/// Rule: empty 422, too long 413, and nothing of it is written.
#[tokio::test]
async fn empty_and_too_long_messages_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for empty in ["", " ", "\n\t \r\n", "\u{3000}\u{2003}"] {
        assert_eq!(ada.sends(&Person::first_message(empty)).await, Err(Refused::of(Failure::Empty)), "{empty:?}");
    }
    let long = "ä".repeat(LONGEST / 2);
    for too_long in [format!("{long}x"), "x".repeat(LONGEST + 1), "x".repeat(1024 * 1024)] {
        assert_eq!(ada.sends(&Person::first_message(&too_long)).await, Err(Refused::of(Failure::TooLong)));
    }
    assert_eq!((Refused::of(Failure::Empty).status, Refused::of(Failure::TooLong).status), (422, 413));
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM conversations").await, 0);
    let chat = ada.asks(&long).await;
    assert_eq!(server.provider.is_asked().await.last_turn().len(), LONGEST);
    assert_eq!(ada.reads(chat.id).await.expect("it is there").messages[0].text(), long);
}

/// Rule: control characters are kept, except for those that browsers would change.
#[tokio::test]
async fn control_characters_are_kept_except_for_those_that_browsers_change() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let typed = "a\u{1}b\u{1b}[31mc\u{7f}d\u{85}e\u{202e}f\u{feff}g\r\nh\ri\0j\u{2028}k";
    let kept = "a\u{1}b\u{1b}[31mc\u{7f}d\u{85}e\u{202e}f\u{feff}g\nh\ni\u{fffd}j\u{2028}k";
    let chat = ada.asks(typed).await;
    assert_eq!(server.provider.is_asked().await.last_turn(), kept);
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.message).await;
    tab.sees(chat.message, kept).await;
}

#[tokio::test]
async fn an_unknown_model_is_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for model in ["", "test", "test/", "other/model", "../model"] {
        let sending = Sending { model: model.into(), ..Person::first_message("Hello") };
        assert_eq!(ada.sends(&sending).await, Err(Refused::of(Failure::UnknownModel)), "{model:?}");
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM messages").await, 0);
}

/// Rule: every request for something of another account is answered as if it did not exist.
#[tokio::test]
async fn unknown_and_foreign_ids_answer_the_same() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let eve = Person { cookie: server.database().await.adds_person("Eve").await, ..ada.clone() };
    let chat = ada.asks("Secret").await;
    let provider = server.provider.is_asked().await;
    let done = ada.asks("Another").await;
    server.provider.is_asked().await.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(done.reply).await;
    tab.sees_the_end(done.reply).await;
    let epoch = tab.message(done.reply).epoch;
    let unknown: (ConversationId, MessageId) = (mint(), mint());
    let not_found = || Refused::of(Failure::NotFound);
    for message in [chat.reply, chat.message, done.reply, unknown.1] {
        assert_eq!(eve.stops(message).await, Err(not_found()));
        assert_eq!(eve.retries(message).await, Err(not_found()));
        assert_eq!(eve.continues(message, epoch).await, Err(not_found()));
        assert_eq!(eve.continues(message, Epoch { counter: 9, nonce: 9 }).await, Err(not_found()));
    }
    let mut pages = vec![];
    for conversation in [chat.id, done.id, unknown.0] {
        assert_eq!(eve.reads(conversation).await, Err(not_found()));
        assert_eq!(eve.renames(conversation, "Mine").await, Err(not_found()));
        assert_eq!(eve.deletes(conversation).await, Err(not_found()));
        let next = Sending { conversation, opens: false, ..Person::first_message("Hello?") };
        assert_eq!(eve.sends(&next).await, Err(not_found()));
        if conversation != unknown.0 {
            let sending = Sending { conversation, ..Person::first_message("Hello?") };
            assert_eq!(eve.sends(&sending).await, Err(not_found()), "sending it changes nothing");
        }
        let page = eve.gets(&format!("/c/{conversation}")).await;
        assert!(!page.text.contains("Secret"));
        pages.push((page.status.as_u16(), page.text.len()));
    }
    for malformed in ["garbage", "msg_01", "conv_01h455vb4pex5vsknk084sn02q%00", "conv_"] {
        let page = eve.gets(&format!("/c/{malformed}")).await;
        assert_eq!(page.status, 404, "{malformed}");
    }
    assert_eq!(pages, [(404, pages[0].1); 3]);
    provider.writes("It flows");
    tab.follows(chat.reply).await;
    tab.sees(chat.reply, "It flows").await;
}

/// Rule: an id that is taken by something else is refused as a person's mistake, not as the server's.
#[tokio::test]
async fn an_id_that_is_taken_is_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let _running = server.provider.is_asked().await;
    for id in [chat.message, chat.reply] {
        let refused =
            ada.sends(&Sending { id, ..Person::first_message("Another") }).await.expect_err("the id is taken");
        assert!((400..500).contains(&refused.status), "{refused:?}");
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM conversations").await, 1);
}

/// Rule: a request that cannot be read is answered with a sentence, and with the status of that sentence.
#[tokio::test]
async fn a_request_that_cannot_be_read_is_the_senders_mistake() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let inputs = [
        ("stop", json!({ "id": "garbage" })),
        ("stop", json!({ "id": "conv_01h455vb4pex5vsknk084sn02q" })),
        ("stop", json!({})),
        ("send", json!({ "sending": 7 })),
        ("continue", json!({ "id": MessageId::new(), "epoch": [-1, 1e300], "model": "" })),
        ("messages", json!({ "id": ConversationId::new(), "window": "x" })),
        ("rename", Value::Null),
    ];
    for (function, input) in inputs {
        let refused = ada.call::<Value>(function, input.clone()).await.expect_err("nonsense");
        assert_eq!(refused, Refused::of(refused_as(&refused)), "{function} {input}");
        assert!((400..500).contains(&refused.status), "{function} {input}: {refused:?}");
    }
}

fn refused_as(refused: &Refused) -> Failure {
    refused.failure.clone()
}

#[tokio::test]
async fn an_empty_title_is_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    for title in ["", "  \n ", &"x".repeat(81)] {
        let refused = ada.renames(chat.id, title).await.expect_err("no title");
        assert!(matches!(refused, Refused { status: 422, failure: Failure::Invalid(_) }), "{refused:?}");
    }
    ada.renames(chat.id, &format!(" {} \r\n", "ä".repeat(80))).await.expect("80 characters");
}

/// Rule: a request from another site is refused with a sentence, whatever it asks for, and does nothing.
#[tokio::test]
async fn posts_from_another_site_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let sending = json!({ "sending": Person::first_message("Hello") }).to_string();
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let form = [("text", "Hello"), ("id", "x"), ("conversation", "x"), ("model", MODEL)];
        let requests = [
            ada.request("send").body(sending.clone()),
            page::form_request(server.address, "/", &form).header("cookie", &ada.cookie),
            page::form_request(server.address, "/sign-out", &[]).header("cookie", &ada.cookie),
            page::form_request(server.address, "/sign-in", &[("email", "a@b"), ("password", "x")]),
        ];
        for request in requests {
            let response = request.header(name, value).send().await.expect("an answer");
            assert_eq!(response.status(), 403, "{name}: {value}");
            let text = response.text().await.expect("a text");
            assert!(text.contains(&Failure::ForeignOrigin.to_string()), "there is no reason: {text:?}");
        }
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM messages").await, 0);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM sessions").await, 1, "nobody was signed out");
}

/// Rule: bodies have a limit, for forms and functions alike, whoever sends them; a longer one is refused before it ends.
#[tokio::test]
async fn oversized_bodies_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let large = "x".repeat(5 * 1024 * 1024);
    for function in ["stop", "send", "enter"] {
        let request = Person { cookie: String::new(), ..ada.clone() }.request(function).body(large.clone());
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 413, "{function}");
    }
    for path in ["/", "/sign-in", "/create-account", &format!("/c/{}", mint::<rivulet::ids::ConversationKind>())] {
        let page = ada.posts(path, &[("text", &large)]).await;
        assert_eq!(page.status, 413, "{path}");
        assert!(!page.text.is_empty(), "it states what is wrong");
    }
}

/// Rule: a message that is sent without scripts is answered with page, status and text.
#[tokio::test]
async fn a_message_can_be_sent_without_scripts_and_is_shown_again_when_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let conversation: ConversationId = mint();
    let form = |id: MessageId, parent: String, text: &str| {
        [
            ("conversation", conversation.to_string()),
            ("id", id.to_string()),
            ("parent", parent),
            ("text", text.to_owned()),
            ("model", MODEL.to_owned()),
        ]
    };
    let send = async |path: &str, id: MessageId, text: &str| {
        let leaf = ada.reads(conversation).await.ok().filter(|_| path != "/").and_then(|page| page.leaf);
        let form = form(id, leaf.map(|leaf| leaf.to_string()).unwrap_or_default(), text);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ada.posts(path, &form).await
    };
    let first: MessageId = mint();
    let page = send("/", first, "Hello\r\nthere").await;
    let there = format!("/c/{conversation}");
    assert_eq!((page.status.as_u16(), page.location.as_deref()), (303, Some(there.as_str())));
    let provider = server.provider.is_asked().await;
    assert_eq!(provider.last_turn(), "Hello\nthere");
    let again = send("/", first, "Hello\r\nthere").await;
    assert_eq!(again.status, 303, "the same form twice is one message");
    let second: MessageId = mint();
    let lost = form(second, "x".into(), "Are you <there>?");
    let lost = ada.posts(&there, &lost.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert_eq!(lost.status, 404, "what it follows is not there");
    assert!(lost.text.contains(&second.to_string()), "the same form again is the same message again");
    assert!(lost.text.contains(&Failure::NotFound.to_string()));
    assert!(lost.text.contains("Are you &lt;there"), "what was typed is in the composer");
    provider.ends();
    let mut tab = ada.opens_a_tab().await;
    let reply = ada.reads(conversation).await.expect("the conversation").messages[1].id;
    tab.follows(reply).await;
    tab.sees_the_end(reply).await;
    let empty = send(&there, mint(), " ").await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains(&Failure::Empty.to_string()));
    let long = "x".repeat(LONGEST + 1);
    let too_long = send(&there, mint(), &long).await;
    assert_eq!(too_long.status, 413);
    assert!(too_long.text.contains(&long), "what was typed is in the composer");
    assert_eq!(ada.reads(conversation).await.expect("the conversation").messages.len(), 2);
    let nowhere = ada.posts("/", &[("conversation", "x"), ("id", "x"), ("text", "Lost?"), ("model", MODEL)]).await;
    assert_eq!(nowhere.status, 404);
    assert!(nowhere.text.contains("Lost?"));
    ada.signs_out().await;
    let signed_out = send(&there, mint(), "Am I still here?").await;
    assert_eq!(signed_out.status, 401);
    assert!(signed_out.text.contains("Am I still here?"), "what was typed is not lost");
    assert!(signed_out.text.contains("/sign-in"), "it states where to go");
}

/// Rule: a database that is locked is a 503 with a sentence; nothing is half written, and the same send works later.
#[tokio::test]
async fn a_locked_database_is_a_503_and_nothing_is_lost() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let sending = Person::first_message("Hello");
    database.locks().await;
    assert_eq!(ada.sends(&sending).await, Err(Refused { status: 503, failure: Failure::Unavailable }));
    let form = [
        ("conversation", sending.conversation.to_string()),
        ("id", sending.id.to_string()),
        ("text", "Hello".into()),
        ("model", MODEL.to_owned()),
    ];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = ada.posts("/", &form).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains(&Failure::Unavailable.to_string()) && page.text.contains("Hello</textarea>"));
    assert_eq!(ada.gets("/").await.status, 200, "reading works");
    database.unlocks().await;
    for table in ["conversations", "messages", "journal"] {
        assert_eq!(database.count(format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    ada.sends(&sending).await.expect("the same send, later");
    server.provider.is_asked().await;
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: an unknown address is answered with a page that states it.
#[tokio::test]
async fn an_unknown_address_is_answered_with_a_page() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for path in [
        "/nothing",
        "/c",
        "/pkg/none.js",
        "/pkg/0/rivulet.js",
        "/c/../../etc/passwd",
        "/%2e%2e/rivulet.db",
        "/rivulet.db",
    ] {
        let page = ada.gets(path).await;
        assert_eq!(page.status, 404, "{path}");
    }
}
