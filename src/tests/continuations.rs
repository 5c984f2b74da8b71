//! Continuing a reply from one of its words: a sibling that begins with what stands before it.

use futures::future::join;
use kit::{Chat, Person, Refused, Server, Tab, Writer};
use rivulet::{
    conversation::Window,
    error::Failure,
    ids::MessageId,
    live::List,
    message::{Message, Position, Status},
};

/// A reply that has thought and has these words, finished or not; and a tab that follows it.
async fn reply(server: &Server, ada: &Person, words: &str, is_finished: bool) -> (Chat, Tab, Option<Writer>) {
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let writer = server.provider.is_asked().await;
    writer.thinks("Hm.");
    writer.writes(words);
    tab.sees(chat.reply, words).await;
    if !is_finished {
        return (chat, tab, Some(writer));
    }
    writer.ends();
    tab.sees_the_end(chat.reply).await;
    (chat, tab, None)
}

/// The place of this byte in a reply's text.
fn at(message: &Message, at: usize) -> Position {
    Position { at, ended: false, ..message.position() }
}

async fn read(person: &Person, chat: &Chat, id: MessageId) -> Message {
    let page = person.loads(chat.id, Window::Around(id)).await.expect("the conversation");
    page.messages.into_iter().find(|message| message.id == id).expect("the message")
}

/// Rule: the sibling has the words before the place, moved back to the start of a word, at once and in every tab; the model
/// is sent them last, with what a person asks for; the original stays.
#[tokio::test]
async fn a_sibling_continues_from_a_word() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, _) = reply(&server, &ada, "A river has many names.", true).await;
    let original = tab.message(chat.reply).clone();
    tab.follows_list(List::Messages(chat.id)).await;
    let asked = Person::continuing(chat.reply, at(&original, 15), "  Be brief.\r\n");
    let sent = ada.asks_to_continue(&asked).await.expect("it has begun");
    let [begun] = &sent.messages[..] else { panic!("the reply: {sent:?}") };
    assert_eq!((begun.id, begun.text().as_str(), begun.status), (asked.id, "A river has ", Status::Streaming));
    assert_eq!(begun.parts[0], original.parts[0], "the thinking before it stays");
    assert_eq!(sent.metas[0].parent, Some(chat.message));
    let writer = server.provider.is_asked().await;
    let turns = writer.asked["messages"].as_array().expect("turns");
    let contents: Vec<&str> = turns.iter().filter_map(|turn| turn["content"].as_str()).collect();
    assert_eq!(contents[..2], ["Hello", "A river has "], "no word that follows, and no thinking");
    assert!(contents[2].ends_with("\n\nBe brief."), "{contents:?}");
    tab.follows(asked.id).await;
    tab.sees(asked.id, "A river has ").await;
    writer.writes("a source.");
    tab.sees(asked.id, "A river has a source.").await;
    writer.ends();
    assert_eq!(tab.sees_the_end(asked.id).await, Status::Completed);
    assert_eq!(read(&ada, &chat, chat.reply).await, original);
    assert_eq!(&read(&ada, &chat, asked.id).await, tab.message(asked.id));
}

/// Rule: the page mints the id, so asking twice is one reply, also at once and after it has ended.
#[tokio::test]
async fn asking_twice_is_asking_once() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, _) = reply(&server, &ada, "One two three", true).await;
    let asked = Person::continuing(chat.reply, at(tab.message(chat.reply), 4), "");
    let (one, two) = join(ada.asks_to_continue(&asked), ada.asks_to_continue(&asked)).await;
    let (one, two) = (one.expect("the first"), two.expect("the second"));
    assert_eq!(one.messages.len() + two.messages.len(), 1, "one of them was the first");
    let writer = server.provider.is_asked().await;
    assert_eq!(ada.asks_to_continue(&asked).await.expect("the third").metas, []);
    writer.ends();
    tab.follows(asked.id).await;
    tab.sees_the_end(asked.id).await;
    assert_eq!(ada.asks_to_continue(&asked).await.expect("the fourth").metas, []);
    assert!(server.provider.is_asked_no_more().await);
}

/// Rule: one's own running reply is stopped with what came, unless it was never at that place; another person's is not.
#[tokio::test]
async fn a_running_reply_is_stopped() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, mut tab, writer) = reply(&server, &ada, "One two three", false).await;
    let seen = tab.message(chat.reply).clone();
    let never = Position { at: 99, ..seen.position() };
    assert_eq!(ada.continues_from(chat.reply, never).await, Err(Refused::of(Failure::Changed)));
    assert_eq!(tab.message(chat.reply).status, Status::Streaming);
    let meta = ada.continues_from(chat.reply, at(&seen, 8)).await.expect("it has begun");
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Stopped);
    assert_eq!(tab.text(chat.reply), "One two three");
    drop(writer);
    let writer = server.provider.is_asked().await;
    writer.writes("four");
    tab.follows(meta.id).await;
    tab.sees(meta.id, "One two four").await;
    // The same once more, while that runs: it is the model's second answer at a time.
    assert_eq!(ada.continues_from(chat.reply, at(&seen, 4)).await, Err(Refused::of(Failure::Busy)));
    // From the running one it is possible.
    let meta = ada.continues_from(meta.id, at(tab.message(meta.id), 4)).await.expect("it has begun");
    let writer = server.provider.is_asked().await;
    assert_eq!(writer.asked["messages"][1]["content"], "One ");
    writer.ends();
    tab.follows(meta.id).await;
    assert_eq!(tab.sees_the_end(meta.id).await, Status::Completed);
}

/// Rule: there is nothing to go on from before the first word, in thinking, in an older state, or in one's own message.
#[tokio::test]
async fn what_was_no_text_of_the_reply_is_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let (chat, tab, _) = reply(&server, &ada, "One two three", true).await;
    let seen = tab.message(chat.reply).position();
    let changed = Err(Refused::of(Failure::Changed));
    for from in [
        Position { at: 0, ended: false, ..seen },
        Position { at: 2, ended: false, ..seen },
        Position { parts: 1, at: 2, ended: false, ..seen },
        Position { parts: 9, ended: false, ..seen },
        Position { epoch: rivulet::message::Epoch { counter: 7, ..seen.epoch }, ended: false, ..seen },
    ] {
        assert_eq!(ada.continues_from(chat.reply, from).await, changed, "{from:?}");
    }
    let own = Position { parts: 1, at: 3, ended: false, ..seen };
    assert_eq!(ada.continues_from(chat.message, own).await, Err(Refused::of(Failure::NotFound)));
    assert!(server.provider.is_asked_no_more().await);
}
