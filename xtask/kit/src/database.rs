//! Another program's connection to the server's database: it looks, holds locks, and breaks things.

use std::path::Path;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rivulet::{
    access::Viewer,
    ids::{AccountId, ConversationId, MessageId, UserId, mint, now},
    message::{Kind, Part, Role},
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{PATIENCE, soon};

pub struct Database(SqliteConnection);

impl Database {
    pub async fn open(path: &Path) -> Database {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE).foreign_keys(true);
        Database(options.connect().await.expect("the database can be opened"))
    }

    /// Runs statements that bind nothing.
    pub async fn run(&mut self, sql: impl Into<String>) {
        let sql = sql.into();
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut self.0).await {
            panic!("{error} in {sql}");
        }
    }

    /// The one value that a query gives.
    pub async fn count(&mut self, sql: impl Into<String>) -> i64 {
        let sql = sql.into();
        match sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_one(&mut self.0).await {
            Ok(count) => count,
            Err(error) => panic!("{error} in {sql}"),
        }
    }

    /// How the database would run a statement: a line a step, as SQLite has them.
    pub async fn plan(&mut self, sql: &str) -> Vec<String> {
        let explained = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut self.0).await;
        let steps = explained.unwrap_or_else(|error| panic!("{error} in {sql}"));
        steps.iter().map(|step| step.get("detail")).collect()
    }

    /// Waits until the query gives this value, and asks without a pause.
    pub async fn comes_to(&mut self, sql: impl Into<String>, value: i64) {
        let sql = sql.into();
        soon(&format!("{sql} gives {value}"), async {
            while self.count(sql.clone()).await != value {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// From now on nobody else can write.
    pub async fn locks(&mut self) {
        self.run("BEGIN IMMEDIATE").await;
    }

    pub async fn unlocks(&mut self) {
        self.run("COMMIT").await;
    }

    /// How many rows the journal has of a message.
    pub async fn journal_of(&mut self, id: MessageId) -> i64 {
        self.count(format!("SELECT COUNT(*) FROM journal WHERE message_id = '{id}'")).await
    }

    /// A message's status and text, as its row has them.
    pub async fn row_of(&mut self, id: MessageId) -> (String, String) {
        let sql = format!("SELECT status, parts FROM messages WHERE id = '{id}'");
        let (status, parts): (String, String) =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut self.0).await.expect("the message's row");
        let parts: Vec<Part> = serde_json::from_str(&parts).expect("parts");
        (status, parts.into_iter().map(|part| part.text).collect())
    }

    /// The texts of a message's parts, as its row and the `journal` together have them at one moment.
    pub async fn kept(&mut self, id: MessageId, journal: &str) -> Vec<String> {
        type Row = (String, Option<i64>, Option<i64>, Option<String>);
        let sql = format!(
            "SELECT m.parts, j.part, j.at, j.body FROM messages m
             LEFT JOIN {journal} j ON j.message_id = m.id AND j.epoch = m.epoch AND m.status IN ('pending', 'streaming')
             WHERE m.id = '{id}' ORDER BY j.seq"
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut self.0).await.expect("rows");
        let (parts, ..) = rows.first().expect("the message's row");
        let parts: Vec<Part> = serde_json::from_str(parts).expect("parts");
        let mut texts: Vec<String> = parts.into_iter().map(|part| part.text).collect();
        for (_, part, at, body) in rows {
            match (part, at, body) {
                (Some(part), Some(at), Some(body)) if at >= 0 => {
                    let text = texts.get_mut(part as usize).expect("a part that was begun");
                    assert_eq!(text.len() as i64, at, "the journal has a gap, or something twice");
                    text.push_str(&body);
                }
                (Some(_), ..) => texts.push(String::new()),
                _ => {}
            }
        }
        texts
    }

    /// Adds a conversation of so many messages, a person's and a model's in turns, each with this text, to those of the
    /// one person that there is.
    pub async fn adds_conversation(&mut self, length: usize, text: &str) -> (ConversationId, Vec<MessageId>) {
        let viewer = self.viewer().await;
        self.adds_conversation_of(viewer, length, text).await
    }

    /// The same to those of one of several people.
    pub async fn adds_conversation_of(
        &mut self,
        viewer: Viewer,
        length: usize,
        text: &str,
    ) -> (ConversationId, Vec<MessageId>) {
        let tree = Tree::of(length, 0);
        let conversation = self.adds_tree(viewer, &tree, text).await;
        (conversation, tree.branch)
    }

    /// Adds a conversation that is this tree, each of its messages with this text.
    pub async fn adds_tree(&mut self, viewer: Viewer, tree: &Tree, text: &str) -> ConversationId {
        let Viewer { user, account } = viewer;
        let membership = format!("memberships WHERE user_id = '{user}' AND account_id = '{account}'");
        let (conversation, length): (ConversationId, _) = (mint(), tree.messages.len());
        let lanes = tree.lanes.iter().enumerate().map(|(index, [from_lane, from_seq, newest])| {
            format!("INSERT INTO lanes VALUES ('{conversation}', {}, {from_lane}, {from_seq}, {newest});", index + 1)
        });
        self.locks().await;
        self.run(format!(
            "INSERT INTO conversations (id, account_id, created_by, created_at, visibility, title, titled, updated_at, mine_rev,
                 messages_rev, newest_seq, newest_lane)
             SELECT '{conversation}', account_id, user_id, {now}, 'private', 'Long', 1, {now}, mine_rev + 1, {length}, {length}, {}
             FROM {membership};
             UPDATE memberships SET mine_rev = mine_rev + 1 WHERE user_id = '{user}' AND account_id = '{account}';
             {}",
            tree.lanes.len(),
            lanes.collect::<String>(),
            now = now()
        ))
        .await;
        let part = Part { kind: Kind::Text, started_at: now(), text: text.to_owned() };
        let parts = serde_json::to_string(&[part]).expect("parts");
        for (seq, message) in (1..).zip(&tree.messages) {
            let insert = "INSERT INTO messages (id, conversation_id, parent_id, seq, lane, rev, author_id, role, epoch, nonce, status,
                     parts, created_at, ended_at)
                 VALUES ($1, $2, $3, $4, $9, $4, $8, $5, 1, 1, 'completed', $6, $7, $7)";
            let parent = message.parent.map(|parent| parent.to_string());
            let insert = sqlx::query(insert).bind(message.id.to_string()).bind(conversation.to_string()).bind(parent);
            let insert = insert.bind(seq).bind(message.role.as_str()).bind(&parts).bind(now()).bind(user.to_string());
            insert.bind(message.lane).execute(&mut self.0).await.expect("a message that can be added");
        }
        self.unlocks().await;
        conversation
    }

    /// The one person that there is.
    pub async fn viewer(&mut self) -> Viewer {
        let (user, account): (String, String) = sqlx::query_as("SELECT user_id, account_id FROM memberships")
            .fetch_one(&mut self.0)
            .await
            .expect("a member of an account");
        Viewer { user: user.parse().expect("an id"), account: account.parse().expect("an id") }
    }

    /// Another person with an account of their own, which no page can make yet. Gives their session's cookie.
    pub async fn adds_person(&mut self, name: &str) -> String {
        let (account, user): (AccountId, UserId) = (mint(), mint());
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(name));
        self.run(format!(
            "INSERT INTO accounts (id, kind, name, created_at) VALUES ('{account}', 'personal', '', 1);
             INSERT INTO users (id, name, email, password_hash, created_at) VALUES ('{user}', '{name}', '{name}@example.org', '', 1);
             INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ('{account}', '{user}', 'owner', 1);
             INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ('{hash}', '{user}', {}, {});",
            now(),
            i64::MAX
        ))
        .await;
        format!("rivulet_session={name}")
    }
}

/// The messages of a conversation, a person's and a model's in turns.
pub struct Tree {
    /// In the order in which they are written.
    messages: Vec<Node>,
    /// For each lane: which it leaves, after which message, and its own newest.
    lanes: Vec<[i64; 3]>,
    /// Those of the newest branch.
    pub branch: Vec<MessageId>,
}

struct Node {
    id: MessageId,
    parent: Option<MessageId>,
    lane: i64,
    role: Role,
}

impl Tree {
    /// A branch of so many messages. As many of its replies, evenly spread, were asked for twice: the branch leads through
    /// the second.
    pub fn of(length: usize, forks: usize) -> Tree {
        let mut tree = Tree { messages: vec![], lanes: vec![[0, 0, 0]], branch: vec![] };
        let every = (length / 2).checked_div(forks).unwrap_or(usize::MAX);
        for number in 0..length {
            let parent = tree.branch.last().copied();
            let role = if number % 2 == 0 { Role::User } else { Role::Assistant };
            if role == Role::Assistant && (number / 2) % every == every - 1 {
                let from = [tree.lanes.len() as i64, tree.messages.len() as i64];
                tree.adds(parent, role);
                tree.lanes.push([from[0], from[1], 0]);
            }
            let id = tree.adds(parent, role);
            tree.branch.push(id);
        }
        tree
    }

    fn adds(&mut self, parent: Option<MessageId>, role: Role) -> MessageId {
        let (id, lane) = (mint(), self.lanes.len() as i64);
        self.messages.push(Node { id, parent, lane, role });
        let seq = self.messages.len() as i64;
        if let Some(lane) = self.lanes.last_mut() {
            lane[2] = seq;
        }
        id
    }
}
