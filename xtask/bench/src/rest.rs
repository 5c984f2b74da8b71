//! What the server costs when nobody does anything: its start, its memory, its files.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kit::{Built, Process, Provider};
use rivulet::{
    conversation::Sidebar,
    live::{List, ServerFrame},
    state::build::Build,
};
use tokio::time::sleep;

use crate::{
    bare_tab,
    row::{Goal, Row, median},
    side::{AT_ONCE, Bare, Product, client},
    tab::Tab,
};

const STARTS: usize = 5;
/// How long it may take to come to rest.
const REST: Duration = Duration::from_secs(1);
const TABS: usize = 2_000;

pub async fn rows(provider: &Provider) -> Vec<Row> {
    eprintln!("Starting {STARTS} times, and resting with {TABS} tabs …");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        theirs.push(first_page(&Bare::start(provider).await.process, "/").await);
        let (_folder, process) = Product::process(provider).await;
        ours.push(first_page(&process, "/create-account").await);
    }
    let [(start, memory), (bare_start, bare_memory)] = [ours, theirs].map(|runs| {
        let (times, memories): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        (median(times), median(memories))
    });
    let (mut product, bare) = (Product::start(provider).await, Bare::start(provider).await);
    let tab = idle_tab(&mut product).await;
    let bare_tab = growth(&bare.process, |_| bare_tab::connect(bare.process.address, 0)).await;
    let site = Built::from_environment().site;
    let Build { script, wasm, .. } = Build::newest(&site).expect("a site with a build");
    let size = |file: &str| fs::metadata(site.join(format!("{}.br", &file[1..]))).expect("a file of the site").len();
    let loaded = size(&wasm) + size(&script);
    vec![
        Row::new(
            format!("memory of an idle tab's socket with 4 subscriptions, KiB: {TABS} tabs"),
            Goal::AtMost(10.0),
            tab,
            Some(bare_tab),
        ),
        Row::new(
            format!("server start to first page, ms: median of {STARTS}"),
            Goal::AtMost(300.0),
            start,
            Some(bare_start),
        ),
        Row::new("memory at rest, MiB: after the first page", Goal::AtMost(40.0), memory, Some(bare_memory)),
        Row::new("WASM + JS, brotli, KB", Goal::AtMost(350.0), loaded as f64 / 1e3, None),
    ]
}

/// Milliseconds from the start until a page has come, and the memory then, in MiB.
async fn first_page(process: &Process, path: &str) -> (f64, f64) {
    let response = client().get(format!("http://{}{path}", process.address)).send().await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.expect("a whole page");
    let took = process.started.elapsed().as_secs_f64() * 1e3;
    // The peak of the start is given back soon after, not in the same instant.
    let mut least = f64::MAX;
    let until = Instant::now() + REST;
    while Instant::now() < until {
        least = least.min(kib(process) / 1024.0);
        sleep(REST / 20).await;
    }
    (took, least)
}

/// The memory that a server occupies.
fn kib(process: &Process) -> f64 {
    process.memory() as f64 / 1024.0
}

/// The memory of a tab that follows the sidebar and three conversations.
async fn idle_tab(product: &mut Product) -> f64 {
    let mut lists = vec![List::Conversations(Sidebar::Mine)];
    for _ in 0..3 {
        lists.push(List::Messages(product.adds_conversation(2).await));
    }
    growth(&product.process, |_| follows(product, &lists)).await
}

/// By how many KiB each of many sockets makes a server grow.
async fn growth<T, F: Future<Output = T>>(process: &Process, connect: impl Fn(usize) -> F) -> f64 {
    let before = kib(process);
    let sockets: Vec<T> = stream::iter(0..TABS).map(connect).buffered(AT_ONCE).collect().await;
    let after = kib(process);
    assert_eq!(sockets.len(), TABS);
    (after - before) / TABS as f64
}

/// A tab that follows lists and was sent each.
async fn follows(product: &Product, lists: &[List]) -> Tab {
    let mut tab = product.tab_with_lists(lists).await;
    for _ in lists {
        tab.waits_for(|frame| matches!(frame, ServerFrame::Conversations { .. } | ServerFrame::Messages { .. })).await;
    }
    tab
}
