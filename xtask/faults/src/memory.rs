//! Many readers that do not read a long reply.

use std::time::Duration;

use rivulet::message::Status;
use tokio::time::{Instant, sleep};

use crate::{fault::Round, server, world::World};

const DEAF: usize = 100;
/// Just less than a reply may have.
const LENGTH: usize = 4 * 1024 * 1024 - 64 * 1024;
/// What all of them together may cost.
const MOST: u64 = 96;

/// A hundred tabs ask for a long reply from its beginning and read nothing of it. They cost little, and when they are
/// gone that is given back.
pub async fn deaf(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    while reply.written.text().len() < LENGTH {
        author.writes(&format!("{:060000} ", reply.written.text().len()));
        tab.sees(reply.chat.reply, &reply.written.text()).await;
    }
    let (before, sockets) = (world.server.memory(), server::idle_sockets(&world.server).await);
    let mut deaf = vec![];
    for _ in 0..DEAF {
        let mut tab = world.tab_with(Some(4096)).await;
        tab.follows(reply.chat.reply).await;
        deaf.push(tab);
    }
    round.report.times(DEAF as u64);
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(5) {
        most = most.max(world.server.memory());
        sleep(Duration::from_millis(20)).await;
    }
    drop(deaf);
    while server::sockets(&world.server) > sockets {
        assert!(begun.elapsed() < Duration::from_secs(60), "who is gone is still connected");
        sleep(Duration::from_millis(50)).await;
    }
    let grown = |memory: u64| memory.saturating_sub(before) / 1024 / 1024;
    let begun = Instant::now();
    let gives_back = Duration::from_secs(15);
    while grown(world.server.memory()) > MOST / 2 && begun.elapsed() < gives_back {
        sleep(Duration::from_millis(100)).await;
    }
    let (most, kept) = (grown(most), grown(world.server.memory()));
    round.report.note(format!("{most} MiB more memory at most, {kept} of it kept"));
    assert!(most <= MOST, "{most} MiB more for {DEAF} readers that do not read");
    assert!(kept <= MOST / 2, "{kept} MiB of {most} are kept though nobody needs them");
    author.writer.ends();
    tab.sees_the_end(reply.chat.reply).await;
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
}
