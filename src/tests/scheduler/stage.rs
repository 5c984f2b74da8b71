//! What the steps are taken on: two replies at a time, their followers, and a second connection to the database, which
//! reads it, holds its lock, and makes it fail.

use std::sync::{Arc, atomic::Ordering};

use kit::{Database, Folder, soon};
use rivulet::{
    access::Viewer,
    account::Person,
    config::Limits,
    database,
    ids::{MessageId, NodeId, UserId, mint, now},
    live::hub::{Hub, Tab},
    message::{Kind, Message},
    reply::{
        journal::{Journal, sqlite::store::SqliteStore, store::Store},
        store::{Exchange, Started},
    },
};
use tokio::sync::watch;

use super::{
    follower::Follower,
    reply::Reply,
    standby::{COPY, Faults, TAKE_OVER, WithStandby},
};

pub struct Stage {
    _folder: Folder,
    database: Arc<database::Database>,
    hub: Arc<Hub>,
    journal: Journal,
    node: NodeId,
    viewer: Viewer,
    other: Database,
    /// How often a commit has failed.
    failures: watch::Receiver<u64>,
    faults: Arc<Faults>,
    locked: bool,
    failing: bool,
    replies: Vec<Reply>,
    followers: Vec<Follower>,
    /// Is notified of everything that is shown.
    witness: Arc<Tab>,
}

impl Stage {
    pub async fn set(failures: watch::Receiver<u64>) -> Stage {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.database().display());
        let database = Arc::new(database::Database::open(&url).await.expect("a database"));
        let mut other = Database::open(&folder.database()).await;
        let (node, user): (NodeId, UserId) = (mint(), mint());
        let person = Person { name: "Ada".into(), email: "ada@example.org".into() };
        assert!(database.create_owner(user, &person, "", now()).await.expect("a person"));
        let viewer = other.viewer().await;
        database.register(node).await.expect("a process that is known");
        let hub =
            Arc::new(Hub::new(Limits { replies_per_person: usize::MAX, replies: usize::MAX, ..Limits::default() }));
        let store = SqliteStore::open(database.path(), node).expect("the journal's connection");
        let faults = Arc::<Faults>::default();
        let store = WithStandby { store, faults: faults.clone() };
        let (journal, _) = Journal::start(store, database.turn(), hub.clone()).expect("a committer");
        let witness = Tab::new(viewer, String::new());
        Stage {
            _folder: folder,
            database,
            hub,
            journal,
            node,
            viewer,
            other,
            failures,
            faults,
            locked: false,
            failing: false,
            replies: vec![],
            followers: vec![],
            witness,
        }
    }

    /// Starts over, with so many running replies.
    pub async fn opens(&mut self, replies: usize) {
        self.heals().await;
        self.followers.clear();
        self.replies.clear();
        for _ in 0..replies {
            self.asks().await;
        }
        self.copies().await;
    }

    /// Starts a reply.
    async fn asks(&mut self) {
        let reply = Message::asked(mint(), "test/model".into());
        let conversation = mint();
        let running = self.hub.enter(self.viewer, conversation, reply.clone()).expect("a new message");
        let said = Message::said(mint(), "Hello".into(), now());
        let opens = Some("A conversation".into());
        let exchange = Exchange {
            conversation,
            opens,
            parent: None,
            edits: None,
            temporary: false,
            options: Default::default(),
            said,
            reply,
            others: vec![],
            now: now(),
        };
        let started = self.database.exchange(self.viewer, &exchange, self.node).await.expect("a row");
        assert!(matches!(started, Started::Yes { .. }), "{started:?}");
        running.open();
        running.follow(&self.witness);
        self.replies.push(Reply::new(running));
    }

    /// The next commit succeeds, and the connection is lost before the committer is notified of it.
    pub fn loses_answer(&self) {
        self.faults.loses_answer.store(true, Ordering::SeqCst);
    }

    /// A copy of the database has all that is committed now.
    pub async fn copies(&mut self) {
        self.heals().await;
        self.other.run(COPY).await;
    }

    /// The copy takes over. What was shown and is not in it is written again with what another reply writes next.
    pub async fn fails_over(&mut self) {
        self.heals().await;
        let turn = self.database.turn().lock_owned().await;
        self.other.run(TAKE_OVER).await;
        self.faults.is_lost.store(true, Ordering::SeqCst);
        drop(turn);
        self.asks().await;
        let last = self.replies.len() - 1;
        self.writes(last, Kind::Text, "once more");
        self.commits().await;
    }

    pub async fn joins(&mut self, reply: usize, with_page: bool) {
        let running = self.replies[reply].running.clone();
        // The hub's copy is read before the row, as for a page. A reply that left the hub is not followed.
        let seen = running.seen();
        if self.hub.running(running.id).is_some() {
            self.followers.push(Follower::joins(running, seen.filter(|_| with_page)));
        }
    }

    pub fn reads(&mut self, follower: usize, frames: usize) {
        if let Some(follower) = self.followers.get_mut(follower) {
            follower.reads(frames);
        }
    }

    pub fn drops(&mut self, follower: usize, by_frame: bool) {
        if follower < self.followers.len() {
            let follower = self.followers.remove(follower);
            if by_frame {
                follower.leaves();
            }
        }
    }

    pub fn writes(&mut self, reply: usize, kind: Kind, text: &str) {
        self.replies[reply].writes(&self.journal, kind, text);
    }

    pub fn stops(&mut self, reply: usize) {
        self.replies[reply].running.stop(rivulet::message::Status::Stopped);
    }

    pub fn ends(&mut self, reply: usize) {
        self.replies[reply].ends(&self.journal);
    }

    pub async fn commits(&mut self) {
        if !self.locked && !self.failing {
            soon("all is committed", async {
                while let Some(reply) = self.replies.iter().find(|reply| reply.waits()) {
                    tokio::select! {
                        () = self.witness.woken() => self.witness.take_dirty(|_| {}),
                        () = reply.running.over() => {}
                    }
                }
            })
            .await;
            self.is_stored().await;
        }
    }

    /// Fails unless the database has exactly what the hub has of each running reply, by what the committer would ask.
    async fn is_stored(&self) {
        let mut store = SqliteStore::open(self.database.path(), self.node).expect("another connection");
        let running: Vec<_> =
            (self.replies.iter()).filter(|reply| !reply.running.is_over() && !reply.deleted).collect();
        let ids: Vec<_> = running.iter().map(|reply| reply.running.id).collect();
        let stored = store.stored_position(&ids).await.expect("a database that answers");
        for reply in running.iter().filter(|reply| !reply.running.is_over()) {
            let message = reply.running.message();
            assert_eq!(stored.positions.get(&message.id), Some(&message.position()), "{message:?}");
        }
    }

    pub async fn fails(&mut self) {
        self.heals().await;
        self.other.run("ALTER TABLE journal RENAME TO journal_away").await;
        self.failing = true;
        let before = *self.failures.borrow_and_update();
        soon("a commit fails", async {
            while let Some(reply) = self.replies.iter().find(|reply| reply.waits())
                && *self.failures.borrow() == before
            {
                tokio::select! {
                    () = self.witness.woken() => self.witness.take_dirty(|_| {}),
                    () = reply.running.over() => {}
                    changed = self.failures.changed() => changed.expect("the log is listened to"),
                }
            }
        })
        .await;
    }

    pub async fn locks(&mut self) {
        if !self.locked {
            self.other.locks().await;
            self.locked = true;
        }
    }

    pub async fn heals(&mut self) {
        if std::mem::take(&mut self.locked) {
            self.other.unlocks().await;
        }
        if std::mem::take(&mut self.failing) {
            self.other.run("ALTER TABLE journal_away RENAME TO journal").await;
        }
        self.other.run("DROP TRIGGER IF EXISTS refused").await;
    }

    pub async fn refuses(&mut self, reply: usize) {
        self.heals().await;
        let id = self.replies[reply].running.id;
        self.other
            .run(format!(
                "CREATE TRIGGER refused BEFORE INSERT ON journal WHEN NEW.message_id = '{id}' BEGIN SELECT RAISE(ABORT, 'bad'); END"
            ))
            .await;
    }

    pub async fn deletes(&mut self, reply: usize) {
        let reply = &mut self.replies[reply];
        reply.deleted = true;
        self.other.run(format!("DELETE FROM messages WHERE id = '{}'", reply.running.id)).await;
    }

    /// Fails unless every follower has a prefix of what was written, and only what is committed.
    pub async fn is_true(&mut self) {
        for follower in &self.followers {
            let id = follower.running.id;
            let reply = self.replies.iter().find(|reply| reply.running.id == id).expect("one of the replies");
            assert!(is_prefix(&follower.message, &texts(&reply.draft)), "{:?} of {:?}", follower.message, reply.draft);
            if !reply.deleted {
                let journal = if self.failing { "journal_away" } else { "journal" };
                let kept = self.other.kept(id, journal).await;
                assert!(is_prefix(&follower.message, &kept), "{:?} is shown, {kept:?} is kept", follower.message);
            }
        }
    }

    /// Ends all replies, and fails unless every follower has the same final state as the row.
    pub async fn closes(&mut self) {
        for reply in &mut self.replies {
            reply.ends(&self.journal);
            reply.running.over().await;
        }
        self.followers.iter_mut().for_each(|follower| follower.reads(usize::MAX));
        self.is_true().await;
        for reply in &self.replies {
            let row = self.row(reply.running.id).await;
            assert!(row.as_ref().is_none_or(|row| row.status.is_final()), "{row:?} is not final");
            for follower in self.followers.iter().filter(|follower| follower.running.id == reply.running.id) {
                match &row {
                    Some(row) => assert_eq!(follower.message, *row),
                    None => assert!(reply.deleted && (follower.is_gone || follower.message.status.is_final())),
                }
            }
        }
    }

    async fn row(&self, id: MessageId) -> Option<Message> {
        let row = self.database.message(self.viewer, id).await.expect("a database that answers");
        row.map(|(_, message)| message)
    }
}

fn texts(message: &Message) -> Vec<String> {
    message.parts.iter().map(|part| part.text.clone()).collect()
}

/// Whether a message's texts are the first of these, the last one perhaps shorter.
fn is_prefix(message: &Message, texts: &[String]) -> bool {
    let last = message.parts.len().saturating_sub(1);
    message.parts.len() <= texts.len()
        && (message.parts.iter().zip(texts).enumerate())
            .all(|(at, (part, text))| text.starts_with(&part.text) && (at == last || part.text == *text))
}
