//! The two that are compared, each under the same load.

use std::{process::Command, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use rivulet::live::List;
use tokio::{task::JoinSet, time::timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::{
    client,
    database::Database,
    folder::Folder,
    load::Load,
    log_index::LogIndex,
    person::Person,
    process::Process,
    provider::{self, Provider},
    tab::{self, Socket, Tab},
    witness::{Seen, Witness},
};

/// How many requests are on their way at once while a load is prepared.
pub const AT_ONCE: usize = 32;
/// The thread that commits.
const COMMITTER: &str = "journal";
/// How long a load may take beyond its own time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server as people have it, in a folder of its own.
pub struct Product {
    pub process: Process,
    pub person: Person,
    pub database: Database,
    pub log: LogIndex,
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
    pub async fn start(provider: &Provider) -> anyhow::Result<Product> {
        let folder = Folder::new(&provider.url)?;
        let process = Process::start(&mut folder.command())?;
        let person = Person::signs_up(process.address).await?;
        let database = Database::open(&folder.database()).await?;
        let log = LogIndex::of(folder.database());
        Ok(Product { process, person, database, log, _folder: folder })
    }

    /// Each reply in a conversation of its own, as one runs in each.
    pub async fn bears(&mut self, load: &Arc<Load>, provider: &Provider) -> anyhow::Result<Outcome> {
        let person = &self.person;
        let ask = |reply| async move { person.says(&Provider::question(reply)).await };
        let replies: Vec<_> = stream::iter(0..load.replies).map(ask).buffered(AT_ONCE).try_collect().await?;
        let voices = provider.is_asked(load).await?;
        self.database.wants_no_titles().await?;
        let ids = load.seats().map(|reply| replies[reply]);
        let sidebar = person.sidebar().await?;
        let follow = |(conversation, id)| async move {
            let mut tab = Tab::follows(person, id).await?;
            let messages = (List::Messages(conversation), person.reads(conversation).await?.rev);
            tab.follows_lists([messages, (List::Conversations, sidebar)]).await?;
            anyhow::Ok(tab)
        };
        let tabs: Vec<Tab> = stream::iter(ids).map(follow).buffered(AT_ONCE).try_collect().await?;
        self.process.longest_commit();
        let before = (self.process.cpu()?, self.process.cpu_of_thread(COMMITTER)?, self.log.commits()?);
        provider::says(load.clone(), voices);
        let seen = all(load, tabs, Tab::sees_the_end).await?;
        Ok(Outcome {
            commits_cpu: self.process.cpu_of_thread(COMMITTER)? - before.1,
            commits: self.log.commits()?.wrapping_sub(before.2),
            longest_commit: self.process.longest_commit(),
            ..Outcome::new(load, seen, self.process.cpu()? - before.0)
        })
    }
}

impl Bare {
    pub fn start(provider: &Provider) -> anyhow::Result<Bare> {
        let mut command = Command::new(std::env::current_exe()?);
        let process = Process::start(command.args(["bare", &provider.url]))?;
        Ok(Bare { process, client: client() })
    }

    pub async fn bears(&mut self, load: &Arc<Load>, provider: &Provider) -> anyhow::Result<Outcome> {
        let connect = |reply| self.connect(reply);
        let tabs: Vec<Socket> = stream::iter(load.seats()).map(connect).buffered(AT_ONCE).try_collect().await?;
        for reply in 0..load.replies {
            let address = format!("http://{}/reply?reply={reply}", self.process.address);
            self.client.post(address).send().await?.error_for_status()?;
        }
        let voices = provider.is_asked(load).await?;
        let before = self.process.cpu()?;
        provider::says(load.clone(), voices);
        let seen = all(load, tabs, tab::bare_sees_the_end).await?;
        Ok(Outcome::new(load, seen, self.process.cpu()? - before))
    }

    /// A socket on which a reply will come.
    pub async fn connect(&self, reply: usize) -> anyhow::Result<Socket> {
        tab::connect(format!("ws://{}/live?reply={reply}", self.process.address).into_client_request()?).await
    }
}

/// Lets every tab read to the end, and puts together what they saw.
async fn all<T, F>(load: &Arc<Load>, tabs: Vec<T>, read: impl Fn(T, Witness) -> F) -> anyhow::Result<Seen>
where
    F: Future<Output = anyhow::Result<Seen>> + Send + 'static,
{
    let texts: Vec<Arc<str>> = (0..load.replies).map(|reply| load.text(reply).into()).collect();
    let mut reading = JoinSet::new();
    for (tab, reply) in tabs.into_iter().zip(load.seats()) {
        reading.spawn(read(tab, Witness::new(load.clone(), reply, texts[reply].clone())));
    }
    let mut all = Seen::default();
    let read = async {
        while let Some(seen) = reading.join_next().await {
            all.add(seen??);
        }
        anyhow::Ok(())
    };
    timeout(load.lasting() + PATIENCE, read).await.with_context(|| format!("{load} did not end"))??;
    ensure!(all.delays.len() == load.deliveries(), "{load}: {} of {} came", all.delays.len(), load.deliveries());
    Ok(all)
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
    pub fn delay(&self, percentile: f64) -> anyhow::Result<f64> {
        let mut delays = Histogram::<u64>::new(3)?;
        for delay in &self.seen.delays {
            delays.record(u64::from(*delay))?;
        }
        Ok(delays.value_at_percentile(percentile) as f64 / 1e3)
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
