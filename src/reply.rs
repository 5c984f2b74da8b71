//! Running a reply: from what a provider sends to what every tab may see.
//!
//! [`Replies`] starts and ends them. [`job`] reads the provider and makes events; [`journal`] commits them; only then the
//! hub applies and shows them. [`recovery`] does at the next start what a killed process could not.

pub mod continue_from;
mod deletion;
pub mod job;
pub mod journal;
mod plan;
pub mod queue;
pub mod recovery;
pub mod store;
mod temporary;
mod tree {
    //! Where what is written stands in its conversation.
    pub mod store;
}

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{sync::oneshot, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::Viewer,
    config::Limits,
    conversation::SidebarTopic,
    database::Database,
    error::Failure,
    ids::{ConversationId, MessageId, NodeId, mint, now},
    language::t,
    live::hub::{Hub, ListTopic, NotEntered, Running},
    message::{Epoch, Message, Role, Status},
    provider::{ModelHandle, Providers},
};
use job::Job;
use journal::{Journal, sqlite::store::SqliteStore};
use store::{Exchange, NewReplies, Started};

/// How long Stop waits for the end to be written.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The pauses between two looks double from the one to the other.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// The replies of this process. Cheap to clone.
#[derive(Clone)]
pub struct Replies {
    pub database: Arc<Database>,
    pub hub: Arc<Hub>,
    pub providers: Arc<Providers>,
    pub journal: Journal,
    /// This process, as the rows of its running replies name it.
    pub node: NodeId,
    /// The running replies, and other work that a server which stops waits for.
    pub tasks: TaskTracker,
    /// Cancelled when the server is to stop: no reply starts any more.
    pub closing: CancellationToken,
}

impl Replies {
    /// Recovers what a dead process left, starts the committer, and sends what waits for a reply that has completed: the receiver gets a value when it has ended, and with an error
    /// if it should not have. Errors are for the person who starts the server.
    pub async fn open(
        database: Arc<Database>,
        providers: Arc<Providers>,
        limits: Limits,
    ) -> anyhow::Result<(Replies, oneshot::Receiver<()>)> {
        let node: NodeId = mint();
        database.register(node).await.with_context(|| {
            let path = database.path().display();
            format!("The database {path} cannot be written. Is it read-only, full, or locked by another program?")
        })?;
        recovery::run(&database, node).await?;
        let hub = Arc::new(Hub::new(limits));
        let store = SqliteStore::open(database.path(), node).context("The journal cannot be opened.")?;
        let (journal, committer) = Journal::start(store, database.turn(), hub.clone())?;
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let replies = Replies { database, hub, providers, journal, node, tasks, closing };
        replies.tasks.spawn(replies.clone().resume_deletions());
        replies.tasks.spawn(replies.clone().resume_queues());
        replies.tasks.spawn(replies.clone().keep_expiring());
        Ok((replies, committer))
    }

    /// Does what must not be left half done, even if whoever asked for it is gone: the server drops a request's own work
    /// when its connection closes, and a row without its reply would stand open for ever.
    pub async fn detached<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        match self.tasks.spawn(work).await {
            Ok(done) => done,
            // It is never aborted.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Writes a person's message and starts the replies to it, each with its model.
    pub async fn answer(
        &self,
        viewer: Viewer,
        exchange: Exchange,
        models: Vec<ModelHandle>,
    ) -> Result<Started, Failure> {
        self.check_open()?;
        let replies = self.clone();
        self.detached(async move {
            let running = match replies.enter(viewer, &exchange) {
                Ok(running) => running.into_iter().zip(models).collect(),
                // What has come before is not refused for want of room.
                Err(why) => match replies.database.message(viewer, exchange.said.id).await? {
                    Some((_, before)) if before.text() == exchange.said.text() => return Ok(Started::Repeated),
                    Some(_) => return Err(Failure::Changed),
                    None => return not_entered(why, Ok(Started::Repeated)),
                },
            };
            let started = replies.database.exchange(viewer, &exchange, replies.node).await;
            let started = replies.run_if_started(running, started, false)?;
            if let Some(edited) = exchange.edits {
                replies.stop_below(viewer, exchange.conversation, edited).await?;
            }
            Ok(started)
        })
        .await
    }

    /// Has the hub take in the replies of an exchange, all or none.
    fn enter(&self, viewer: Viewer, exchange: &Exchange) -> Result<Vec<Arc<Running>>, NotEntered> {
        let mut entered = vec![];
        for reply in exchange.replies() {
            match self.hub.enter(viewer, exchange.conversation, reply.clone()) {
                Ok(running) => entered.push(running),
                Err(why) => {
                    entered.iter().for_each(|running| self.hub.withdraw(running));
                    return Err(why);
                }
            }
        }
        Ok(entered)
    }

    /// Starts another reply to what a finished one answers: its sibling. Gives the list's row of it.
    pub async fn retry(
        &self,
        viewer: Viewer,
        of: MessageId,
        key: String,
        model: ModelHandle,
    ) -> Result<NewReplies, Failure> {
        let (conversation, before) = self.finished(viewer, of).await?;
        let reply = Message { role: before.role, ..Message::asked(mint(), key) };
        let replies = self.clone();
        self.detached(async move {
            let running = match replies.hub.enter(viewer, conversation, reply.clone()) {
                Ok(running) => running,
                // Its id is new, so it runs nowhere.
                Err(why) => return not_entered(why, Err(Failure::Changed)),
            };
            let started = replies.database.retry(viewer, of, (&reply, None), now(), replies.node).await;
            match replies.run_if_started(vec![(running, model)], started, false)? {
                Started::Yes(new) => Ok(new),
                _ => Err(Failure::Changed),
            }
        })
        .await
    }

    /// Has a model summarise the branch that ends with a finished reply; the summary follows that. Gives the list's row of it.
    pub async fn summarise(
        &self,
        viewer: Viewer,
        of: MessageId,
        key: String,
        model: ModelHandle,
    ) -> Result<NewReplies, Failure> {
        let (conversation, _) = self.finished(viewer, of).await?;
        let summary = Message { role: Role::Summary, ..Message::asked(mint(), key) };
        let replies = self.clone();
        self.detached(async move {
            let running = match replies.hub.enter(viewer, conversation, summary.clone()) {
                Ok(running) => running,
                Err(why) => return not_entered(why, Err(Failure::Changed)),
            };
            let started = replies.database.summarise(viewer, of, &summary, now(), replies.node).await;
            match replies.run_if_started(vec![(running, model)], started, false)? {
                Started::Yes(new) => Ok(new),
                _ => Err(Failure::Changed),
            }
        })
        .await
    }

    /// Continues a reply that ended early, in a new epoch of it; `seen` is the one that the person saw.
    pub async fn resume(&self, viewer: Viewer, id: MessageId, seen: Epoch, model: ModelHandle) -> Result<(), Failure> {
        let (conversation, message) = self.finished(viewer, id).await?;
        if message.epoch != seen || !message.can_resume() {
            return Err(Failure::Changed);
        }
        let from = message.position();
        let epoch = Epoch { counter: seen.counter + 1, nonce: rand::random() };
        let next = message.resumed(epoch);
        let status = next.status;
        let replies = self.clone();
        self.detached(async move {
            let running = match replies.hub.enter(viewer, conversation, next) {
                Ok(running) => running,
                Err(why) => return not_entered(why, Err(Failure::Changed)),
            };
            let started = replies.database.resume(viewer, id, from, (epoch, status), replies.node).await;
            replies.run_if_started(vec![(running, model)], started, true).map(drop)
        })
        .await
    }

    /// Ends a running reply, and returns when its end is written. One that has ended already is no error.
    pub async fn stop(&self, viewer: Viewer, id: MessageId) -> Result<(), Failure> {
        match self.hub.running(id) {
            Some(running) if self.database.may_see(viewer, running.conversation).await? => {
                running.stop(Status::Stopped);
                // The end comes by the socket, too; but that it cannot be written is said here.
                timeout(STOP_TIMEOUT, running.over()).await.map_err(|_| Failure::Unavailable)
            }
            _ => self.database.message(viewer, id).await?.map(drop).ok_or(Failure::NotFound),
        }
    }

    /// Stops the replies that the viewer asked for below a message of which there is another version now.
    async fn stop_below(&self, viewer: Viewer, conversation: ConversationId, edited: MessageId) -> Result<(), Failure> {
        for id in self.database.own_running_below(viewer, conversation, edited).await? {
            if let Some(running) = self.hub.running(id) {
                running.stop(Status::Stopped);
            }
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), Failure> {
        if self.closing.is_cancelled() { Err(Failure::Restarting) } else { Ok(()) }
    }

    /// A reply that has ended, which is what can be tried again or continued.
    async fn finished(&self, viewer: Viewer, id: MessageId) -> Result<(ConversationId, Message), Failure> {
        self.check_open()?;
        let (conversation, message) = self.database.message(viewer, id).await?.ok_or(Failure::NotFound)?;
        match (message.role.is_reply(), message.status.is_final()) {
            (false, _) => Err(Failure::NotFound),
            (true, false) => Err(Failure::Busy),
            (true, true) => Ok((conversation, message)),
        }
    }

    /// Replies are in the hub before their rows commit; if those did not, they leave again.
    fn run_if_started(
        &self,
        replies: Vec<(Arc<Running>, ModelHandle)>,
        started: sqlx::Result<Started>,
        resumes: bool,
    ) -> Result<Started, Failure> {
        for (running, model) in replies {
            match &started {
                Ok(Started::Yes(NewReplies { replies, sidebar, came_back, .. })) => {
                    // A reply always answers something.
                    let parent = replies.iter().find_map(|reply| reply.parent).unwrap_or(running.id);
                    if *came_back {
                        self.hub.changed(ListTopic::Marks(running.viewer.account, running.viewer.user));
                    }
                    self.run(running, parent, *sidebar, model, resumes);
                }
                Ok(_) => self.hub.withdraw(&running),
                // Whoever asked learns that it failed, and may ask again; but a row without its reply would stand open for
                // ever.
                Err(_) => drop(self.tasks.spawn(self.clone().find_out(running, model, resumes))),
            }
        }
        match started? {
            Started::Busy => Err(Failure::Busy),
            Started::Changed => Err(Failure::Changed),
            Started::Missing => Err(Failure::NotFound),
            Started::Fenced => Err(Failure::Restarting),
            started => Ok(started),
        }
    }

    fn run(
        &self,
        running: Arc<Running>,
        parent: MessageId,
        sidebar: Option<SidebarTopic>,
        (provider, model): ModelHandle,
        resumes: bool,
    ) {
        running.open();
        if let Some(sidebar) = sidebar {
            self.hub.changed(ListTopic::Conversations(sidebar));
        }
        self.hub.changed(ListTopic::Messages(running.conversation));
        self.tasks.spawn(Job { running, provider, model, parent, resumes }.run(self.clone()));
    }

    /// A commit that was reported to have failed may have gone through all the same. Looks until that is known.
    async fn find_out(self, running: Arc<Running>, model: ModelHandle, resumes: bool) {
        let mut pause = MIN_PAUSE;
        loop {
            match self.started_after_all(&running).await {
                Ok(Some((parent, sidebar))) => return self.run(running, parent, sidebar, model, resumes),
                Ok(None) => return self.hub.withdraw(&running),
                Err(error) => {
                    tracing::error!(message = %running.id, %error, "whether a reply has started is not known; looking again");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                        // The next start ends it.
                        () = self.closing.cancelled() => return self.hub.withdraw(&running),
                    }
                }
            }
        }
    }

    /// What a reply answers and in which list of the sidebar it is, if its row was written.
    async fn started_after_all(&self, running: &Running) -> sqlx::Result<Option<(MessageId, Option<SidebarTopic>)>> {
        let parent = self.database.parent_if_started(running.id, running.message().epoch, self.node).await?;
        let Some(parent) = parent else { return Ok(None) };
        Ok(Some((parent, self.database.sidebar_topic(running.viewer, running.conversation).await?)))
    }
}

/// Why a reply did not start; `runs` if it runs already.
fn not_entered<T>(why: NotEntered, runs: Result<T, Failure>) -> Result<T, Failure> {
    let limited = |message: &str| Err(Failure::Limited(message.into()));
    match why {
        NotEntered::Running => runs,
        NotEntered::TooMany => limited(t().server.replies.too_many_of_person),
        NotEntered::Full => limited(t().server.replies.too_many),
    }
}
