//! The network between a tab and the server: it breaks, is slow, or swallows everything.

use std::{ops::Range, time::Duration};

use kit::soon;
use rand::RngExt;
use rivulet::message::Status;
use tokio::time::{Instant, sleep};

use crate::{
    fault::Round,
    line::{Conditions, Line},
    server,
    world::{PACE, Reply, World},
};

fn cut_after(bytes: usize) -> Conditions {
    Conditions { cut_after: Some(bytes), ..Conditions::default() }
}

/// The connection breaks at every byte of a live text's frame, then at every byte of a whole connection's beginning,
/// its handshake, its snapshot and its end, and at those of a long message's beginning: the snapshot, which is short, and
/// the first slices after it.
pub async fn cut(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let line = world.line().await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab_at(&line).await;
    tab.follows(reply.chat.reply).await;
    author.writes_words(if round.long { 100 } else { 20 });
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    let before = line.passed().len();
    author.writes("字 and 🙂. ");
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    let sent = line.passed()[before..].to_vec();
    let is_text = |frame: &Range<usize>| sent[frame.clone()].windows(5).any(|part| part == b"{\"e\":");
    let frame = frames(&sent).find(is_text).expect("the text's frame");
    let frame = 0..frame.len();
    for at in frame.clone() {
        // A heartbeat may come first; then the cut is made again.
        loop {
            let before = line.passed().len();
            line.sets(cut_after(before + at));
            author.writes("字 and 🙂. ");
            tab.is_closed().await;
            let begun = line.passed()[before..].to_vec();
            line.sets(Conditions::default());
            assert!(tab.tries_to_reconnect().await);
            tab.sees(reply.chat.reply, &reply.written.text()).await;
            round.report.times(1);
            if begun.len() == at && b"\x81".iter().chain(b"_{\"e\":").zip(&begun).all(|(a, b)| a == b || *a == b'_') {
                break;
            }
        }
    }
    author.writer.ends();
    tab.sees_the_end(reply.chat.reply).await;
    let whole = beginning(&world, &line, &reply).await.len();
    breaks_at(&round, &world, &line, &reply, 0..whole, 1).await;
    let (long, mut author) = world.asks().await;
    while long.written.text().len() < 20 * 1024 {
        author.writes_words(100);
    }
    author.writer.ends();
    let tab = world.tab().await;
    world.follow(tab, long.chat.reply).await.expect("a tab that reads until the end");
    let whole = beginning(&world, &line, &long).await;
    let has = |frame: &Range<usize>, what: &[u8]| whole[frame.clone()].windows(what.len()).any(|part| part == what);
    let mut events = frames(&whole).filter(|frame| has(frame, b"{\"e\":["));
    let snapshot = events.find(|event| has(event, b"{\"snapshot\":")).expect("a snapshot");
    let slices: Vec<_> = events.take(2).filter(|event| has(event, b"{\"t\":[")).collect();
    let [_, last] = &slices[..] else { panic!("a short snapshot, and slices after it") };
    breaks_at(&round, &world, &line, &long, snapshot.start..last.end, if round.long { 1 } else { 61 }).await;
    for reply in [reply, long] {
        assert_eq!(world.settles(&reply).await.status, Status::Completed);
    }
}

/// What the server sends on a connection that follows an ended reply from nothing.
async fn beginning(world: &World, line: &Line, reply: &Reply) -> Vec<u8> {
    let mut tab = world.tab_at(line).await;
    tab.follows(reply.chat.reply).await;
    tab.sees_the_end(reply.chat.reply).await;
    line.passed()
}

async fn breaks_at(round: &Round, world: &World, line: &Line, reply: &Reply, bytes: Range<usize>, step: usize) {
    let written = reply.written.text();
    for at in bytes.step_by(step) {
        line.sets(cut_after(at));
        let opened = world.tries_tab(line).await;
        round.report.times(1);
        // Else it broke in the handshake.
        if let Some(mut tab) = opened {
            tab.follows(reply.chat.reply).await;
            tab.is_closed().await;
            line.sets(Conditions::default());
            assert!(tab.tries_to_reconnect().await);
            tab.sees_the_end(reply.chat.reply).await;
            assert!(tab.text(reply.chat.reply) == written, "cut at {at}");
        }
    }
    line.sets(Conditions::default());
}

/// Where the WebSocket's frames lie in what a server sent, the handshake's answer left out.
fn frames(sent: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let handshake = if sent.starts_with(b"HTTP") { sent.windows(4).position(|end| end == b"\r\n\r\n") } else { None };
    let mut at = handshake.map_or(0, |end| end + 4);
    std::iter::from_fn(move || {
        let (begin, length) = (at, usize::from(*sent.get(at + 1)?));
        let long = |bytes: usize| {
            sent.get(begin + 2..begin + 2 + bytes)?.iter().try_fold(0, |sum, byte| Some(sum << 8 | usize::from(*byte)))
        };
        let (meta, length) = match length {
            126 => (4, long(2)?),
            127 => (10, long(8)?),
            length => (2, length),
        };
        at = begin + meta + length;
        (at <= sent.len()).then_some(begin..at)
    })
}

/// Everything is swallowed in both directions, which nobody can notice. The tab comes back by itself; the server closes
/// the dead socket.
pub async fn half_open(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let line = world.line().await;
    let (reply, author) = world.asks().await;
    let idle = server::idle_sockets(&world.server).await;
    let mut tab = world.tab_at(&line).await;
    tab.follows(reply.chat.reply).await;
    let writing = tokio::spawn(author.streams(if round.long { 14_000 } else { 800 }, PACE));
    tab.receives_heartbeats(2).await;
    line.sets(Conditions { swallows: true, ..Conditions::default() });
    round.report.times(1);
    let begun = Instant::now();
    let reading = world.follow(tab, reply.chat.reply);
    // Long enough that the connections are cut off, not long enough that the tab notices.
    sleep(Duration::from_secs(1)).await;
    line.sets(Conditions::default());
    if round.long {
        // The dead one, and beside it the live one once the tab is back.
        soon("the tab is back", async {
            while server::sockets(&world.server) < idle + 2 {
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        while server::sockets(&world.server) > idle + 1 {
            assert!(begun.elapsed() < Duration::from_secs(100), "the server still keeps the dead socket");
            sleep(Duration::from_millis(200)).await;
        }
        round.report.note(format!("the server closed it after {:.0} s", begun.elapsed().as_secs_f64()));
    }
    writing.await.expect("an author").writer.ends();
    soon("the tab is back", reading).await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// Every piece is late.
pub async fn delay(round: Round) {
    let late = Conditions { delay: Duration::from_millis(300), ..Conditions::default() };
    under(round, late, 150).await;
}

/// Every piece is late, each by another time, and the line breaks now and then.
pub async fn jitter(round: Round) {
    let conditions =
        Conditions { delay: Duration::from_millis(5), jitter: Duration::from_millis(400), ..Conditions::default() };
    under(round, conditions, 150).await;
}

/// A kilobyte a second.
pub async fn slow(round: Round) {
    under(round, Conditions { rate: Some(1024), ..Conditions::default() }, 150).await;
}

/// The least on which a page makes progress.
pub async fn trickle(round: Round) {
    under(round, Conditions { rate: Some(300), ..Conditions::default() }, 30).await;
}

/// Whatever comes is kept, and passed on once a second, as a proxy does that buffers.
pub async fn buffers(round: Round) {
    under(round, Conditions { period: Some(Duration::from_secs(1)), ..Conditions::default() }, 400).await;
}

/// A reply over two lines under such conditions, and over a good one, both of which break at random.
async fn under(mut round: Round, conditions: Conditions, words: usize) {
    let mut world = World::start(&mut round).await;
    let (reply, author) = world.asks().await;
    let mut reading = vec![];
    let mut lines = vec![];
    for conditions in [conditions.clone(), conditions, Conditions::default()] {
        let line = world.line().await;
        line.sets(conditions.clone());
        let tab = world.tab_at(&line).await;
        reading.push(world.follow(tab, reply.chat.reply));
        lines.push((line, conditions));
    }
    let writing = tokio::spawn(author.streams(words, PACE));
    for (line, conditions) in &lines[1..] {
        let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(600));
        sleep(moment).await;
        line.breaks().await;
        let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(100));
        sleep(moment).await;
        line.sets(conditions.clone());
    }
    writing.await.expect("an author").writer.ends();
    for tab in reading {
        tab.await.expect("a tab that reads until the end");
    }
    round.report.times(1);
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}
