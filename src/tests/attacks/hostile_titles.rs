//! Text that looks like HTML, in every place where a page shows what people or models wrote.

use html5gum::{DefaultEmitter, Token, Tokenizer};
use kit::{Person, Server, page};
use rivulet::ids::{ConversationId, mint};

/// What a page is made of when nothing is hostile.
const PLAIN: &str = "Plain words";

/// Each leaves another context: text, an attribute, `<title>`, `<textarea>`, a script, a comment.
const HOSTILE: [&str; 9] = [
    "</title><x-evil id=x>",
    "</title><meta http-equiv=refresh content=0;//x>",
    "</textarea><x-evil>",
    "</script><x-evil></x-evil>",
    "\" evil=\"1\" x='",
    "--><x-evil evil=1>",
    "]]><x-evil>",
    "<plaintext>",
    "&lt;x-evil&gt; &amp;amp;",
];

/// A page as a browser takes it apart.
#[derive(Debug, Default)]
struct Parsed {
    /// The name of each tag, and of its attributes. Without which conversation of the sidebar is the page's.
    tags: Vec<String>,
    /// What it shows, also in fields.
    text: String,
    title: String,
}

impl Parsed {
    fn of(html: &str) -> Parsed {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let (mut parsed, mut inside) = (Parsed::default(), String::new());
        for token in Tokenizer::new_with_emitter(html, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    inside = utf8(&tag.name);
                    let attributes = tag.attributes.iter().filter(|(name, _)| ***name != *b"aria-current");
                    let names: Vec<String> = attributes.clone().map(|(name, _)| utf8(name)).collect();
                    parsed.tags.push(format!("{inside} {}", names.join(" ")));
                    attributes
                        .filter(|(name, _)| ***name == *b"value")
                        .for_each(|(_, value)| parsed.text += &utf8(value));
                }
                Token::EndTag(tag) => {
                    inside.clear();
                    parsed.tags.push(format!("/{}", utf8(&tag.name)));
                }
                Token::String(text) if inside == "title" => parsed.title += &utf8(&text),
                Token::String(text) if inside != "script" => parsed.text += &utf8(&text),
                _ => {}
            }
        }
        parsed
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("a page in UTF-8")
}

/// Panics unless the page has what `plain` has, and shows the words as they were written.
fn shows(html: &str, plain: &str, words: &str) -> Parsed {
    let (page, plain) = (Parsed::of(html), Parsed::of(plain));
    assert_eq!(page.tags, plain.tags, "{words:?} is part of the page");
    assert!(!page.tags.iter().any(|tag| tag.contains("evil") || tag.contains("plaintext")), "{:?}", page.tags);
    assert!(page.text.contains(words), "{words:?} is not shown: {}", page.text);
    page
}

/// A conversation whose reply has ended, with this text in each of its places.
async fn conversation_of(server: &Server, ada: &Person, words: &str) -> ConversationId {
    let chat = ada.asks(words).await;
    let writer = server.provider.is_asked().await;
    writer.thinks(words);
    writer.writes(&format!("Reply {}", words.replace('&', "\\&")));
    writer.writes_bytes(format!("data: {}\n\n", serde_json::json!({ "error": { "message": words } })));
    drop(writer);
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    ada.renames(chat.id, words).await.expect("a title");
    let model = format!("UPDATE messages SET model = 'test/{}' WHERE id = '{}'", words.replace('\'', "''"), chat.reply);
    server.database().await.run(model).await;
    chat.id
}

#[tokio::test]
async fn hostile_words_of_a_conversation_are_only_words() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut chats = vec![(PLAIN, conversation_of(&server, &ada, PLAIN).await)];
    for words in HOSTILE {
        chats.push((words, conversation_of(&server, &ada, words).await));
    }
    // Each page lists all conversations, and its own is the only one that is read.
    server.database().await.run("UPDATE conversations SET replied_rev = 0").await;
    let plain = ada.gets(&format!("/c/{}", chats[0].1)).await.text;
    for (words, chat) in &chats {
        let page = ada.gets(&format!("/c/{chat}")).await.text;
        let parsed = shows(&page, &plain, words);
        assert_eq!(parsed.title, format!("{words} · Rivulet"));
        // The sidebar, the bar, one dialog; the message, the thinking, the reply, the error, the model's name.
        let count = parsed.text.matches(words).count();
        assert!(count >= 7, "{words:?} is shown {count} times: {}", parsed.text);
    }
}

/// A model chooses the title, and the text that it reads may instruct it.
#[tokio::test]
async fn hostile_titles_from_first_words_and_from_a_model_are_only_words() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let first = ada.asks("</title><b>one</b>").await;
    let writer = server.provider.is_asked().await;
    let page = Parsed::of(&ada.gets(&format!("/c/{}", first.id)).await.text);
    assert_eq!(page.title, "</title><b>one</b> · Rivulet");
    assert!(!page.tags.contains(&"b ".to_owned()), "{:?}", page.tags);

    server.provider.gives_title("</title><b>\u{202e}\u{1b}two\u{2066}\u{7}</b>");
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(rivulet::live::List::Conversations(rivulet::conversation::Sidebar::Mine)).await;
    writer.writes("Said.");
    writer.ends();
    while tab.conversations.get(&first.id).is_none_or(|row| row.title.contains("one")) {
        tab.next().await;
    }
    let page = Parsed::of(&ada.gets(&format!("/c/{}", first.id)).await.text);
    assert_eq!(page.title, "</title><b>two</b> · Rivulet");
    assert!(!page.tags.contains(&"b ".to_owned()), "{:?}", page.tags);
}

/// What cannot be seen and turns around what stands beside it has no place in a title, whoever gave it.
#[tokio::test]
async fn titles_lose_control_characters_and_what_turns_text_around() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("\u{202e}\u{1b}[31mfirst\u{2069} words\u{85}").await;
    let title = async || ada.reads(chat.id).await.expect("it is there").conversation.title;
    assert_eq!(title().await, "[31mfirst words");
    ada.renames(chat.id, "a\u{202a}b\u{202b}c\u{202c}d\u{202d}e\u{2066}f\u{2067}g\u{2068}h\n\ti\u{7f} ")
        .await
        .expect("a title");
    assert_eq!(title().await, "abcdefgh i");
    assert!(ada.renames(chat.id, "\u{202e}\u{7}").await.is_err(), "nothing of it is left");
    let unseen = ada.asks("\u{202e}\u{7}").await;
    assert_eq!(ada.reads(unseen.id).await.expect("it is there").conversation.title, "Untitled");
}

#[tokio::test]
async fn hostile_names_are_only_words() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let mut plain = String::new();
    for words in [PLAIN].into_iter().chain(HOSTILE) {
        let quoted = words.replace('\'', "''");
        database.run(format!("UPDATE users SET name = '{quoted}', email = '{quoted}@example.org'")).await;
        let page = ada.gets("/").await.text;
        plain = if plain.is_empty() { page.clone() } else { plain };
        let parsed = shows(&page, &plain, words);
        assert_eq!(
            parsed.text.matches(words).count(),
            3,
            "the greeting, the sidebar's name and email: {}",
            parsed.text
        );
    }
}

/// What was typed comes back with the reason why it was refused.
#[tokio::test]
async fn hostile_words_of_refused_forms_are_only_words() {
    let server = Server::start().await;
    let forms = async |path: &str, cookie: Option<&str>, form: &dyn Fn(&str) -> Vec<(&'static str, String)>| {
        let answer = async |words: &str| {
            let form = form(words);
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            page::post(server.address, path, cookie, &form).await.text
        };
        let plain = answer(PLAIN).await;
        for words in HOSTILE {
            shows(&answer(words).await, &plain, words);
        }
    };
    let short =
        |words: &str| vec![("name", words.to_owned()), ("email", words.to_owned()), ("password", "short".to_owned())];
    forms("/create-account", None, &short).await;
    let ada = server.sign_up("Ada").await;
    let wrong = |words: &str| vec![("email", words.to_owned()), ("password", "wrong password".to_owned())];
    forms("/sign-in", None, &wrong).await;
    let (conversation, id): (ConversationId, rivulet::ids::MessageId) = (mint(), mint());
    let say = move |words: &str| {
        let ids = [("conversation", conversation.to_string()), ("id", id.to_string())];
        ids.into_iter().chain([("text", words.to_owned()), ("model", words.to_owned())]).collect()
    };
    forms("/", Some(&ada.cookie), &say).await;
    forms("/", None, &say).await;
    for path in ["/%3Cx-evil%3E", "/c/%3Cx-evil%3E?before=%3Cx-evil%3E", "/?__err=%3Cx-evil%3E"] {
        let page = Parsed::of(&ada.gets(path).await.text);
        assert!(!page.tags.iter().any(|tag| tag.contains("evil")), "{path}: {:?}", page.tags);
    }
}
