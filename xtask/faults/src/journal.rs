//! The journal beside a reply that takes its time.

use std::time::Duration;

use rivulet::message::Status;
use tokio::time::{Instant, sleep};

use crate::{
    fault::Round,
    world::{PACE, World},
};

/// How many replies stream beside it at a time, each of so many words.
const BESIDE: usize = 10;
const WORDS: usize = 500;
/// How long what is measured lasts: longer than the server lets any reply have rows.
const LONG: Duration = Duration::from_secs(150);
const FIRST: Duration = Duration::from_secs(75);

/// One reply has a word every few seconds, others come and go beside it. The rows of those that are over do not stay for
/// as long as the slow one runs. Only in a long run: it takes minutes.
pub async fn slow_reply(mut round: Round) {
    if !round.long {
        return round.report.left_out("it takes minutes, which a long run has");
    }
    let mut world = World::start(&mut round).await;
    let (slow, author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, slow.chat.reply);
    let writing = tokio::spawn(author.streams(usize::MAX, Duration::from_secs(2)..Duration::from_secs(6)));
    let mut database = world.database().await;
    let (begun, mut first, mut later) = (Instant::now(), 0, 0);
    while begun.elapsed() < LONG {
        let mut beside = vec![];
        for _ in 0..BESIDE {
            let (reply, author) = world.asks().await;
            beside.push((reply, tokio::spawn(author.streams(WORDS, PACE))));
        }
        for (reply, writing) in beside {
            writing.await.expect("an author").writer.ends();
            assert_eq!(world.settles(&reply).await.status, Status::Completed);
            round.report.times(1);
        }
        let rows = database.count("SELECT COUNT(*) FROM journal").await;
        let most = if begun.elapsed() < FIRST { &mut first } else { &mut later };
        *most = rows.max(*most);
        sleep(Duration::from_millis(100)).await;
    }
    world.ada.stops(slow.chat.reply).await.expect("Stop is never refused");
    reading.await.expect("a tab that reads until the end");
    drop(writing.await);
    assert_eq!(world.settles(&slow).await.status, Status::Stopped);
    round.report.note(format!("{first} rows at most in the first {FIRST:?}, {later} later"));
    assert!(later <= first + first / 4, "the journal grows: {first} rows, then {later}");
}
