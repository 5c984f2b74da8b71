//! Makes a conversation so long that each reply to it costs the server dear.

use crate::support::Server;

/// Rule: a provider is sent the newest messages, of 4 MiB at the most, and the last one in any case.
#[tokio::test]
async fn a_long_conversation_is_not_sent_whole() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut chat = ada.says("How it begins").await;
    for number in 0..10 {
        let voice = server.provider.is_asked().await;
        assert!(voice.asked.to_string().len() < 5 << 20, "what is sent");
        let (begins, last) = (voice.asked.to_string().contains("How it begins"), voice.last_turn());
        assert!(begins == (number <= 8), "whether message {number} is answered with the first in view: {begins}");
        assert!(number == 0 || last.starts_with(&format!("{} ", number - 1)), "the last one is there");
        voice.says("Yes.");
        let mut tab = ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        voice.ends();
        tab.sees_the_end(chat.reply).await;
        let text = format!("{number} {}", "x".repeat(510 * 1024));
        chat = ada.says_in(chat.id, &text).await.expect("a message that is taken");
    }
}
