//! Somebody opens connections until the server has no descriptor left, and sends nothing on any of them.

use kit::soon;
use rivulet::message::Status;
use tokio::{
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{
    fault::Round,
    server,
    world::{LONG, World},
};

/// How many more than it has open the server may open.
const FREE: usize = 30;
const SILENT: usize = 200;
const MINUTE: Duration = Duration::from_secs(60);

/// Whoever is connected continues to read; once the silent ones are gone pages open again. The log is not flooded.
pub async fn used_up(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (reply, mut author) = world.asks().await;
    let mut tab = world.tab().await;
    tab.follows(reply.chat.reply).await;
    author.writes_words(3);
    tab.sees(reply.chat.reply, &reply.written.text()).await;
    server::limit_descriptors(&world.server, server::descriptors(&world.server) + FREE);
    let mut silent = vec![];
    for _ in 0..SILENT {
        // The system takes those that the server cannot take.
        silent.push(TcpStream::connect(world.server.address).await.expect("a connection"));
    }
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while begun.elapsed() < if round.long { MINUTE + LONG } else { LONG } {
        author.writes_words(3);
        let written = Instant::now();
        tab.sees(reply.chat.reply, &reply.written.text()).await;
        longest = longest.max(written.elapsed());
        round.report.times(1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(longest < LONG, "who is connected waited {longest:?}");
    let minutes = begun.elapsed().as_secs().div_ceil(60) as usize;
    drop(silent);
    let freed = Instant::now();
    soon("pages open again", world.ada.gets("/")).await;
    let logged = world.server.log.lines_with("ccept");
    assert!((1..=minutes).contains(&logged), "{logged} lines of the log in {minutes} minutes");
    author.writer.ends();
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
    let waited = freed.elapsed();
    round.report.note(format!("pages opened again after {waited:.1?}, a reader waited {} ms", longest.as_millis()));
    assert!(waited < LONG * 2, "a page opened {waited:?} after there was room for it");
}
