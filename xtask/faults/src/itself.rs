//! The measure itself: one that finds nothing would make all others worthless.

use crate::{
    fault::{Report, Round},
    tally::{Bytes, Tally},
    world::World,
};

/// What is done to the newest row of a dead server's journal.
struct Tampering {
    sql: &'static str,
    /// Where that has to be counted.
    counted: fn(Bytes) -> u64,
}

const TAMPERINGS: [Tampering; 3] = [
    Tampering { sql: "DELETE FROM journal", counted: |bytes| bytes.lost },
    Tampering { sql: "UPDATE journal SET body = body || body", counted: |bytes| bytes.doubled },
    Tampering { sql: "UPDATE journal SET body = 'x' || substr(body, 2)", counted: |bytes| bytes.doubled },
];

/// A word that was shown is taken from the database, doubled, and changed behind the server's back. Each is found.
pub async fn finds(round: Round) {
    for Tampering { sql, counted } in TAMPERINGS {
        let tally = Tally::default();
        let mut own = Round { random: round.random.clone(), tally: tally.clone(), report: Report::default(), ..round };
        let mut world = World::start(&mut own).await;
        let (reply, mut author) = world.asks().await;
        let id = reply.chat.reply;
        let mut tab = world.tab().await;
        tab.follows(id).await;
        for _ in 0..5 {
            author.writes_words(3);
            tab.sees(id, &reply.written.text()).await;
        }
        world.server.dies();
        let newest = format!("message_id = '{id}' AND at = (SELECT MAX(at) FROM journal WHERE message_id = '{id}')");
        world.database().await.run(format!("{sql} WHERE {newest}")).await;
        world.restarts().await;
        world.settles(&reply).await;
        assert!(counted(tally.bytes()) > 0, "nothing was found after {sql}");
        round.report.times(1);
    }
}
