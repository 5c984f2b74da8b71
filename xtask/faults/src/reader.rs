//! Readers that are slow, gone, or too many.

use std::time::{Duration, Instant};

use kit::{Received, Tab};
use rivulet::message::{Change, Status, Text};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::sleep;

use crate::{
    author::Author,
    fault::Round,
    line::Conditions,
    server,
    world::{LONG, PACE, Reply, World, reads_to_the_end},
};

/// What is there to be read, in bytes, beside what systems keep between two programs.
const MUCH: usize = 3 * 1024 * 1024;
/// How many words are then written one by one.
const WORDS: usize = 100;
/// Six bytes each on the wire.
const WIDE: &str = "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}";

/// A tab that reads, stops while more is written than systems keep, and reads again: the words that were written one by
/// one then come in a few events; after a minute the server has closed its socket, and it comes back for the rest.
pub async fn stops(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let id = reply.chat.reply;
    let (mut tab, mut other) = (world.tab_with(Some(4096)).await, world.tab().await);
    author.writes_words(10);
    for tab in [&mut tab, &mut other] {
        tab.follows(id).await;
        tab.sees(id, &reply.written.text()).await;
    }
    round.report.times(1);
    let stopped = Instant::now();
    floods(&reply, &mut author, &mut other, || ()).await;
    let before = reply.written.text().len();
    for _ in 0..WORDS {
        author.writes_words(1);
        other.sees(id, &reply.written.text()).await;
    }
    sleep(Duration::from_secs(if round.long { 60 } else { 5 }).saturating_sub(stopped.elapsed())).await;
    author.writes_words(10);
    author.writer.ends();
    other.sees_the_end(id).await;
    let tab = reads_to_the_end(tab, id, round.random.clone()).await;
    let (few, many) = (texts_after(&tab, before), texts_after(&other, before));
    assert!(many >= WORDS && few * 4 < many, "{WORDS} words came in {few} events, and in {many} for who read on");
    let closed = tab.received.iter().any(|received| matches!(received, Received::Closed(_)));
    assert!(closed || !round.long, "who takes nothing for a minute is closed");
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// How many events have brought a tab the text of its one reply from this byte on.
fn texts_after(tab: &Tab, at: usize) -> usize {
    let reaches = |text: &Text| text.at + text.text.len() > at;
    tab.received
        .iter()
        .filter(|received| matches!(received, Received::Change(_, Change::Text(text)) if reaches(text)))
        .count()
}

/// Writes much, more of it each time once the tab has all that came before, and gives the longest that took.
async fn floods(reply: &Reply, author: &mut Author, tab: &mut Tab, mut meanwhile: impl FnMut()) -> Duration {
    let mut longest = Duration::ZERO;
    while reply.written.text().len() < MUCH {
        author.writes_words(50);
        author.writes(&WIDE.repeat(2_000));
        let begun = Instant::now();
        tab.sees(reply.chat.reply, &reply.written.text()).await;
        longest = longest.max(begun.elapsed());
        meanwhile();
    }
    longest
}

/// A tab that asks for much and never reads: it is closed in time, costs little, and nobody else is kept waiting.
pub async fn never_reads(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let mut other = world.tab().await;
    other.follows(reply.chat.reply).await;
    let (idle, memory) = (server::idle_sockets(&world.server).await, world.server.memory());
    let mut deaf = vec![];
    for _ in 0..20 {
        let mut tab = world.tab_with(Some(4096)).await;
        tab.follows(reply.chat.reply).await;
        deaf.push(tab);
    }
    round.report.times(deaf.len() as u64);
    let begun = Instant::now();
    let mut most = 0;
    let longest = floods(&reply, &mut author, &mut other, || most = most.max(world.server.memory())).await;
    assert!(longest < LONG, "who reads waited {longest:?} for the next words");
    let flooded = begun.elapsed();
    while server::sockets(&world.server) > idle {
        assert!(begun.elapsed() < Duration::from_secs(45) + flooded, "who never reads is still connected");
        most = most.max(world.server.memory());
        sleep(Duration::from_millis(100)).await;
    }
    let grown = most.saturating_sub(memory);
    let (closed, mib, waited) = (begun.elapsed().as_secs_f64(), grown / 1024 / 1024, longest.as_millis());
    round
        .report
        .note(format!("closed after {closed:.0} s, {mib} MiB more memory, another waited {waited} ms, at most"));
    assert!(mib < 64, "{mib} MiB more for {} readers of {MUCH} bytes", deaf.len());
    author.writer.ends();
    other.sees_the_end(reply.chat.reply).await;
    drop(deaf);
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// As many tabs as 2,000 lose the server at once and come back at once.
pub async fn crowd(mut round: Round) {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("more open files");
    // A tab costs its own socket and the line's two, and the server's process has its own limit.
    let most = limit.maximum.map_or(usize::MAX, |most| (most as usize).saturating_sub(500) / 3);
    let count = most.min(if round.long { 2_000 } else { 500 });
    let mut world = World::start(&mut round).await;
    let line = world.line().await;
    let (reply, mut author) = world.asks().await;
    let mut reading = vec![];
    for _ in 0..count {
        let tab = world.tab_at(&line).await;
        reading.push(world.follow(tab, reply.chat.reply));
    }
    author.writes_words(20);
    let writing = tokio::spawn(author.streams(200, PACE));
    sleep(Duration::from_millis(300)).await;
    line.sets(Conditions { cut_after: Some(0), ..Conditions::default() });
    // The next word breaks each of them.
    let author = writing.await.expect("an author");
    line.sets(Conditions::default());
    tokio::spawn(author.streams(usize::MAX, PACE));
    sleep(Duration::from_secs(1)).await;
    world.server.dies();
    let begun = Instant::now();
    world.restarts().await;
    for tab in reading {
        tab.await.expect("a tab that reads until the end");
    }
    round.report.times(count as u64);
    round.report.note(format!("{count} tabs had all again after {:.1} s", begun.elapsed().as_secs_f64()));
    assert_eq!(world.settles(&reply).await.status, Status::Interrupted);
}

/// The tab's computer sleeps: it reads nothing and sends nothing, and nothing gets through.
pub async fn sleeps(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let line = world.line().await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab_at(&line).await;
    tab.follows(reply.chat.reply).await;
    author.writes_words(10);
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    let writing = tokio::spawn(author.streams(200, PACE));
    line.sets(Conditions { stalls: true, ..Conditions::default() });
    sleep(Duration::from_secs(if round.long { 120 } else { 4 })).await;
    line.sets(Conditions::default());
    round.report.times(1);
    let author = writing.await.expect("an author");
    author.writer.ends();
    reads_to_the_end(tab, reply.chat.reply, round.random.clone()).await;
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}
