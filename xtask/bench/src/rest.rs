//! What the server costs when nobody does anything: its start, its memory, its files.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use rivulet::live::{ClientFrame, List, ServerFrame};
use tokio::time::sleep;

use crate::{
    client,
    folder::{Folder, built},
    person::Person,
    process::Process,
    provider::Provider,
    row::{Goal, Row, median},
    side::{AT_ONCE, Bare, Product},
    tab::{self, Socket},
};

const STARTS: usize = 5;
/// How long it may take to come to rest.
const REST: Duration = Duration::from_secs(1);
const TABS: usize = 2_000;

pub async fn rows(provider: &Provider) -> anyhow::Result<Vec<Row>> {
    eprintln!("Starting {STARTS} times, and resting with {TABS} tabs …");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        theirs.push(first_page(&Bare::start(provider)?.process, "/").await?);
        let folder = Folder::new(&provider.url)?;
        ours.push(first_page(&Process::start(&mut folder.command())?, "/create-account").await?);
    }
    let [(start, memory), (bare_start, bare_memory)] = [ours, theirs].map(|runs| {
        let (times, memories): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        (median(times), median(memories))
    });
    let (mut product, bare) = (Product::start(provider).await?, Bare::start(provider)?);
    let tab = idle_tab(&mut product).await?;
    let bare_tab = growth(&bare.process, |_| bare.connect(0)).await?;
    let package = built().site.join("pkg");
    let [wasm, script] = ["rivulet.wasm.br", "rivulet.js.br"].map(|file| fs::metadata(package.join(file)));
    Ok(vec![
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
        Row::new("WASM + JS, brotli, KB", Goal::AtMost(350.0), (wasm?.len() + script?.len()) as f64 / 1e3, None),
    ])
}

/// Milliseconds from the start until a page has come, and the memory then, in MiB.
async fn first_page(process: &Process, path: &str) -> anyhow::Result<(f64, f64)> {
    let response = client().get(format!("http://{}{path}", process.address)).send().await?;
    ensure!(response.status().as_u16() == 200, "{path}: {}", response.status());
    response.bytes().await?;
    let took = process.began.elapsed().as_secs_f64() * 1e3;
    // The peak of the start is given back soon after, not in the same instant.
    let mut least = f64::MAX;
    let until = Instant::now() + REST;
    while Instant::now() < until {
        least = least.min(process.memory()? / 1024.0);
        sleep(REST / 20).await;
    }
    Ok((took, least))
}

/// The memory of a tab that follows the sidebar and three conversations.
async fn idle_tab(product: &mut Product) -> anyhow::Result<f64> {
    let mut lists = vec![List::Conversations];
    for _ in 0..3 {
        lists.push(List::Messages(product.database.fills(2).await?));
    }
    growth(&product.process, |_| follows(&product.person, &lists)).await
}

/// By how many KiB each of many sockets makes a server grow.
async fn growth<F>(process: &Process, connect: impl Fn(usize) -> F) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<Socket>>,
{
    let before = process.memory()?;
    let sockets: Vec<Socket> = stream::iter(0..TABS).map(connect).buffered(AT_ONCE).try_collect().await?;
    let after = process.memory()?;
    ensure!(sockets.len() == TABS, "{} sockets", sockets.len());
    Ok((after - before) / TABS as f64)
}

/// A socket that follows lists and was told of each.
async fn follows(person: &Person, lists: &[List]) -> anyhow::Result<Socket> {
    let mut socket = tab::connect(person.upgrade()?).await?;
    for list in lists {
        tab::says(&mut socket, &ClientFrame::List { list: *list, rev: 0 }).await?;
    }
    let mut told = 0;
    while told < lists.len() {
        match serde_json::from_str(&tab::text(&mut socket).await?)? {
            ServerFrame::<rivulet::message::Change>::Conversations { .. } | ServerFrame::Messages { .. } => told += 1,
            _ => {}
        }
    }
    Ok(socket)
}
