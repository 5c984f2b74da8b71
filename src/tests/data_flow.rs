//! The data flow: a provider's text reaches every tab once and in order.

use kit::{Received, Server, Tab, provider::TITLE};
use rivulet::{
    conversation::Sidebar,
    live::List,
    message::{Kind, PART_SIZE, Status},
};

use super::slow_line::gets_long_frames;

/// Rule: what a provider writes reaches every tab, live, and the row has the same in the end.
#[tokio::test]
async fn a_reply_streams_into_two_tabs_and_stays() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let (mut one, mut two) = (ada.opens_a_tab().await, ada.opens_a_tab().await);
    one.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    assert_eq!(provider.last_turn(), "Hello");
    provider.thinks("Greet back.");
    provider.writes("Hello");
    one.sees(chat.reply, "Hello").await;
    assert_eq!(one.thinking(chat.reply), "Greet back.");
    two.follows(chat.reply).await;
    provider.writes(" 👋🏽 wörld, 世界");
    one.sees(chat.reply, "Hello 👋🏽 wörld, 世界").await;
    two.sees(chat.reply, "Hello 👋🏽 wörld, 世界").await;
    provider.ends();
    for tab in [&mut one, &mut two] {
        assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    }
    let kept = ada.finds(&chat).await;
    assert_eq!(&kept, one.message(chat.reply));
    assert_eq!(&kept, two.message(chat.reply));
    assert_eq!(kept.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((3, 5)));
    assert_eq!(kept.parts.iter().map(|part| &part.kind).collect::<Vec<_>>(), [&Kind::Thinking, &Kind::Text]);
}

/// Rule: a subscription sends exactly what follows the page's position.
#[tokio::test]
async fn a_tab_that_was_disconnected_gets_only_what_it_missed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    let mut truth = String::new();
    for round in 0..10 {
        let word = format!("word {round}, 字 and 🙂. ");
        provider.writes(&word);
        truth += &word;
        tab.sees(chat.reply, &truth).await;
        let before = tab.connection.bytes;
        tab.reconnects(&ada).await;
        let missed = format!("missed {round}. ");
        provider.writes(&missed);
        truth += &missed;
        tab.sees(chat.reply, &truth).await;
        assert!(tab.connection.bytes - before < 600, "round {round} cost {} bytes", tab.connection.bytes - before);
    }
    provider.ends();
    tab.reconnects(&ada).await;
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), truth);
}

/// Rule: after the end `since` answers from the row, and a page that opens mid-stream has the text as it stands.
#[tokio::test]
async fn a_page_has_the_text_as_it_stands_and_a_late_tab_gets_the_whole() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("As it stands");
    tab.sees(chat.reply, "As it stands").await;
    assert_eq!(ada.finds(&chat).await.text(), "As it stands");
    let page = ada.gets(&format!("/c/{}", chat.id)).await;
    assert!(page.text.contains("As it stands"), "the page is rendered with the text");
    provider.ends();
    tab.sees_the_end(chat.reply).await;
    let mut late = ada.opens_a_tab().await;
    late.follows(chat.reply).await;
    late.sees_the_end(chat.reply).await;
    assert_eq!(late.message(chat.reply), tab.message(chat.reply));
}

/// Rule: CRLF and CR become LF and NUL becomes U+FFFD in everything that providers and people send.
#[tokio::test]
async fn what_browsers_would_change_is_normalised_first() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("one\r\ntwo\rthree\0four").await;
    let provider = server.provider.is_asked().await;
    assert_eq!(provider.last_turn(), "one\ntwo\nthree\u{fffd}four");
    provider.writes("a\r");
    provider.writes("\nb\rc\0");
    provider.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    assert_eq!(tab.text(chat.reply), "a\nb\nc\u{fffd}");
    let page = ada.reads(chat.id).await.expect("the conversation");
    assert_eq!(page.messages[0].text(), "one\ntwo\nthree\u{fffd}four");
}

/// Rule: a provider's failure ends the reply as `Failed` with a sentence, and its text stays.
#[tokio::test]
async fn a_reply_that_breaks_off_fails_with_a_sentence_and_keeps_its_text() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("Half a ");
    tab.sees(chat.reply, "Half a ").await;
    drop(provider);
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Failed);
    let kept = ada.finds(&chat).await;
    assert_eq!(&kept, tab.message(chat.reply));
    assert_eq!(kept.text(), "Half a ");
    assert!(kept.error.is_some_and(|error| error.contains("Continue")), "it states what to do");
}

/// Rule: past 4 MiB a reply ends `Failed`, with what there is; meanwhile no frame is longer than 16 KiB (the tab checks).
#[tokio::test]
async fn a_reply_past_its_limit_fails_with_what_there_is() {
    const LIMIT: usize = 4 * 1024 * 1024;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    let piece = "äöü ".repeat(10_000);
    for _ in 0..=LIMIT / piece.len() {
        provider.writes(&piece);
    }
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Failed);
    let text = tab.text(chat.reply);
    let limit = LIMIT - PART_SIZE;
    assert!((limit - 3..=limit).contains(&text.len()), "{} bytes", text.len());
    assert!(piece.repeat(LIMIT / piece.len() + 1).starts_with(&text));
    assert!(ada.finds(&chat).await.text() == text, "the row has what the tab has");
    provider.is_released().await;
}

/// Rule: a part counts 256 bytes beside its text, and there may be as many as that leaves room for.
#[tokio::test]
async fn a_reply_in_many_parts_can_be_resumed_and_ends_by_its_size() {
    const LIMIT: usize = 4 * 1024 * 1024;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    let (long, half) = ("b".repeat(3_000), LIMIT / (3_000 + PART_SIZE) / 2);
    for _ in 0..half {
        provider.thinks(&long);
        provider.writes(&long);
    }
    tab.sees(chat.reply, &long.repeat(half)).await;
    tab.reconnects(&ada).await;
    provider.writes("c");
    tab.sees(chat.reply, &(long.repeat(half) + "c")).await;
    provider.thinks(&long);
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Failed);
    assert_eq!(tab.message(chat.reply).parts.len(), half * 2 + 1);
    assert_eq!(tab.message(chat.reply).size(), LIMIT);
    assert_eq!(&ada.finds(&chat).await, tab.message(chat.reply));
    provider.is_released().await;
}

/// Rule: a slow reader gets one merged event and costs no queue.
#[tokio::test]
async fn a_slow_reader_gets_merged_events() {
    // Several times what the system buffers between two programs (some 3 MB), and written before the server gives up.
    const PIECES: usize = 800;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut slow = Tab::open_with(&ada, Some(32 * 1024)).await;
    let mut quick = ada.opens_a_tab().await;
    quick.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    slow.follows(chat.reply).await;
    let mut truth = String::new();
    gets_long_frames(&mut slow, chat.reply, &provider, &mut truth).await;
    quick.sees(chat.reply, &truth).await;
    // From here on the slow one reads nothing until all is written.
    for round in 0..PIECES {
        // Six bytes each in a frame: more than the system's buffers hold.
        let word = format!("{round:05} {}", "\u{1}".repeat(2_000));
        provider.writes(&word);
        truth += &word;
        // Each is a commit of its own, so that there is something to merge.
        quick.sees(chat.reply, &truth).await;
    }
    provider.ends();
    quick.sees_the_end(chat.reply).await;
    slow.sees_the_end(chat.reply).await;
    assert!(slow.text(chat.reply) == truth, "the slow reader has it all");
    let events = |tab: &Tab| tab.received.iter().filter(|received| matches!(received, Received::Change(..))).count();
    let (few, many) = (events(&slow), events(&quick));
    assert!(many >= PIECES && few * 3 < many * 2, "the slow reader was sent {few} events, the quick one {many}");
}

/// Rule: a conversation gets its title from the model after the first reply, and a person's own title wins.
#[tokio::test]
async fn a_conversation_gets_its_title_from_the_model_unless_a_person_gave_one() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows_list(List::Conversations(Sidebar::Mine)).await;
    let (first, second) = (ada.asks("Some first words").await, ada.asks("Others").await);
    let replies = [server.provider.is_asked().await, server.provider.is_asked().await];
    while tab.conversations.len() < 2 {
        tab.next().await;
    }
    assert_eq!(tab.conversations[&first.id].title, "Some first words");
    ada.renames(second.id, "My own").await.expect("it is renamed");
    for provider in replies {
        provider.writes("Yes.");
        provider.ends();
    }
    while tab.conversations[&first.id].title != TITLE {
        tab.next().await;
    }
    tab.follows(second.reply).await;
    tab.sees_the_end(second.reply).await;
    let page = ada.reads(second.id).await.expect("the conversation");
    assert_eq!(page.conversation.title, "My own");
}

/// Rule: a reply with something that cannot be shown is whole, and a note names what is missing.
#[tokio::test]
async fn a_reply_with_an_image_is_whole_and_names_what_is_missing() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    let provider = server.provider.is_asked().await;
    provider.writes("A fish:");
    provider.writes_bytes("data: {\"choices\":[{\"index\":0,\"delta\":{\"images\":[{\"type\":\"image_url\"}]}}]}\n\n");
    provider.ends();
    assert_eq!(tab.sees_the_end(chat.reply).await, Status::Completed);
    assert_eq!(tab.text(chat.reply), "A fish:");
    let remark = tab.message(chat.reply).error.clone().unwrap_or_default();
    assert!(remark.starts_with("test sent something that cannot be shown here"), "{remark}");
}
