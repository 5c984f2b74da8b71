//! Messages that are deleted and brought back by the thousand, beside replies that stream.

use std::time::Duration;

use kit::{Tree, soon};
use rivulet::{live::List, message::Status};

use crate::{fault::Round, rows::continue_beside, world::World};

/// How many messages are deleted, and how often the branch of them forks.
const TREES: [(usize, usize); 2] = [(31, 0), (5_000, 200)];
/// The longest that a word of a reply may take beside them.
const LONG: Duration = Duration::from_secs(1);

/// A tab that follows the conversation has them no more, and then again; no reply waits for that.
pub async fn of_rows(mut round: Round) {
    let mut world = World::start(&mut round).await;
    let mut database = world.database().await;
    let viewer = database.viewer().await;
    let mut notes = vec![];
    for (length, forks) in TREES {
        let tree = Tree::of(length + 2, forks);
        let id = database.adds_tree(viewer, &tree, "A word or two. ").await;
        let (root, kept) = (tree.branch[2], &tree.branch[..2]);
        let mut tab = world.tab().await;
        tab.opens_list(List::Messages(id)).await;
        let mut others = vec![];
        for _ in 0..3 {
            others.push(world.asks().await);
        }
        let ada = world.ada.clone();
        let deleting = async {
            let gone = ada.deletes_message(root).await.expect("they are deleted") as usize;
            soon("the tab has them no more", async {
                while tab.metas.keys().any(|id| !kept.contains(id)) {
                    tab.next().await;
                }
            })
            .await;
            ada.undoes_deletion(root).await.expect("they are back");
            soon("the tab has them again", async {
                while tab.metas.len() < gone {
                    tab.next().await;
                }
            })
            .await;
            assert!(gone >= length);
        };
        let time = Duration::from_secs(if round.long { 10 } else { 3 });
        let (longest, ()) = tokio::join!(continue_beside(&world, &mut others, time), deleting);
        round.report.times(1);
        notes.push(format!("{length} messages: a word took {} ms at most", longest.as_millis()));
        assert!(longest < LONG, "a reply waited {longest:?}");
        for (reply, author) in others {
            author.writer.ends();
            assert_eq!(world.settles(&reply).await.status, Status::Completed);
        }
    }
    round.report.note(notes.join(", "));
}
