//! One row of the database that cannot be read or written, while all others can.

use std::time::Duration;

use kit::soon;
use rand::RngExt;
use rivulet::{ids::MessageId, message::Status};
use tokio::time::{Instant, sleep};

use crate::{
    author::Author,
    fault::Round,
    world::{LONG, PACE, Reply, World},
};

/// A row that cannot be read, in a tab that follows another reply too: that one continues in this very tab.
pub async fn unreadable(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let (broken, mut author) = world.asks().await;
    author.writes_words(20);
    author.writer.ends();
    let sound = world.settles(&broken).await;
    let id = broken.chat.reply;
    let mut database = world.database().await;
    database.run(format!("CREATE TABLE aside AS SELECT parts FROM messages WHERE id = '{id}'")).await;
    database.run(format!("UPDATE messages SET parts = '[{{' WHERE id = '{id}'")).await;
    let (reply, author) = world.asks().await;
    let mut tab = world.tab().await;
    tab.follows(id).await;
    let reading = world.follow(tab, reply.chat.reply);
    let writing = tokio::spawn(author.streams(300, PACE));
    let read = soon("the other reply continues", async {
        writing.await.expect("an author").writer.ends();
        reading.await.expect("a tab that reads until the end")
    });
    let mut tab = read.await;
    round.report.times(1);
    assert_eq!(world.settles(&reply).await.status, Status::Completed);
    database
        .run(format!("UPDATE messages SET parts = (SELECT parts FROM aside) WHERE id = '{id}'; DROP TABLE aside"))
        .await;
    soon("the row is read once it can be", async {
        while !tab.message(id).status.is_final() {
            tab.acts(round.random.random()).await;
        }
    })
    .await;
    assert_eq!(tab.message(id), &sound);
}

/// The database refuses one reply's rows with a code that nobody expects: the others continue, and nothing of it that
/// was shown is lost.
pub async fn refused(round: Round) {
    refuses(round, &[Refused::Words]).await;
}

/// It refuses that reply's end, too, while others end.
pub async fn end_refused(round: Round) {
    refuses(round, &[Refused::Words, Refused::End]).await;
}

/// What of a message the database does not take.
#[derive(Clone, Copy)]
enum Refused {
    Words,
    End,
}

impl Refused {
    /// A trigger that fails with `SQLITE_ERROR`, as no constraint does.
    async fn begins(self, world: &World, id: MessageId) {
        let (name, event, row) = match self {
            Refused::Words => ("words", "INSERT ON journal", "message_id"),
            Refused::End => ("end", "UPDATE ON messages", "id"),
        };
        let fails = "BEGIN SELECT json('{'); END";
        let trigger = format!("CREATE TRIGGER refuse_{name} BEFORE {event} WHEN NEW.{row} = '{id}' {fails}");
        world.database().await.run(trigger).await;
    }

    async fn ends(self, world: &World) {
        let name = match self {
            Refused::Words => "words",
            Refused::End => "end",
        };
        world.database().await.run(format!("DROP TRIGGER refuse_{name}")).await;
    }
}

async fn refuses(mut round: Round, what: &[Refused]) {
    let mut world = World::start(&mut round).await;
    let (bad, mut author) = world.asks().await;
    let id = bad.chat.reply;
    let mut tab = world.tab().await;
    tab.follows(id).await;
    author.writes_words(100);
    tab.sees(id, &bad.written.text()).await;
    let mut others = vec![];
    for _ in 0..3 {
        others.push(world.asks().await);
    }
    for what in what {
        what.begins(&world, id).await;
    }
    let line = world.line().await;
    let watching = world.tab_at(&line).await;
    let watching = world.follow(watching, id);
    let writing = tokio::spawn(author.streams(usize::MAX, PACE));
    let longest = continue_beside(&world, &mut others, Duration::from_secs(if round.long { 20 } else { 6 })).await;
    round.report.times(1);
    for (reply, author) in others {
        author.writer.ends();
        assert_eq!(world.settles(&reply).await.status, Status::Completed);
    }
    let killed = round.random.random_bool(0.5);
    if killed {
        world.server.dies();
    }
    for what in what {
        what.ends(&world).await;
    }
    if killed {
        world.restarts().await;
    }
    // It still runs, has failed by now or was interrupted; whatever it is, all that was shown of it is there.
    let writing = soon("it is ended", async {
        if !killed {
            sleep(Duration::from_millis(500)).await;
            world.ada.stops(id).await.expect("Stop is never refused");
        }
        watching.await.expect("a tab that reads until the end");
        writing.await
    });
    drop(writing.await);
    let status = world.settles(&bad).await.status;
    round.report.ended(&format!("{status:?}").to_lowercase());
    round.report.note(format!("a word of another reply took {} ms at most", longest.as_millis()));
    assert!(longest < LONG, "others waited {longest:?}");
}

/// Lets other replies have words for so long, one after another, and gives the longest time that any took to be seen.
pub async fn continue_beside(world: &World, others: &mut [(Reply, Author)], time: Duration) -> Duration {
    let mut tabs = vec![];
    for (reply, _) in &*others {
        let mut tab = world.tab().await;
        tab.follows(reply.chat.reply).await;
        tabs.push(tab);
    }
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < time {
        for ((reply, author), tab) in others.iter_mut().zip(&mut tabs) {
            author.writes_words(1);
            let written = Instant::now();
            let all = reply.written.text();
            soon("another reply continues", tab.sees(reply.chat.reply, &all)).await;
            longest = longest.max(written.elapsed());
        }
        sleep(Duration::from_millis(10)).await;
    }
    longest
}
