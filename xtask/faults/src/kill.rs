//! The server ends in the middle of replies, by SIGKILL or SIGTERM.

use std::{ops::Range, time::Duration};

use rand::{RngExt, rngs::SmallRng};
use rivulet::message::Status;
use tokio::time::sleep;

use crate::{
    fault::Round,
    world::{PACE, World},
};

/// Several replies run, each with two tabs; the server is killed at a random moment, sometimes again in the middle of
/// its start. Everything that any tab had shown is there, and some replies are continued and killed again.
pub async fn sigkill(mut round: Round) {
    let mut world = World::start(&mut round).await;
    dies(&mut round, &mut world, 3, PACE, |_| ()).await;
}

/// The same with so many replies that they share their commits.
pub async fn sigkill_of_many(mut round: Round) {
    let mut world = World::start(&mut round).await;
    dies(&mut round, &mut world, 60, Duration::ZERO..Duration::from_millis(60), |_| ()).await;
}

/// Kills a server with so many replies up to three times, and does something before each of its starts.
pub async fn dies(
    round: &mut Round,
    world: &mut World,
    count: usize,
    pace: Range<Duration>,
    before_start: impl Fn(&mut SmallRng),
) {
    let mut lines = vec![];
    let mut replies = vec![];
    for _ in 0..count {
        let (reply, author) = world.asks().await;
        replies.push((reply, Some(author)));
        lines.push(world.line().await);
    }
    for again in 0..round.random.random_range(1..=3) {
        let mut reading = vec![];
        for ((reply, author), line) in replies.iter_mut().zip(&lines) {
            for _ in 0..2 {
                let tab = world.tab_at(line).await;
                reading.push(world.follow(tab, reply.chat.reply));
            }
            if let Some(author) = author.take() {
                tokio::spawn(author.streams(usize::MAX, pace.clone()));
            }
        }
        let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(400));
        sleep(moment).await;
        world.server.dies();
        before_start(&mut round.random);
        round.report.times(1);
        if round.random.random_bool(0.3) {
            let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(60));
            world.restarts_in_vain(moment).await;
            before_start(&mut round.random);
            round.report.times(1);
        }
        world.restarts().await;
        for tab in reading {
            tab.await.expect("a tab that reads until the end");
        }
        for (reply, author) in &mut replies {
            let last = world.settles(reply).await;
            assert_eq!(last.status, Status::Interrupted, "kill number {}", again + 1);
            *author = Some(world.continues(reply, &last).await);
        }
    }
}

/// The server is asked to stop with replies open, some of which finish within the grace.
pub async fn sigterm(mut round: Round) {
    let mut world = World::start_with(&mut round, 1, &[]).await;
    let mut replies = vec![];
    let mut reading = vec![];
    for _ in 0..3 {
        let (reply, author) = world.asks().await;
        let line = world.line().await;
        for _ in 0..2 {
            let tab = world.tab_at(&line).await;
            reading.push(world.follow(tab, reply.chat.reply));
        }
        let words = round.random.random_range(1..150);
        tokio::spawn(async move {
            let author = author.streams(words, PACE).await;
            author.writer.ends();
        });
        replies.push((reply, line));
    }
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(400));
    sleep(moment).await;
    world.server.is_asked_to_stop();
    round.report.times(1);
    let status = world.server.ends().await.0;
    assert!(status.success(), "it ended with {status}");
    world.restarts().await;
    for tab in reading {
        tab.await.expect("a tab that reads until the end");
    }
    for (reply, _) in &replies {
        let last = world.settles(reply).await;
        let whole = last.text() == reply.written.text();
        assert_eq!(last.status, if whole && last.usage.is_some() { Status::Completed } else { Status::Interrupted });
    }
}
