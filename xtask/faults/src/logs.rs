//! Nobody takes what the server logs.

use std::time::Duration;

use kit::soon;
use rivulet::message::Status;
use tokio::time::sleep;

use crate::{
    fault::Round,
    world::{PACE, World},
};

/// How long the database is locked, so that there is something to log.
const LOCKED: Duration = Duration::from_secs(4);

/// The terminal is closed, or what the log was piped into has ended.
pub async fn closed(mut round: Round) {
    let world = World::start(&mut round).await;
    world.server.log.is_closed().await;
    works_on(round, world).await;
}

/// The pipe is full, and nobody reads.
pub async fn unread(mut round: Round) {
    let world = World::start(&mut round).await;
    world.server.log_is_left().await;
    works_on(round, world).await;
}

/// The database is locked for a while, of which much is to be logged; then all is as before.
async fn works_on(round: Round, mut world: World) {
    let (reply, author) = world.asks().await;
    let tab = world.tab().await;
    let reading = world.follow(tab, reply.chat.reply);
    let writing = tokio::spawn(author.streams(200, PACE));
    let mut database = world.database().await;
    database.locks().await;
    sleep(LOCKED).await;
    database.unlocks().await;
    round.report.times(1);
    let all_is_well = async {
        writing.await.expect("an author").writer.ends();
        reading.await.expect("a tab that reads until the end");
        assert_eq!(world.settles(&reply).await.status, Status::Completed);
        // Each that fails is logged.
        for _ in 0..50 {
            let (reply, mut author) = world.asks().await;
            // One that came to nothing would be asked for again.
            author.writes_words(1);
            drop(author);
            assert_eq!(world.settles(&reply).await.status, Status::Failed);
        }
        let (reply, mut author) = world.asks().await;
        author.writes_words(3);
        let mut tab = world.tab().await;
        tab.follows(reply.chat.reply).await;
        tab.sees(reply.chat.reply, &reply.written.text()).await;
        world.ada.stops(reply.chat.reply).await.expect("Stop is never refused");
        assert_eq!(world.settles(&reply).await.status, Status::Stopped);
    };
    soon("all is well again", all_is_well).await;
}
