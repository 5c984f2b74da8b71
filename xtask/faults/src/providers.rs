//! Providers that hang, drip, break off, send too much, or send what is no text.

use std::time::{Duration, Instant};

use kit::Tab;
use rand::RngExt;
use rivulet::{
    message::{PART_SIZE, Status},
    reply::job::REPLY_LIMIT,
};
use tokio::time::sleep;

use crate::{
    author::Author,
    fault::Round,
    world::{LONG, PACE, Reply, World},
};

/// It sends nothing more and stays connected. Stop works at once; in a long run another is left alone until the server
/// gives up.
pub async fn hangs(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    author.writes_words(20);
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    round.report.times(1);
    if round.long {
        let begun = Instant::now();
        while !tab.message(reply.chat.reply).status.is_final() {
            assert!(begun.elapsed() < Duration::from_secs(150), "the server still waits for its provider");
            tab.next().await;
        }
        round.report.note(format!("given up after {:.0} s", begun.elapsed().as_secs_f64()));
        let last = world.settles(&reply).await;
        assert_eq!(last.status, Status::Failed);
        assert!(last.error.is_some_and(|error| error.contains("120 s")), "the error names what happened");
    } else {
        let begun = Instant::now();
        world.ada.stops(reply.chat.reply).await.expect("it is stopped");
        assert!(begun.elapsed() < Duration::from_secs(5), "Stop took {:?}", begun.elapsed());
        assert_eq!(world.settles(&reply).await.status, Status::Stopped);
    }
    reading.await.expect("a tab that reads until the end");
}

/// It sends byte by byte.
pub async fn drips(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, author) = world.asks().await;
    let mut beside = world.tab().await;
    beside.follows(reply.chat.reply).await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    for word in ["slow", "字", "🙂", "e\u{301}", "\n\n"] {
        let word = format!("{word} {} ", reply.written.text().len());
        let chunk = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": word } }] });
        author.records(&word);
        // Each byte comes by itself, and what they make is seen before the next ones.
        for byte in format!("data: {chunk}\n\n").into_bytes() {
            author.writer.writes_bytes(vec![byte]);
            sleep(Duration::from_millis(2)).await;
        }
        beside.sees(reply.chat.reply, &reply.written.text()).await;
    }
    author.writer.ends();
    round.report.times(1);
    reading.await.expect("a tab that reads until the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Completed, reply.written.text()));
}

/// The connection to it breaks at a random moment, in the middle of an event or between two.
pub async fn breaks_off(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    let words = round.random.random_range(1..60);
    let author = author.streams(words, PACE).await;
    if round.random.random_bool(0.5) {
        author.writer.writes_bytes("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half");
    }
    let broken = std::io::Error::other("broken off");
    author.writer.bytes.send(Err(broken)).expect("the server listens");
    round.report.times(1);
    reading.await.expect("a tab that reads until the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Failed, reply.written.text()));
    let mut author = world.continues(&reply, &last).await;
    author.writes_words(3);
    author.writer.ends();
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// It sends 50 MB, as a stream of words and as one line without an end. The reply ends with what may be, memory is
/// bounded, and others continue.
pub async fn sends_50_mb(mut round: Round) {
    const ALL: usize = 50_000_000;
    let mut world = World::start(&mut round).await;
    let (other, mut quiet) = world.asks().await;
    let mut beside = world.tab().await;
    beside.follows(other.chat.reply).await;
    let (reply, mut author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    let memory = world.server.memory();
    let piece = "0123456789 字句 ".repeat(3_000);
    for _ in 0..ALL / piece.len() {
        author.writes(&piece);
    }
    let (mut most, mut longest) = (0, Duration::ZERO);
    while !reading.is_finished() {
        most = most.max(world.server.memory());
        longest = longest.max(receives_a_word(&mut beside, &other, &mut quiet).await);
    }
    reading.await.expect("a tab that reads until the end");
    let last = world.settles(&reply).await;
    assert_eq!(last.status, Status::Failed);
    let (kept, limit) = (last.text().len(), REPLY_LIMIT - PART_SIZE * last.parts.len());
    // The last character may be cut off, which has three bytes at most.
    assert!((limit - 2..=limit).contains(&kept), "{kept} bytes of it are kept, of {limit}");
    let (endless, mut author) = world.asks().await;
    author.writes_words(3);
    for _ in 0..50 {
        author.writer.writes_bytes("x".repeat(ALL / 50));
    }
    let tab = world.tab().await;
    let reading = world.follow(tab, endless.chat.reply);
    while !reading.is_finished() {
        most = most.max(world.server.memory());
        longest = longest.max(receives_a_word(&mut beside, &other, &mut quiet).await);
    }
    reading.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&endless).await.status, Status::Failed);
    quiet.writer.ends();
    assert_eq!(world.settles(&other).await.status, Status::Completed);
    round.report.times(2);
    let grown = most.saturating_sub(memory) / 1024 / 1024;
    let waited = longest.as_millis();
    round.report.note(format!("{grown} MiB more memory at most, a word of another reply took {waited} ms at most"));
    assert!(longest < LONG, "another reply's word took {longest:?}");
    // What was sent is more than that; four times as much costs no more.
    assert!(grown < 96, "{grown} MiB more memory");
}

/// Another reply's next word, and how long it takes to be seen.
async fn receives_a_word(tab: &mut Tab, reply: &Reply, author: &mut Author) -> Duration {
    let begun = Instant::now();
    author.writes_words(1);
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    begun.elapsed()
}

/// It sends bytes that are no UTF-8, inside a text and outside.
pub async fn no_utf8(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    author.writes_words(3);
    for bad in [&b"\xff"[..], b"\xc3", b"\xf0\x9f\x99", b"\xed\xa0\x80"] {
        author.records("a\u{fffd}b");
        author.writer.writes_bytes(
            [b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a", bad, b"b\"}}]}\n\n"].concat(),
        );
    }
    author.writer.writes_bytes(&b": \xff\xfe\n\n"[..]);
    author.writes_words(3);
    author.writer.ends();
    round.report.times(5);
    reading.await.expect("a tab that reads until the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Completed, reply.written.text()));
}
