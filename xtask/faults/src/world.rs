//! A server with its folder, its provider and a person; replies that run; tabs that read them whatever happens.

use std::{net::SocketAddr, ops::Range, time::Duration};

use kit::{Chat, Database, Folder, Person, Process, Provider, Tab};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rivulet::{
    ids::MessageId,
    message::{Message, Status},
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    author::{Author, Written},
    converge::{Pages, came_by_a_heartbeat},
    fault::Round,
    line::Line,
    server::command,
    tally::{Awaited, Tally},
};

/// The longest that anything may take, with all that is done to it.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest that a word may take while others misbehave, on a machine that is busy with it.
pub const LONG: Duration = Duration::from_secs(5);
/// As fast as many models write.
pub const PACE: Range<Duration> = Duration::ZERO..Duration::from_millis(12);

pub struct World {
    // It ends before its folder goes.
    pub server: Process,
    pub folder: Folder,
    pub provider: Provider,
    pub ada: Person,
    pub tally: Tally,
    environment: Vec<(String, String)>,
    here: watch::Sender<SocketAddr>,
    pages: Pages,
    random: SmallRng,
}

/// A reply that was asked for, and all that was written of it.
#[derive(Clone)]
pub struct Reply {
    pub chat: Chat,
    pub written: Written,
}

impl World {
    pub async fn start(round: &mut Round) -> World {
        World::start_with(round, 0, &[]).await
    }

    /// With a grace in seconds, and settings of the environment.
    pub async fn start_with(round: &mut Round, grace: u64, environment: &[(&str, &str)]) -> World {
        World::start_in(round, Folder::new(), grace, environment).await
    }

    pub async fn start_in(round: &mut Round, folder: Folder, grace: u64, environment: &[(&str, &str)]) -> World {
        let provider = Provider::start().await;
        folder.has_settings(&folder.settings(&provider.url, grace));
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect();
        let server = Process::start(command(&folder, &environment)).await;
        let ada = Person::signs_up(server.address, "Ada").await;
        let here = watch::Sender::new(server.address);
        let pages = Pages::new(ada.clone(), here.subscribe());
        let random = SmallRng::seed_from_u64(round.random.random());
        World { folder, provider, server, ada, tally: round.tally.clone(), environment, here, pages, random }
    }

    /// Starts the server again, after whatever ended it. Lines find it.
    pub async fn restarts(&mut self) {
        self.server = Process::start(command(&self.folder, &self.environment)).await;
        self.ada.address = self.server.address;
        self.here.send_replace(self.server.address);
    }

    /// Starts it and kills it in the middle of that.
    pub async fn restarts_in_vain(&mut self, after: Duration) {
        self.server = Process::spawn(command(&self.folder, &self.environment));
        sleep(after).await;
        self.server.dies();
    }

    pub async fn line(&mut self) -> Line {
        Line::to(self.here.subscribe(), self.random.random()).await
    }

    /// A reply that was asked for, and who writes it.
    pub async fn asks(&mut self) -> (Reply, Author) {
        let chat = self.ada.asks("Hello").await;
        self.answers(chat).await
    }

    /// The same where the question was asked already.
    pub async fn answers(&mut self, chat: Chat) -> (Reply, Author) {
        let reply = Reply { chat, written: Written::default() };
        self.pages.learn(chat.reply, chat.id);
        let author = Author::new(self.provider.is_asked().await, reply.written.clone(), self.random.random());
        (reply, author)
    }

    /// Continues a reply from what was kept of it.
    pub async fn continues(&mut self, reply: &Reply, kept: &Message) -> Author {
        reply.written.continues_from(&kept.text());
        self.ada.continues(reply.chat.reply, kept.epoch).await.expect("it is continued");
        Author::new(self.provider.is_asked().await, reply.written.clone(), self.random.random())
    }

    /// A tab at the server itself.
    pub async fn tab(&self) -> Tab {
        self.tab_with(None).await
    }

    /// The same with a receive buffer of so many bytes.
    pub async fn tab_with(&self, buffer: Option<u32>) -> Tab {
        let mut tab = Tab::open_with(&self.ada, buffer).await;
        self.tally.watches(&mut tab);
        tab
    }

    /// A tab at the end of a line, which may break while it opens.
    pub async fn tries_tab(&self, line: &Line) -> Option<Tab> {
        let person = Person { address: line.address, ..self.ada.clone() };
        let mut tab = Tab::tries_to_open(&person, None).await?;
        self.tally.watches(&mut tab);
        Some(tab)
    }

    pub async fn tab_at(&self, line: &Line) -> Tab {
        self.tries_tab(line).await.expect("a line that works so far")
    }

    /// A tab that by itself follows a reply until it ends, and with it the lists of a page that is open on it.
    pub fn follow(&mut self, mut tab: Tab, id: MessageId) -> JoinHandle<Tab> {
        let mut random = SmallRng::seed_from_u64(self.random.random());
        let (pages, tally) = (self.pages.clone(), self.tally.clone());
        tokio::spawn(async move {
            tab.follows(id).await;
            pages.follows_lists(&mut tab, id).await;
            let mut tab = reads_to_the_end(tab, id, SmallRng::seed_from_u64(random.random())).await;
            tally.came(Awaited::End, came_by_a_heartbeat(&tab.received));
            pages.converge(&mut tab, id, &tally, &mut random).await;
            tab
        })
    }

    /// From now on the tab has the lists of a page that is open on the reply.
    pub async fn follows_lists(&self, tab: &mut Tab, reply: &Reply) {
        self.pages.follows_lists(tab, reply.chat.reply).await;
    }

    /// Reads until the tab's lists are those of a page that opens now.
    pub async fn converges(&mut self, tab: &mut Tab, reply: &Reply) {
        self.pages.converge(tab, reply.chat.reply, &self.tally, &mut self.random).await;
    }

    /// What the reply is in the end, for a fresh tab, a page and the row. All that was ever shown of it is compared with that.
    pub async fn settles(&self, reply: &Reply) -> Message {
        let last = self.settles_unshown(reply).await;
        assert_eq!(self.ada.finds(&reply.chat).await, last, "a page has what a tab has");
        last
    }

    /// The same for an attempt that another has taken the place of.
    pub async fn settles_unshown(&self, reply: &Reply) -> Message {
        let id = reply.chat.reply;
        let mut fresh = self.tab().await;
        fresh.follows(id).await;
        fresh.sees_the_end(id).await;
        let last = fresh.message(id).clone();
        let (status, text) = self.database().await.row_of(id).await;
        assert_eq!(format!("{:?}", last.status).to_lowercase(), status, "the row has what a tab has");
        assert!(last.text() == text, "the row has what a tab has");
        self.tally.settle(&last);
        self.tally.compare(&text, &reply.written.text());
        let whole = last.status != Status::Completed || text == reply.written.text();
        assert!(whole, "a reply that is complete lacks its last words");
        last
    }

    pub async fn database(&self) -> Database {
        Database::open(&self.folder.database()).await
    }
}

/// Reads, and comes back whenever the connection goes, as a page does, until the message has ended.
pub async fn reads_to_the_end(mut tab: Tab, id: MessageId, mut random: SmallRng) -> Tab {
    let reading = async {
        while !tab.message(id).status.is_final() {
            tab.acts(random.random()).await;
        }
    };
    let read = timeout(LONGEST, reading).await;
    assert!(read.is_ok(), "a tab waited {LONGEST:?} in vain for the end of its reply");
    tab
}
