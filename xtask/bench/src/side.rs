//! The two that are compared, each under the same load.

use std::{process::Command, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use hdrhistogram::Histogram;
use kit::{Built, Chat, Database, Folder, PATIENCE, Person, Process, Provider, page::client_builder};
use rivulet::{
    conversation::{ConversationPage, Sidebar},
    ids::{ConversationId, mint},
    live::List,
    message::{Message, Role},
};
use serde_json::json;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    bare_tab::{self, Socket},
    commits, cpu,
    load::Load,
    log_index::LogIndex,
    provider::{self, question},
    recorder::{Recorder, Seen},
    tab::Tab,
};

/// How many requests are made at once while a load is prepared.
pub const AT_ONCE: usize = 32;
/// The thread that commits.
const COMMITTER: &str = "journal";
/// The text of every message that is only there to be there, about 500 bytes of it.
pub const PROSE: &str = "A river keeps its words by moving on. ";

/// The server as people have it, in a folder of its own.
pub struct Product {
    pub process: Process,
    pub person: Person,
    pub log: LogIndex,
    pub database: Database,
    _folder: Folder,
}

pub struct Bare {
    pub process: Process,
    client: reqwest::Client,
}

/// What came of a load, or of several of the same kind.
#[derive(Default)]
pub struct Outcome {
    pub seen: Seen,
    pub cpu: Duration,
    /// The part of it that the journal's thread took, and how many commits that was; none for the bare socket.
    pub commits_cpu: Duration,
    pub commits: u32,
    /// The longest of them that the server logged, in milliseconds.
    pub longest_commit: u64,
    pub deliveries: usize,
    pub tabs: usize,
}

impl Product {
    pub async fn start(provider: &Provider) -> Product {
        let (folder, process) = Product::process(provider).await;
        let person = Person { client: client(), ..Person::signs_up(process.address, "Ada").await };
        let database = Database::open(&folder.database()).await;
        Product { process, person, log: LogIndex::of(folder.database()), database, _folder: folder }
    }

    /// The server alone, which nobody has used yet.
    pub async fn process(provider: &Provider) -> (Folder, Process) {
        let folder = Folder::new();
        folder.has_settings(&folder.settings(&provider.url, 0));
        let Built { server, site } = Built::from_environment();
        let mut command = kit::command(server, &folder);
        command.env("LEPTOS_SITE_ROOT", site);
        // The server's own default, and each commit that took long.
        command.env("RUST_LOG", "info,tower_http=warn,sqlx=warn,hyper=warn,rivulet::reply::journal=debug");
        let process = Process::start(command).await;
        (folder, process)
    }

    /// Adds a conversation of so many messages.
    pub async fn adds_conversation(&mut self, length: usize) -> ConversationId {
        self.database.adds_conversation(length, &PROSE.repeat(13)).await.0
    }

    /// A tab that follows lists from their beginning, and no message.
    pub async fn tab_with_lists(&self, lists: &[List]) -> Tab {
        let mut tab = Tab::open(&self.person, Message::unseen(mint(), Role::Assistant)).await;
        for list in lists {
            tab.follows_list(*list, None).await;
        }
        tab
    }

    /// Each reply in a conversation of its own, as one runs in each.
    pub async fn bears(&mut self, load: &Arc<Load>, provider: &Provider) -> Outcome {
        let person = &self.person;
        let ask = |reply| async move { person.asks(&question(reply)).await };
        let chats: Vec<_> = stream::iter(0..load.replies).map(ask).buffered(AT_ONCE).collect().await;
        let writers = provider::is_asked(provider, load).await;
        // Asking for titles is no part of a load.
        self.database.run("UPDATE conversations SET titled = 1").await;
        let page: Result<ConversationPage, _> =
            person.call("conversations", json!({ "list": "mine", "after": null })).await;
        let sidebar = page.expect("the sidebar").position;
        let follow = |chat: Chat| async move {
            let mut tab = Tab::follows(person, chat.reply).await;
            let messages = person.reads(chat.id).await.expect("the conversation").position;
            tab.follows_list(List::Messages(chat.id), Some(messages)).await;
            tab.follows_list(List::Conversations(Sidebar::Mine), Some(sidebar)).await;
            tab
        };
        let seats = load.seats().map(|reply| chats[reply]);
        let tabs: Vec<Tab> = stream::iter(seats).map(follow).buffered(AT_ONCE).collect().await;
        let process = &self.process;
        let logged = process.log.length();
        let before = (cpu::of(process), cpu::of_thread(process, COMMITTER), self.log.commits());
        provider::writes(load.clone(), writers);
        let seen = all(load, tabs, Tab::sees_the_end).await;
        Outcome {
            commits_cpu: cpu::of_thread(process, COMMITTER) - before.1,
            commits: self.log.commits().wrapping_sub(before.2),
            longest_commit: commits::longest(process, logged),
            ..Outcome::new(load, seen, cpu::of(process) - before.0)
        }
    }
}

impl Bare {
    pub async fn start(provider: &Provider) -> Bare {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["bare", &provider.url]);
        Bare { process: Process::start(command).await, client: client() }
    }

    pub async fn bears(&mut self, load: &Arc<Load>, provider: &Provider) -> Outcome {
        let connect = |reply| bare_tab::connect(self.process.address, reply);
        let tabs: Vec<Socket> = stream::iter(load.seats()).map(connect).buffered(AT_ONCE).collect().await;
        for reply in 0..load.replies {
            let address = format!("http://{}/reply?reply={reply}", self.process.address);
            let asked = self.client.post(address).send().await.expect("an answer");
            assert!(asked.status().is_success(), "{}", asked.status());
        }
        let writers = provider::is_asked(provider, load).await;
        let before = cpu::of(&self.process);
        provider::writes(load.clone(), writers);
        let seen = all(load, tabs, bare_tab::sees_the_end).await;
        Outcome::new(load, seen, cpu::of(&self.process) - before)
    }
}

/// A client that keeps its connections, as browsers do.
pub fn client() -> reqwest::Client {
    client_builder().build().expect("a client that needs no certificates")
}

/// Lets every tab read until its reply ends, and puts together what they saw.
async fn all<T, F>(load: &Arc<Load>, tabs: Vec<T>, read: impl Fn(T, Recorder) -> F) -> Seen
where
    F: Future<Output = Seen> + Send + 'static,
{
    let texts: Vec<Arc<str>> = (0..load.replies).map(|reply| load.text(reply).into()).collect();
    let mut reading = JoinSet::new();
    for (tab, reply) in tabs.into_iter().zip(load.seats()) {
        reading.spawn(read(tab, Recorder::new(load.clone(), reply, texts[reply].clone())));
    }
    let mut all = Seen::default();
    let read = async {
        while let Some(seen) = reading.join_next().await {
            all.add(seen.expect("a tab that reads until the end"));
        }
    };
    timeout(load.lasting() + PATIENCE, read).await.unwrap_or_else(|_| panic!("{load} did not end"));
    assert!(all.delays.len() == load.deliveries(), "{load}: {} of {} came", all.delays.len(), load.deliveries());
    all
}

impl Outcome {
    fn new(load: &Load, seen: Seen, cpu: Duration) -> Outcome {
        Outcome { seen, cpu, deliveries: load.deliveries(), tabs: load.replies * load.tabs, ..Outcome::default() }
    }

    pub fn add(&mut self, other: Outcome) {
        self.seen.add(other.seen);
        self.cpu += other.cpu;
        self.commits_cpu += other.commits_cpu;
        self.commits += other.commits;
        self.longest_commit = self.longest_commit.max(other.longest_commit);
        self.deliveries += other.deliveries;
        self.tabs += other.tabs;
    }

    /// So many per cent of the tokens were there after so many milliseconds. Counted from when each was to be sent: a
    /// provider or a server that stalls makes all that it held back late, and not only one.
    pub fn delay(&self, percentile: f64) -> f64 {
        let mut delays = Histogram::<u64>::new(3).expect("three digits");
        for delay in &self.seen.delays {
            delays.record(u64::from(*delay)).expect("a delay");
        }
        delays.value_at_percentile(percentile) as f64 / 1e3
    }

    pub fn bytes_for_each(&self) -> f64 {
        self.seen.bytes as f64 / self.deliveries as f64
    }

    /// The processor time of the server for a token that reached a tab, in microseconds.
    pub fn cpu_for_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.deliveries as f64
    }

    /// The same without what the commits took: many tokens share one.
    pub fn cpu_beside_commits(&self) -> f64 {
        self.cpu.saturating_sub(self.commits_cpu).as_secs_f64() * 1e6 / self.deliveries as f64
    }

    /// The processor time of a commit, in milliseconds.
    pub fn cpu_of_a_commit(&self) -> f64 {
        self.commits_cpu.as_secs_f64() * 1e3 / f64::from(self.commits)
    }
}
