//! What it takes to find out whether a message stands below another one.

use kit::{Refused, Server, Tree};
use rivulet::{conversation::deletion::DeletionChange, error::Failure, ids::now};

use crate::statements::{Counts, Notes};

/// How often lanes were read.
fn reads_of_lanes(counts: Counts) -> usize {
    counts.iter().filter(|(statement, _)| statement.contains("FROM lanes")).map(|(_, count)| count).sum()
}

/// Rule: however many forks there are above a message, and however many replies run, the lanes are read once.
#[tokio::test]
async fn the_lanes_are_read_once_however_many_there_are() {
    let notes = Notes::begin().await;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let viewer = database.viewer().await;
    for forks in [2, 40] {
        let tree = Tree::of(100, forks);
        let id = database.adds_tree(viewer, &tree, "Words").await;
        let (root, newest) = (tree.branch[2], tree.branch[99]);
        let replies = [tree.branch[1], tree.branch[51], newest];
        let running = replies.map(|id| format!("'{id}'")).join(", ");
        database.run(format!("UPDATE messages SET status = 'streaming' WHERE id IN ({running})")).await;
        let rows = &server.app.database;
        notes.take();
        let change = rows.begin_deletion(viewer, root, now(), |_| true).await.expect("an answer");
        assert_eq!(reads_of_lanes(notes.take()), 1, "{forks} forks, a deletion");
        assert!(matches!(change, DeletionChange::Runs(below) if below.len() == 2 && !below.contains(&replies[0])));
        let below = rows.own_running_below(viewer, id, root).await.expect("an answer");
        assert_eq!(reads_of_lanes(notes.take()), 1, "{forks} forks, an edit");
        assert_eq!(below.len(), 2);
        database.run(format!("UPDATE messages SET status = 'completed' WHERE id IN ({running})")).await;
        rows.begin_deletion(viewer, root, now(), |_| false).await.expect("it begins");
        notes.take();
        assert_eq!(ada.retries(newest).await.map(drop), Err(Refused::of(Failure::NotFound)));
        assert_eq!(reads_of_lanes(notes.take()), 1, "{forks} forks, a retry below what is being deleted");
    }
}
