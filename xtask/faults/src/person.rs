//! What people do at the wrong moment.

use std::time::{Duration, Instant};

use kit::{Chat, Received, soon};
use rand::RngExt;
use rivulet::{
    live::close,
    message::{Change, Status},
};
use tokio::time::sleep;

use crate::{
    author::{Author, Written},
    fault::Round,
    world::{PACE, Reply, World},
};

/// Stop, finish and failure in the same instant: one final state, the same in every tab, on the page and in the row.
pub async fn ends_thrice(mut round: Round) {
    let mut world = World::start(&mut round).await;
    round.report.may_end(&["stopped", "completed", "failed"]);
    for _ in 0..10 {
        let (reply, mut author) = world.asks().await;
        let id = reply.chat.reply;
        let mut reading = vec![];
        for _ in 0..3 {
            let tab = world.tab().await;
            reading.push(world.follow(tab, id));
        }
        author.writes_words(5);
        let mut pauses = || Duration::from_micros(round.random.random_range(0..3_000));
        let (stop, end, failure) = (pauses(), pauses(), pauses());
        let (ada, line) = (world.ada.clone(), author.writer.bytes.clone());
        let stopping = async {
            sleep(stop).await;
            ada.stops(id).await.expect("Stop is never refused");
        };
        let ending = async {
            sleep(end).await;
            author.writer.ends();
        };
        let failing = async {
            sleep(failure).await;
            // Nobody listens any more where another end came first.
            let _ = line.send(Err(std::io::Error::other("broken off")));
        };
        tokio::join!(stopping, ending, failing);
        round.report.times(1);
        let last = world.settles(&reply).await;
        round.report.ended(match last.status {
            Status::Stopped => "stopped",
            Status::Completed => "completed",
            Status::Failed => "failed",
            other => panic!("it ended as {other:?}"),
        });
        for tab in reading {
            let tab = tab.await.expect("a tab that reads until the end");
            assert_eq!(tab.message(id), &last, "one end for all");
        }
    }
}

/// Retry while Stop is being sent: it is refused, or it makes one attempt beside a reply that has ended.
pub async fn retries_while_stopping(mut round: Round) {
    let mut world = World::start(&mut round).await;
    round.report.may_end(&["with another attempt", "refused"]);
    for _ in 0..10 {
        let (reply, author) = world.asks().await;
        let id = reply.chat.reply;
        let tab = world.tab().await;
        let reading = world.follow(tab, id);
        let writing = tokio::spawn(author.streams(usize::MAX, PACE));
        let (before, between) = (round.random.random_range(0..30), round.random.random_range(0..3_000));
        sleep(Duration::from_millis(before)).await;
        let (one, other) = (world.ada.clone(), world.ada.clone());
        let retrying = async {
            sleep(Duration::from_micros(between)).await;
            other.retries(id).await
        };
        let (stopped, retried) = tokio::join!(one.stops(id), retrying);
        stopped.expect("Stop is never refused");
        round.report.times(1);
        reading.await.expect("a tab that reads until the end");
        writing.await.expect("an author");
        assert_eq!(world.settles_unshown(&reply).await.status, Status::Stopped);
        let shown = world.ada.reads(reply.chat.id).await.expect("the conversation").messages;
        let newest = shown.last().expect("an attempt").id;
        match retried {
            Ok(_) => {
                round.report.ended("with another attempt");
                assert_ne!(newest, id, "the other attempt is shown");
                let again = Reply { chat: Chat { reply: newest, ..reply.chat }, written: Written::default() };
                let mut author =
                    Author::new(world.provider.is_asked().await, again.written.clone(), round.random.random());
                author.writes_words(3);
                author.writer.ends();
                assert_eq!(world.settles(&again).await.status, Status::Completed);
            }
            Err(refused) => {
                round.report.ended("refused");
                assert_eq!(refused.status, 409, "{refused:?}");
                assert_eq!(newest, id, "what was refused made nothing");
            }
        }
    }
}

/// The conversation is deleted while its reply streams: its tabs are sent that, its rows are gone, others continue.
pub async fn deletes(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (other, other_author) = world.asks().await;
    let writing = tokio::spawn(other_author.streams(100, PACE));
    let (reply, author) = world.asks().await;
    let id = reply.chat.reply;
    let mut tab = world.tab().await;
    tab.follows(id).await;
    let hung_up = tokio::spawn(author.streams(usize::MAX, PACE));
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(300));
    sleep(moment).await;
    world.ada.deletes(reply.chat.id).await.expect("it is deleted");
    round.report.times(1);
    tab.waits_for(|received| *received == Received::Gone(id)).await;
    soon("the provider is released", hung_up).await.expect("an author");
    // There is no row left to hold it against.
    world.tally.compare(&tab.text(id), &reply.written.text());
    assert_eq!(world.ada.reads(reply.chat.id).await.expect_err("it is gone").status, 404);
    let mut late = world.tab().await;
    late.follows(id).await;
    late.waits_for(|received| *received == Received::Gone(id)).await;
    let mut database = world.database().await;
    // As if it could not be undone any more.
    database.run(format!("UPDATE deletions SET deleted_at = 1 WHERE conversation_id = '{}'", reply.chat.id)).await;
    let row = format!("SELECT COUNT(*) FROM messages WHERE id = '{id}'");
    soon("its row is removed", async {
        // In slices, so that nobody else has to wait.
        while database.count(row.clone()).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    writing.await.expect("an author").writer.ends();
    assert_eq!(world.settles(&other).await.status, Status::Completed);
    soon("its rows of the journal are removed", async {
        // They stand between those of the other reply, which has to be over first.
        while database.journal_of(id).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// The session ends while its tabs read a reply: no byte of text comes later than a second after. Another session of
/// the same person continues to read.
pub async fn signs_out(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, author) = world.asks().await;
    let id = reply.chat.reply;
    let leaving = world.ada.clone();
    let mut tabs = vec![];
    for _ in 0..5 {
        let mut tab = world.tab().await;
        tab.follows(id).await;
        tabs.push(tab);
    }
    world.ada = leaving.signs_in_again("Ada").await;
    let tab = world.tab().await;
    let staying = world.follow(tab, id);
    let writing = tokio::spawn(author.streams(400, PACE));
    let moment = round.random.random_range(Duration::ZERO..Duration::from_millis(300));
    sleep(moment).await;
    leaving.signs_out().await;
    let out = Instant::now();
    round.report.times(1);
    let mut latest = Duration::ZERO;
    for tab in &mut tabs {
        loop {
            match tab.next().await {
                Received::Closed(code) => break assert_eq!(code, close::SIGNED_OUT),
                Received::Change(_, Change::Text(_) | Change::Snapshot { .. }) => latest = latest.max(out.elapsed()),
                _ => {}
            }
        }
    }
    assert!(latest < Duration::from_secs(1), "words came {latest:?} after the end of their session");
    assert!(!tabs[0].tries_to_reconnect().await, "a session that is over opens no socket");
    writing.await.expect("an author").writer.ends();
    staying.await.expect("a tab that reads until the end");
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}
