//! A conversation's tree in the database: whatever is written where, its windows, branches and histories are those that
//! the rows' parents say.

use std::collections::{HashMap, HashSet};

use kit::{Database as Other, Folder};
use proptest::{prelude::*, test_runner::TestRunner};
use rivulet::{
    access::Viewer,
    account::Person,
    conversation::{MessagePage, Window, deletion::DeletionChange},
    database::Database,
    ids::{ConversationId, MessageId, NodeId, mint, now},
    message::{Message, Role},
    reply::store::{Exchange, Started},
};

/// A conversation that grows at random.
struct Tree {
    _folder: Folder,
    database: Database,
    other: Other,
    viewer: Viewer,
    node: NodeId,
    id: ConversationId,
    /// Every message and its parent, in the order in which they were written.
    written: Vec<(MessageId, Option<MessageId>, Role)>,
    /// Each message that was deleted and is not back, and what went with it.
    deleted: Vec<(MessageId, Vec<MessageId>)>,
}

/// What happens to it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Grows {
        at: usize,
        is_retry: bool,
    },
    Deletes {
        at: usize,
    },
    /// Brings back what was deleted with a message.
    Restores {
        at: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<usize>(), prop::bool::weighted(0.3)).prop_map(|(at, is_retry)| Step::Grows { at, is_retry }),
        2 => any::<usize>().prop_map(|at| Step::Deletes { at }),
        2 => any::<usize>().prop_map(|at| Step::Restores { at }),
    ]
}

impl Tree {
    async fn plant() -> Tree {
        let folder = Folder::new();
        let database = Database::open(&format!("sqlite:{}", folder.database().display())).await.expect("a database");
        let person = Person { name: "Ada".into(), email: "ada@example.org".into() };
        assert!(database.create_owner(mint(), &person, "", now()).await.expect("a person"));
        let mut other = Other::open(&folder.database()).await;
        let (viewer, node) = (other.viewer().await, mint());
        database.register(node).await.expect("a process that is known");
        Tree { _folder: folder, database, other, viewer, node, id: mint(), written: vec![], deleted: vec![] }
    }

    async fn takes(&mut self, step: Step) {
        match step {
            Step::Grows { at, is_retry } => self.grows(at, is_retry).await,
            Step::Deletes { at } => self.deletes(at).await,
            Step::Restores { at } => self.restores(at).await,
        }
    }

    /// Another message below one that is there already, or at the beginning, with its reply; or another reply.
    async fn grows(&mut self, at: usize, is_retry: bool) {
        let there = self.there();
        let replies: Vec<_> = (self.written.iter())
            .filter(|(id, _, role)| *role == Role::Assistant && there.contains(id))
            .map(|(id, ..)| *id)
            .collect();
        if replies.is_empty() && !there.is_empty() {
            // What there is waits for an answer that was deleted.
            return;
        }
        let reply = Message::asked(mint(), format!("test/{}", self.written.len()));
        // Mostly near the end, so that branches get long.
        let recent = if at.is_multiple_of(3) { replies.len() } else { replies.len().min(2) };
        let at = (recent > 0).then(|| replies[replies.len() - 1 - at % recent]);
        let started = match at {
            Some(of) if is_retry => {
                self.database.retry(self.viewer, of, (&reply, None), now(), self.node).await.expect("a row")
            }
            parent => {
                let said = Message::said(mint(), "Hello".into(), now());
                let opens = parent.is_none().then(|| "A conversation".into());
                let new = Exchange {
                    conversation: self.id,
                    opens,
                    parent,
                    edits: None,
                    temporary: false,
                    options: Default::default(),
                    said,
                    reply,
                    others: vec![],
                    now: now(),
                };
                self.database.exchange(self.viewer, &new, self.node).await.expect("rows")
            }
        };
        let Started::Yes(new) = started else { panic!("{started:?}") };
        self.written.extend(new.said.iter().chain(&new.replies).map(|meta| (meta.id, meta.parent, meta.role)));
        self.other.run("UPDATE messages SET status = 'completed'").await;
    }

    /// A message and all below it.
    async fn deletes(&mut self, at: usize) {
        let there = self.there();
        let Some(root) = there.get(at % there.len().max(1)).copied() else { return };
        let mut lost = vec![];
        for id in there {
            if self.branch(id).contains(&root) {
                lost.push(id);
            }
        }
        let count = lost.len() as i64;
        self.deleted.push((root, lost));
        let begun = self.database.begin_deletion(self.viewer, root, now(), |_| false).await.expect("it begins");
        assert_eq!(begun, DeletionChange::Begun(self.id));
        // From then on, though none is marked yet.
        self.holds().await;
        self.finishes().await;
        assert_eq!(self.database.deleted_with(self.id, root).await.expect("a count"), count);
    }

    /// What was deleted with a message comes back, if what that follows is there.
    async fn restores(&mut self, at: usize) {
        if self.deleted.is_empty() {
            return;
        }
        let at = at % self.deleted.len();
        let root = self.deleted[at].0;
        let restored = self.database.begin_restoring(self.viewer, root).await.expect("an answer");
        if self.parents()[&root].is_none_or(|parent| self.there().contains(&parent)) {
            assert_eq!(restored, DeletionChange::Begun(self.id));
            self.deleted.remove(at);
            self.finishes().await;
        } else {
            assert_eq!(restored, DeletionChange::Changed);
        }
    }

    async fn finishes(&self) {
        while self.database.continue_deletion(self.id).await.expect("a slice") {}
    }

    /// What is not deleted, in the order in which it was written.
    fn there(&self) -> Vec<MessageId> {
        let lost: HashSet<_> = self.deleted.iter().flat_map(|(_, lost)| lost).collect();
        self.written.iter().map(|(id, ..)| *id).filter(|id| !lost.contains(id)).collect()
    }

    fn parents(&self) -> HashMap<MessageId, Option<MessageId>> {
        self.written.iter().map(|(id, parent, _)| (*id, *parent)).collect()
    }

    /// From the root to this message.
    fn branch(&self, id: MessageId) -> Vec<MessageId> {
        let parents = self.parents();
        let mut branch: Vec<_> = std::iter::successors(Some(id), |id| parents[id]).collect();
        branch.reverse();
        branch
    }

    /// The newest message below this one, or itself.
    fn newest_below(&self, id: MessageId) -> MessageId {
        let there = self.there();
        *there.iter().rev().find(|other| self.branch(**other).contains(&id)).expect("at least itself")
    }

    async fn loads(&self, window: Window) -> MessagePage {
        let page = self.database.message_page(self.viewer, self.id, window).await.expect("a database that answers");
        page.expect("a conversation that one may see")
    }

    async fn holds(&self) {
        let there = self.there();
        let newest = there.last().copied();
        let plain = self.loads(Window::Newest).await;
        assert_eq!((plain.leaf, plain.plain_leaf), (newest, newest));
        for lost in self.deleted.iter().flat_map(|(_, lost)| lost) {
            assert_eq!(self.loads(Window::Around(*lost)).await, plain);
        }
        for id in &there {
            let leaf = self.newest_below(*id);
            let page = self.loads(Window::Around(*id)).await;
            assert_eq!((page.leaf, page.plain_leaf), (Some(leaf), newest));
            assert_eq!(self.unrolled(page).await, self.branch(leaf));
            let history = self.database.history(self.viewer, self.id, *id, usize::MAX, |_| false).await;
            assert_eq!(ids(&history.expect("rows").messages), self.branch(*id));
        }
    }

    /// All of a branch, from a window and what is loaded before it and after it.
    async fn unrolled(&self, page: MessagePage) -> Vec<MessageId> {
        let leaf = page.leaf.expect("a leaf");
        self.checks_siblings(&page);
        let mut branch = ids(&page.messages);
        let (mut before, mut after) = (page.more_before, page.more_after);
        while before {
            let page = self.loads(Window::Before(branch[0])).await;
            self.checks_siblings(&page);
            branch.splice(0..0, ids(&page.messages));
            before = page.more_before;
        }
        while after {
            let message = *branch.last().expect("a message");
            let page = self.loads(Window::After { message, leaf }).await;
            branch.extend(ids(&page.messages));
            after = page.more_after;
        }
        branch
    }

    /// The rows that come with a window are those of its messages and of their siblings.
    fn checks_siblings(&self, page: &MessagePage) {
        let parents = self.parents();
        let there = self.there();
        let shown: Vec<_> = page.messages.iter().map(|message| parents[&message.id]).collect();
        let mut expected: Vec<_> = there.into_iter().filter(|id| shown.contains(&parents[id])).collect();
        let mut metas: Vec<_> = page.metas.iter().map(|meta| meta.id).collect();
        expected.sort();
        metas.sort();
        assert_eq!(metas, expected);
        assert!(page.metas.iter().all(|meta| meta.parent == parents[&meta.id]));
    }
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

/// Rule: a branch, its windows and what a model is sent are the path from the root, however the tree has grown, and whatever
/// of it was deleted and has come back.
#[test]
fn windows_are_pieces_of_the_path_from_the_root() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let steps = prop::collection::vec(step(), 1..50);
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) });
    let held = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let mut tree = Tree::plant().await;
            tree.grows(0, false).await;
            for step in steps {
                tree.takes(step).await;
            }
            tree.holds().await;
        });
        Ok(())
    });
    held.expect("a tree like its rows");
}
