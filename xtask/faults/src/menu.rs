//! A provider that does not answer when it is asked for its models.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use rivulet::message::Status;
use tokio::{net::TcpListener, time::sleep};

use crate::{fault::Round, world::World};

/// The longest that a page may take to open on a busy machine: waiting for the provider takes three seconds.
const LONGEST: Duration = Duration::from_secs(1);

/// Pages open at once, and replies of other providers continue.
pub async fn hangs(mut round: Round) {
    let mut world = World::start(&mut round).await;
    // The system takes connections on which nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("its address");
    let settings = world.folder.path().join("Leptos.toml");
    let provider =
        format!("\n[[provider]]\nkind = \"openai\"\nname = \"silent\"\nbase-url = \"http://{address}/v1\"\n");
    let mut settings = std::fs::OpenOptions::new().append(true).open(settings).expect("the settings");
    settings.write_all(provider.as_bytes()).expect("one more provider");
    world.server.dies();
    world.restarts().await;
    let mut longest = Duration::ZERO;
    // As long as two of its timeouts.
    for _ in 0..if round.long { 60 } else { 30 } {
        let begun = Instant::now();
        world.ada.gets("/").await;
        longest = longest.max(begun.elapsed());
        round.report.times(1);
        sleep(Duration::from_millis(200)).await;
    }
    let (reply, mut author) = world.asks().await;
    author.writes_words(3);
    author.writer.ends();
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
    round.report.note(format!("a page took {} ms at most", longest.as_millis()));
    assert!(longest < LONGEST, "a page took {longest:?}");
    drop(silent);
}
