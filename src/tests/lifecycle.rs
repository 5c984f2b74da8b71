//! The real program: how it starts, stops and is killed, and what the next start recovers.

mod database_file;
mod deletions;
mod operation;
mod queue;
mod recovery;
mod restore;
mod schema_steps;
mod settings;
mod stopping;
mod upgrade;

use kit::{Chat, Database, Folder, Person, Process, Provider, Tab, Writer};

use crate::program::{self};

/// The program running in a folder, with settings for the test's provider.
struct World {
    folder: Folder,
    provider: Provider,
    process: Process,
    ada: Person,
}

impl World {
    async fn start(grace_seconds: u64) -> World {
        let (folder, provider) = (Folder::new(), Provider::start().await);
        folder.has_settings(&folder.settings(&provider.url, grace_seconds));
        let process = program::start(&folder).await;
        let ada = Person::signs_up(process.address, "Ada").await;
        World { folder, provider, process, ada }
    }

    /// A reply with its first words, and a tab that has seen them.
    async fn streaming(&self, words: &str) -> (Chat, Tab, Writer) {
        let chat = self.ada.asks("Hello").await;
        let mut tab = self.ada.opens_a_tab().await;
        tab.follows(chat.reply).await;
        let provider = self.provider.is_asked().await;
        provider.thinks("Hm.");
        provider.writes(words);
        tab.sees(chat.reply, words).await;
        (chat, tab, provider)
    }

    /// `kill -9`, and another start on the same folder.
    async fn restarts_after_sigkill(self) -> World {
        let World { folder, provider, mut process, ada } = self;
        process.dies();
        World::restarts(folder, provider, ada).await
    }

    async fn restarts(folder: Folder, provider: Provider, ada: Person) -> World {
        let process = program::start(&folder).await;
        let ada = Person { address: process.address, ..ada };
        World { folder, provider, process, ada }
    }

    async fn database(&self) -> Database {
        Database::open(&self.folder.database()).await
    }
}
