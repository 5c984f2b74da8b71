//! Somebody who is signed in has the server do and hold as much as sockets let them.

use std::time::{Duration, Instant};

use kit::{Database, Folder, Person, Provider, Received, Server, soon};
use rivulet::{
    config::Limits,
    ids::mint,
    live::{ClientFrame, close},
};

use crate::program;

const MIB: u64 = 1024 * 1024;

/// Rule: who asks for 100 messages of 3 MiB and reads nothing has a few of them in memory, not all.
#[tokio::test]
async fn a_page_that_reads_nothing_holds_little() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    let process = program::start(&folder).await;
    let ada = Person::signs_up(process.address, "Ada").await;
    let mut database = Database::open(&folder.database()).await;
    let (_, ids) = database.adds_conversation(100, &"x".repeat(3 * MIB as usize)).await;
    let memory = || process.memory() / MIB;
    let before = memory();
    let mut tab = ada.opens_a_tab().await;
    tab.sends(ClientFrame::Messages(ids.into_iter().map(|id| (id, None)).collect())).await;
    // Another page is served meanwhile, so what the first one asked for was looked at.
    let mut most = 0;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        ada.gets("/").await;
        most = most.max(memory());
    }
    assert!(most < before + 64, "{before} MiB before, {most} MiB with a page that reads nothing");
    tab.waits_for(|received| matches!(received, Received::Change(..))).await;
}

/// Rule: frames are taken so many in a second, whatever they are, and others are served meanwhile.
#[tokio::test]
async fn a_flood_of_frames_waits() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut flood = ada.opens_a_tab().await;
    let began = Instant::now();
    let sent = 2_400;
    for _ in 0..sent {
        flood.sends(ClientFrame::Message { id: mint(), position: None }).await;
    }
    for _ in 0..sent {
        flood.waits_for(|received| matches!(received, Received::Gone(_))).await;
    }
    // 2,048 at once, and 128 a second.
    assert!(began.elapsed() >= Duration::from_millis(2_500), "{:?}", began.elapsed());
}

/// Rule: a browser's pages are so many, the others are refused until there is room.
#[tokio::test]
async fn too_many_pages_are_refused() {
    let server = Server::with(|settings| settings.limits = Limits::default(), Default::default()).await;
    let ada = server.sign_up("Ada").await;
    let mut tabs = vec![];
    for _ in 0..50 {
        tabs.push(ada.opens_a_tab().await);
    }
    for tab in &mut tabs {
        tab.next().await;
    }
    let mut refused = ada.opens_a_tab().await;
    assert_eq!(refused.is_closed().await, close::TOO_MANY);
    let other = ada.signs_in_again("Ada").await;
    other.opens_a_tab().await.next().await;
    drop(tabs.pop());
    soon("there is room again", async {
        loop {
            if ada.opens_a_tab().await.next().await != Received::Closed(close::TOO_MANY) {
                return;
            }
        }
    })
    .await;
}
