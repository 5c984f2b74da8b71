//! Makes the three files of a version, by its program: before a step is added, with the code of that day,
//!
//! ```text
//! RIVULET_MADE_BY=/path/to/rivulet cargo test --features ssr --no-default-features --test server \
//!     makes_the_files_of_a_version -- --ignored
//! ```

use std::fs;

use kit::{Chat, Database, Folder, Person, Process, Provider, Tab, Writer};
use rivulet::{chat::api::Sending, ids::ConversationId};
use rusqlite::Connection;

use super::{file, pages};

/// An older version, and somebody who uses it for a while.
struct World {
    program: String,
    folder: Folder,
    provider: Provider,
    process: Process,
    ada: Person,
    tab: Tab,
    database: Database,
}

#[tokio::test]
#[ignore = "makes files: RIVULET_MADE_BY=PROGRAM"]
async fn makes_the_files_of_a_version() {
    let program = std::env::var("RIVULET_MADE_BY").expect("RIVULET_MADE_BY names a program");
    let mut world = World::start(program).await;
    world.ada.signs_in_again("Ada").await;
    world.ada.signs_in_again("Ada").await.signs_out().await;
    world.long_conversation().await;
    world.deleted_conversation().await;
    world.several_branches().await;
    world.early_ends().await;
    let purged = world.exchange("This will be deleted.", "All of it?").await;
    let queue = world.queue().await;
    let running = world.running_replies(purged.id).await;
    world.process.dies();
    drop((queue, running));
    world.rows_as_they_may_be(purged.id).await;
    world.keeps_the_files().await;
}

impl World {
    async fn start(program: String) -> World {
        let (folder, provider) = (Folder::new(), Provider::start().await);
        folder.has_settings(&folder.settings(&provider.url, 0));
        let process = Process::start(kit::command(&program, &folder)).await;
        let ada = Person::signs_up(process.address, "Ada").await;
        let (tab, database) = (ada.opens_a_tab().await, Database::open(&folder.database()).await);
        World { program, folder, provider, process, ada, tab, database }
    }

    /// A new conversation with a title from the model.
    async fn exchange(&mut self, question: &str, answer: &str) -> Chat {
        self.provider.gives_title(&format!("On {}", question.trim_end_matches(['?', '.'])));
        let chat = self.ada.asks(question).await;
        self.answers(chat.id, answer).await;
        let titled = format!("SELECT titled FROM conversations WHERE id = '{}'", chat.id);
        self.database.comes_to(titled, 1).await;
        chat
    }

    async fn next_exchange(&mut self, conversation: ConversationId, question: &str, answer: &str) -> Chat {
        let chat = self.ada.asks_in(conversation, question).await.expect("a message that is taken");
        self.answers(conversation, answer).await;
        chat
    }

    async fn retries(&mut self, chat: Chat, answer: &str) {
        self.ada.retries(chat.reply).await.expect("a reply that can be asked for again");
        self.answers(chat.id, answer).await;
    }

    /// Writes the whole reply that runs in this conversation.
    async fn answers(&mut self, conversation: ConversationId, answer: &str) {
        let writer = self.provider.is_asked().await;
        writer.writes(answer);
        writer.ends();
        let running = "SELECT COUNT(*) FROM messages WHERE status IN ('pending', 'streaming')";
        self.database.comes_to(format!("{running} AND conversation_id = '{conversation}'"), 0).await;
    }

    /// Several pages of it.
    async fn long_conversation(&mut self) {
        let chat = self.exchange("What is one and one?", "It is 2.").await;
        for number in 2..36 {
            self.next_exchange(chat.id, &format!("And {number} more?"), &format!("Then it is **{}**.", number * 2))
                .await;
        }
    }

    async fn deleted_conversation(&mut self) {
        let chat = self.exchange("Forget this.", "It is gone when you delete it.").await;
        self.ada.deletes(chat.id).await.expect("it is deleted");
        let left = format!("SELECT COUNT(*) FROM messages WHERE conversation_id = '{}'", chat.id);
        self.database.comes_to(left, 0).await;
    }

    /// At the end, and in the middle, where each begins a branch.
    async fn several_branches(&mut self) {
        let first = self.exchange("What is a delta?", "Where a river meets the sea.").await;
        let second = self.next_exchange(first.id, "Name three rivers.", "- Rhine\n- Nile\n- 長江").await;
        self.retries(second, "1. Seine\n2. Oder\n3. Amazon").await;
        self.next_exchange(first.id, "Thanks!", "You are welcome. 🙂").await;
        self.retries(first, "A letter: `Δ`.").await;
        self.next_exchange(first.id, "Which one?", "The fourth.").await;
        let last = self.next_exchange(first.id, "How long is the Nile?", "It is 6,650 km long.").await;
        self.retries(last, "Long.").await;
        self.retries(last, "Longer than I thought.").await;
        self.edits(second, first, "Name four rivers.", "Rhine, Nile, Volga, 長江").await;
    }

    /// Sends a sibling of a message, which follows `before`.
    async fn edits(&mut self, chat: Chat, before: Chat, text: &str, answer: &str) {
        let first = Person::first_message(text);
        let edit = Sending { conversation: chat.id, opens: false, parent: Some(before.reply), ..first };
        self.ada.sends(&edit).await.expect("a message that is taken");
        self.answers(chat.id, answer).await;
    }

    /// A reply that was continued, one that was stopped, one that failed, and one that was asked for again after it had.
    async fn early_ends(&mut self) {
        let chat = self.ada.asks("Write a sentence in two halves.").await;
        let writer = self.begins(chat, "The first half").await;
        self.ada.stops(chat.reply).await.expect("it is stopped");
        self.tab.sees_the_end(chat.reply).await;
        drop(writer);
        let seen = self.tab.message(chat.reply).epoch;
        self.ada.continues(chat.reply, seen).await.expect("it is continued");
        self.answers(chat.id, ", and the second.").await;
        let chat = self.ada.asks_in(chat.id, "Count to a million.").await.expect("a message that is taken");
        let writer = self.begins(chat, "One, two").await;
        self.ada.stops(chat.reply).await.expect("it is stopped");
        self.tab.sees_the_end(chat.reply).await;
        drop(writer);
        for question in ["What breaks?", "And now?"] {
            let chat = self.ada.asks_in(chat.id, question).await.expect("a message that is taken");
            drop(self.begins(chat, "The line").await);
            self.tab.sees_the_end(chat.reply).await;
            if question == "What breaks?" {
                self.retries(chat, "```\nNothing.\n```").await;
            }
        }
        self.ada.renames(chat.id, "<b>Early</b> ends & 'quotes'").await.expect("a title");
    }

    /// A reply whose first words a tab has seen.
    async fn begins(&mut self, chat: Chat, words: &str) -> Writer {
        self.tab.follows(chat.reply).await;
        let writer = self.provider.is_asked().await;
        writer.thinks("Let me see.");
        writer.writes(words);
        self.tab.sees(chat.reply, words).await;
        writer
    }

    /// What waits for a reply that was stopped, and for one that runs; of each some are edited, and some removed.
    async fn queue(&mut self) -> Writer {
        let chat = self.exchange("Does it wait?", "It does.").await;
        let chat = self.ada.asks_in(chat.id, "Until when?").await.expect("a message that is taken");
        let stopped = self.begins(chat, "Until it is").await;
        self.queues(chat, "What was queued first").await;
        self.ada.stops(chat.reply).await.expect("it is stopped");
        self.tab.sees_the_end(chat.reply).await;
        drop(stopped);
        let chat = self.ada.asks("Does it run?").await;
        let running = self.begins(chat, "It does, and").await;
        self.queues(chat, "Sent as soon as it has ended").await;
        running
    }

    async fn queues(&mut self, chat: Chat, text: &str) {
        let row = self.ada.queues(&chat, text).await.expect("it is queued");
        let removed = self.ada.queues(&chat, "This will be removed.").await.expect("it is queued");
        self.ada.queues(&chat, "And then?").await.expect("it is queued");
        self.ada.edits_queued(&row, &format!("{text}, and edited")).await.expect("it is edited");
        self.ada.removes_queued(&removed).await.expect("it is removed");
    }

    /// At the end, in the middle, in a second epoch, before its first word, and in a conversation that is to be deleted.
    async fn running_replies(&mut self, deleted: ConversationId) -> Vec<Writer> {
        let chat = self.exchange("Are you there?", "Yes.").await;
        let at_the_end = self.ada.asks_in(chat.id, "Still?").await.expect("a message that is taken");
        let mut writers = vec![self.begins(at_the_end, "As long as").await];
        writers[0].writes(" the process runs");
        self.tab.sees(at_the_end.reply, "As long as the process runs").await;

        let chat = self.exchange("Who is first?", "Me.").await;
        self.next_exchange(chat.id, "Who is second?", "Me, too.").await;
        let reply = self.ada.retries(chat.reply).await.expect("a reply that can be asked for again").id;
        writers.push(self.begins(Chat { reply, ..chat }, "On second").await);

        let chat = self.ada.asks("Continue after a stop.").await;
        writers.push(self.begins(chat, "Before").await);
        self.ada.stops(chat.reply).await.expect("it is stopped");
        self.tab.sees_the_end(chat.reply).await;
        let seen = self.tab.message(chat.reply).epoch;
        self.ada.continues(chat.reply, seen).await.expect("it is continued");
        let writer = self.provider.is_asked().await;
        self.tab.follows(chat.reply).await;
        writer.writes(" and after");
        self.tab.sees(chat.reply, "Before and after").await;
        writers.push(writer);

        self.ada.asks("Say nothing.").await;
        writers.push(self.provider.is_asked().await);
        let chat = self.ada.asks_in(deleted, "Even this?").await.expect("a message that is taken");
        writers.push(self.begins(chat, "A secret").await);
        writers
    }

    /// What no version makes in a moment that a test can choose: a purge that was cut off, a session that is over.
    async fn rows_as_they_may_be(&mut self, purged: ConversationId) {
        self.database
            .run(format!(
                "UPDATE memberships SET mine_rev = mine_rev + 1;
                 UPDATE conversations SET deleted_at = 1, title = '', mine_rev = (SELECT mine_rev FROM memberships) WHERE id = '{purged}';
                 INSERT INTO deletions (conversation_id, deleted_at, state) VALUES ('{purged}', 1, 'purging');
                 DELETE FROM messages WHERE id = (SELECT id FROM messages WHERE conversation_id = '{purged}' ORDER BY seq DESC LIMIT 1);
                 UPDATE sessions SET expires_at = 1 WHERE rowid = (SELECT MAX(rowid) FROM sessions)"
            ))
            .await;
    }

    /// The database in one file, and what its own version shows of it.
    async fn keeps_the_files(mut self) {
        let newest = self.database.count("SELECT MAX(version) FROM _sqlx_migrations").await;
        let version = format!("{newest:04}");
        let kept = file(&version, "db");
        // An earlier one, if there is any.
        let _ = fs::remove_file(&kept);
        self.database.run(format!("VACUUM INTO '{}'", kept.display())).await;
        let connection = Connection::open(&kept).expect("the file");
        let mut select = connection.prepare("SELECT id FROM conversations ORDER BY id").expect("conversations");
        let addresses = select.query_map([], |row| Ok(format!("/c/{}", row.get::<_, String>(0)?)));
        let addresses: Vec<_> = addresses.expect("conversations").map(|id| id.expect("an id")).collect();
        fs::copy(&kept, self.folder.database()).expect("a copy");
        for log in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{log}", self.folder.database().display()));
        }
        let process = Process::start(kit::command(&self.program, &self.folder)).await;
        let ada = Person { address: process.address, ..self.ada };
        fs::write(file(&version, "txt"), pages::all(&ada, &addresses).await).expect("a file");
        fs::write(file(&version, "cookie"), &ada.cookie).expect("a file");
    }
}
