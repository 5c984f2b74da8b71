//! Providers that hang, drip, break off, say too much, or say what is no text.

use std::time::{Duration, Instant};

use rand::RngExt;
use rivulet::message::Status;
use tokio::time::sleep;

use crate::{
    fault::Round,
    support::Tab,
    teller::Teller,
    world::{LONG, PACE, Reply, World},
};

/// It says nothing more and stays. Stop works at once; in a long run another is left alone until the server gives up.
pub async fn hangs(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut teller) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    teller.says_words(20);
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    tab.sees(reply.chat.reply, &reply.told.text()).await;
    round.told.times(1);
    if round.long {
        let begun = Instant::now();
        while !tab.message(reply.chat.reply).status.is_final() {
            assert!(begun.elapsed() < Duration::from_secs(150), "the server still waits for its provider");
            tab.next().await;
        }
        round.told.note(format!("given up after {:.0} s", begun.elapsed().as_secs_f64()));
        let last = world.settles(&reply).await;
        assert_eq!(last.status, Status::Failed);
        assert!(last.error.is_some_and(|error| error.contains("120 s")), "it says what happened");
    } else {
        let begun = Instant::now();
        world.ada.stops(reply.chat.reply).await.expect("it is stopped");
        assert!(begun.elapsed() < Duration::from_secs(5), "Stop took {:?}", begun.elapsed());
        assert_eq!(world.settles(&reply).await.status, Status::Stopped);
    }
    reading.await.expect("a tab that reads to the end");
}

/// It sends byte by byte.
pub async fn drips(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, teller) = world.asks().await;
    let mut beside = world.tab().await;
    beside.follows(reply.chat.reply).await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    for word in ["slow", "字", "🙂", "e\u{301}", "\n\n"] {
        let word = format!("{word} {} ", reply.told.text().len());
        let chunk = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": word } }] });
        teller.notes(&word);
        // Each byte comes by itself, and what they make is seen before the next ones.
        for byte in format!("data: {chunk}\n\n").into_bytes() {
            teller.voice.sends(vec![byte]);
            sleep(Duration::from_millis(2)).await;
        }
        beside.sees(reply.chat.reply, &reply.told.text()).await;
    }
    teller.voice.ends();
    round.told.times(1);
    reading.await.expect("a tab that reads to the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Completed, reply.told.text()));
}

/// The connection to it breaks at a random moment, in the middle of an event or between two.
pub async fn breaks_off(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, teller) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    let words = round.random.random_range(1..60);
    let teller = teller.talks(words, PACE).await;
    if round.random.random_bool(0.5) {
        teller.voice.sends("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half");
    }
    let broken = std::io::Error::other("broken off");
    teller.voice.bytes.send(Err(broken)).expect("the server listens");
    round.told.times(1);
    reading.await.expect("a tab that reads to the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Failed, reply.told.text()));
    let mut teller = world.continues(&reply, &last).await;
    teller.says_words(3);
    teller.voice.ends();
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}

/// It sends 50 MB, as a stream of words and as one line without an end. The reply ends with what may be, memory is
/// bounded, and others stream on.
pub async fn sends_50_mb(mut round: Round) {
    const ALL: usize = 50_000_000;
    let mut world = World::start(&mut round).await;
    let (other, mut quiet) = world.asks().await;
    let mut beside = world.tab().await;
    beside.follows(other.chat.reply).await;
    let (reply, mut teller) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    let memory = world.server.memory();
    let piece = "0123456789 字句 ".repeat(3_000);
    for _ in 0..ALL / piece.len() {
        teller.says(&piece);
    }
    let (mut most, mut longest) = (0, Duration::ZERO);
    while !reading.is_finished() {
        most = most.max(world.server.memory());
        longest = longest.max(hears_a_word(&mut beside, &other, &mut quiet).await);
    }
    reading.await.expect("a tab that reads to the end");
    let last = world.settles(&reply).await;
    assert_eq!(last.status, Status::Failed);
    assert!(last.text().len() > 4 * 1024 * 1024 - 4, "{} bytes of it are kept", last.text().len());
    let (endless, mut teller) = world.asks().await;
    teller.says_words(3);
    for _ in 0..50 {
        teller.voice.sends("x".repeat(ALL / 50));
    }
    let tab = world.tab().await;
    let reading = world.follow(tab, endless.chat.reply);
    while !reading.is_finished() {
        most = most.max(world.server.memory());
        longest = longest.max(hears_a_word(&mut beside, &other, &mut quiet).await);
    }
    reading.await.expect("a tab that reads to the end");
    assert_eq!(world.settles(&endless).await.status, Status::Failed);
    quiet.voice.ends();
    assert_eq!(world.settles(&other).await.status, Status::Completed);
    round.told.times(2);
    let grown = most.saturating_sub(memory) / 1024 / 1024;
    let waited = longest.as_millis();
    round.told.note(format!("{grown} MiB more memory at most, a word of another reply took {waited} ms at most"));
    assert!(longest < LONG, "another reply's word took {longest:?}");
    // What was sent is more than that; four times as much costs no more.
    assert!(grown < 96, "{grown} MiB more memory");
}

/// Another reply's next word, and how long it takes to be seen.
async fn hears_a_word(tab: &mut Tab, reply: &Reply, teller: &mut Teller) -> Duration {
    let begun = Instant::now();
    teller.says_words(1);
    tab.sees(reply.chat.reply, &reply.told.text()).await;
    begun.elapsed()
}

/// It sends bytes that are no UTF-8, inside a text and outside.
pub async fn no_utf8(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut teller) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    teller.says_words(3);
    for bad in [&b"\xff"[..], b"\xc3", b"\xf0\x9f\x99", b"\xed\xa0\x80"] {
        teller.notes("a\u{fffd}b");
        teller
            .voice
            .sends([b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a", bad, b"b\"}}]}\n\n"].concat());
    }
    teller.voice.sends(&b": \xff\xfe\n\n"[..]);
    teller.says_words(3);
    teller.voice.ends();
    round.told.times(5);
    reading.await.expect("a tab that reads to the end");
    let last = world.settles(&reply).await;
    assert_eq!((last.status, last.text()), (Status::Completed, reply.told.text()));
}
