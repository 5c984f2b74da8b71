//! Makes a conversation so long that each reply to it costs the server much.

use kit::Server;

/// Rule: a provider is sent the newest messages, of 4 MiB at the most, and the last one in any case.
#[tokio::test]
async fn a_long_conversation_is_not_sent_whole() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut chat = ada.asks("How it begins").await;
    for number in 0..10 {
        let writer = server.provider.is_asked().await;
        assert!(writer.asked.to_string().len() < 5 << 20, "what is sent");
        let (begins, last) = (writer.asked.to_string().contains("How it begins"), writer.last_turn());
        assert!(begins == (number <= 8), "whether message {number} is answered with the first in view: {begins}");
        assert!(number == 0 || last.starts_with(&format!("{} ", number - 1)), "the last one is there");
        writer.writes("Yes.");
        let mut tab = ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        writer.ends();
        tab.sees_the_end(chat.reply).await;
        let text = format!("{number} {}", "x".repeat(510 * 1024));
        chat = ada.asks_in(chat.id, &text).await.expect("a message that is taken");
    }
}
