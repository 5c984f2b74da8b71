//! A reply that is made to cost much to show: it holds up nobody else, neither while it is rendered nor by its length.

use std::time::{Duration, Instant};

use kit::{Person, Server, page};
use rivulet::message::{Kind, Part};

/// The pages that are asked for at once.
const PAGES: usize = 3;

/// A conversation whose reply is this text.
async fn is_replied(server: &Server, ada: &Person, text: &str) -> String {
    let chat = ada.asks("Hello").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Said.");
    writer.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    let parts = [Part { kind: Kind::Text, started_at: 0, text: text.to_owned() }];
    let parts = serde_json::to_string(&parts).expect("parts").replace('\'', "''");
    server.database().await.run(format!("UPDATE messages SET parts = '{parts}' WHERE id = '{}'", chat.reply)).await;
    format!("/c/{}", chat.id)
}

/// How long the slowest of many files took that are asked for while `pages` are rendered, and how long the pages did.
async fn files_beside(server: &Server, ada: &Person, path: &str) -> (Duration, Duration) {
    let start = Instant::now();
    let pages: Vec<_> = (0..PAGES)
        .map(|_| {
            let (ada, path) = (ada.clone(), path.to_owned());
            tokio::spawn(async move { ada.gets(&path).await.text.len() })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    while !pages.iter().all(|page| page.is_finished()) {
        let asked = Instant::now();
        assert_eq!(page::get(server.address, &server.app.build.style, None).await.status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    for page in pages {
        assert!(page.await.expect("a page") > 0);
    }
    (slowest, start.elapsed())
}

/// Twice the text is about twice the work: quadratic would be four times, and backslashes once were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_of_backslashes_costs_what_it_is_long() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let short = is_replied(&server, &ada, &"\\".repeat(64 << 10)).await;
    let long = is_replied(&server, &ada, &"\\".repeat(256 << 10)).await;
    let (_, short) = files_beside(&server, &ada, &short).await;
    let (_, long) = files_beside(&server, &ada, &long).await;
    assert!(long < short * 10, "four times the text: {long:?} instead of {short:?}");
}

/// As many pages as there are workers, and one more, are rendered at once; a file does not wait for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rendered_holds_up_no_file() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let path = is_replied(&server, &ada, &"\\*a ![[]() ".repeat(24 << 10)).await;
    let (file, pages) = files_beside(&server, &ada, &path).await;
    assert!(file < pages / 3, "a file took {file:?}, the pages {pages:?}");
}

/// Past 512 KiB a reply is shown as it was written, whatever it is made of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_is_too_long_to_render_is_shown_as_it_was_written() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let path = is_replied(&server, &ada, &"*a* ".repeat(160 << 10)).await;
    let page = ada.gets(&path).await.text;
    assert!(page.contains("<code>*a* *a* ") && !page.contains("<em>"));
}
