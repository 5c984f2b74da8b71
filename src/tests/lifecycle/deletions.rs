//! Deletions over `kill -9`: what has begun is finished, and what was deleted can be brought back by the next process.

use kit::Tree;
use rivulet::{database::Database, ids::now};

use super::World;

const THERE: &str = "SELECT COUNT(*) FROM messages WHERE deleted_at IS NULL";

/// Rule: killed after any slice of a deletion, and after any of its Undo, the next start finishes that.
#[tokio::test]
async fn a_kill_between_two_slices() {
    for slices in [0, 1, 3] {
        let world = World::start(5).await;
        let mut database = world.database().await;
        let viewer = database.viewer().await;
        let tree = Tree::of(400, 20);
        let id = database.adds_tree(viewer, &tree, "Words").await;
        let all = database.count(THERE).await;
        let World { folder, provider, mut process, ada } = world;
        process.dies();
        // What the process did before it was killed.
        let before = Database::open_beside(&format!("sqlite:{}", folder.database().display())).await.expect("it opens");
        before.begin_deletion(viewer, tree.branch[2], now(), |_| false).await.expect("it begins");
        for _ in 0..slices {
            assert!(before.continue_deletion(id).await.expect("a slice"));
        }
        let mut world = World::restarts(folder, provider, ada).await;
        database.comes_to(THERE, 2).await;
        database.comes_to("SELECT COUNT(*) FROM deletions WHERE state = 'deleted'", 1).await;
        assert_eq!(world.ada.deletes_message(tree.branch[2]).await, Ok(all - 2));
        world.process.dies();
        before.begin_restoring(viewer, tree.branch[2]).await.expect("it begins");
        for _ in 0..slices {
            assert!(before.continue_deletion(id).await.expect("a slice"));
        }
        let World { folder, provider, ada, .. } = world;
        let world = World::restarts(folder, provider, ada).await;
        database.comes_to(THERE, all).await;
        database.comes_to("SELECT COUNT(*) FROM deletions", 0).await;
        let page = world.ada.reads(id).await.expect("the conversation");
        assert_eq!(page.leaf.as_ref(), tree.branch.last());
    }
}

/// Rule: killed at whatever moment of a deletion, it has not begun or is finished by the next start.
#[tokio::test]
async fn a_kill_while_thousands_are_deleted() {
    let world = World::start(5).await;
    let mut database = world.database().await;
    let tree = Tree::of(3_000, 100);
    let viewer = database.viewer().await;
    database.adds_tree(viewer, &tree, "Words").await;
    let all = database.count(THERE).await;
    let (ada, root) = (world.ada.clone(), tree.branch[2]);
    let deleting = tokio::spawn(async move {
        // The connection breaks when the process is killed.
        let request = ada.request("delete-message").body(serde_json::json!({ "id": root }).to_string());
        drop(request.send().await);
    });
    while database.count(THERE).await > all - 500 {
        tokio::task::yield_now().await;
    }
    let world = world.restarts_after_sigkill().await;
    deleting.await.expect("it ends");
    database.comes_to(THERE, 2).await;
    world.ada.undoes_deletion(root).await.expect("it is back");
    assert_eq!(database.count(THERE).await, all);
}
