//! One task a running reply: reads the provider, makes events, and always ends in a final state.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    Replies,
    journal::{Item, Journal},
    plan::{MAX_CONTEXT, NoPlan, Plan},
};
use crate::{
    conversation::LONGEST_TITLE,
    ids::{MessageId, now},
    language::t,
    live::hub::{ListTopic, Running},
    message::{End, Event, Kind, PART_SIZE, Position, Role, Status, StopReason, Usage, cut},
    provider::{self, Delta, Provider, ProviderError, Request},
    text::in_one_line,
};

/// How much of a reply may wait to be committed before its provider is made to wait, in bytes of memory.
const WAITING_LIMIT: usize = 256 * 1024;
/// What an item costs beside its text, about: itself, its place in the queue, its share of the allocator's.
const ITEM_COST: usize = 256;
/// Past this a reply ends, in bytes as [`Message::size`](crate::message::Message::size) counts them.
pub const REPLY_LIMIT: usize = 4 * 1024 * 1024;
/// What a reply is to do.
pub struct Job {
    pub running: Arc<Running>,
    pub provider: Arc<dyn Provider>,
    /// What the provider calls the model.
    pub model: String,
    /// What the reply answers: it is sent the branch up to there.
    pub parent: MessageId,
    /// Whether it continues the text that the message has already.
    pub resumes: bool,
}

impl Job {
    pub async fn run(self, replies: Replies) {
        let mut draft = Draft::new(&replies.journal, self.running.clone());
        let streamed = AssertUnwindSafe(self.stream(&replies, &mut draft)).catch_unwind().await;
        let end = streamed.unwrap_or_else(|_| {
            // The panic's own message was logged by the panic hook.
            Ending::failed(t().server.replies.panicked)
        });
        let completed = end.status == Status::Completed;
        draft.end(end);
        self.running.over().await;
        self.show_in_sidebar(&replies).await;
        if completed {
            replies.tasks.spawn(replies.clone().send_next(self.running.id));
            // A title is no reason to keep a server from stopping.
            tokio::select! {
                () = replies.closing.cancelled() => {}
                () = self.give_title(&replies) => {}
            }
        }
    }

    /// Has the sidebar show that it runs no more.
    async fn show_in_sidebar(&self, replies: &Replies) {
        match replies.database.sidebar_topic(self.running.viewer, self.running.conversation).await {
            Ok(topic) => topic.into_iter().for_each(|topic| replies.hub.changed(ListTopic::Conversations(topic))),
            // Lists are read again by themselves before long.
            Err(error) => tracing::warn!(%error, "the list that a reply has changed could not be found"),
        }
    }

    /// Streams until the provider ends, fails, or somebody stops it. The first of these wins.
    async fn stream(&self, replies: &Replies, draft: &mut Draft<'_>) -> Ending {
        let plan = tokio::select! {
            biased;
            status = self.running.stopped() => return Ending::with(status),
            plan = Plan::new(replies, &self.running, (self.provider.as_ref(), &self.model), self.parent, self.resumes) => plan,
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(NoPlan::Unreadable(error)) => {
                tracing::error!(message = %self.running.id, %error, "what was said before cannot be read");
                return Ending::failed(t().server.replies.unreadable_conversation);
            }
            Err(NoPlan::TooLarge(context)) => {
                let error = (t().server.replies.too_large)(context);
                return Ending { stop_reason: Some(StopReason::Context), ..Ending::failed(&error) };
            }
        };
        plan.begins.iter().for_each(|kind| draft.begin(kind.clone()));
        let (mut usage, mut before) = (None, None::<String>);
        for (at, piece) in plan.pieces.iter().enumerate() {
            let is_last = at + 1 == plan.pieces.len();
            let request = plan.request(piece, before.as_deref(), is_last);
            // What stands for a piece is only on the way to the reply.
            let kind = if is_last { Kind::Text } else { Kind::Thinking };
            match self.write(replies, request, draft, (kind, &mut usage)).await {
                Ok(text) => before = Some(text),
                Err(ending) => return Ending { usage, ..ending },
            }
        }
        Ending { usage, ..Ending::with(Status::Completed) }
    }

    /// Has a request answered: its text becomes text of this kind. Gives that, or how the reply ends.
    async fn write(
        &self,
        replies: &Replies,
        request: Request,
        draft: &mut Draft<'_>,
        (text_kind, usage): (Kind, &mut Option<Usage>),
    ) -> Result<String, Ending> {
        let mut written = String::new();
        let mut deltas = provider::reply(self.provider.clone(), request);
        loop {
            let delta = tokio::select! {
                biased;
                status = self.running.stopped() => return Err(Ending::with(status)),
                delta = deltas.next() => delta,
            };
            let (kind, text) = match delta {
                Some(Ok(Delta::Thinking(text))) => (Kind::Thinking, text),
                Some(Ok(Delta::Text(text))) => {
                    if text_kind != Kind::Text {
                        written.push_str(&text);
                    }
                    (text_kind.clone(), text)
                }
                Some(Ok(Delta::Usage(counted))) => {
                    let price = replies.providers.facts(self.provider.as_ref(), &self.model).price;
                    let counted = Usage { cost: price.map(|price| price.cost(&counted)), ..counted };
                    *usage = Some(usage.map_or(counted, |before| before.plus(counted)));
                    continue;
                }
                Some(Err(error)) => return Err(self.failed(&error, text_kind == Kind::Text)),
                None if draft.has_text || !written.is_empty() => return Ok(written),
                None => return Err(Ending::failed(t().server.replies.no_words)),
            };
            let kept = text.floor_char_boundary(draft.room(&kind));
            tokio::select! {
                biased;
                status = self.running.stopped() => return Err(Ending::with(status)),
                () = draft.grow(kind, &text[..kept]) => {}
            }
            if kept < text.len() {
                return Err(Ending::failed(t().server.replies.too_long));
            }
        }
    }

    /// `may_be_whole`: a remark leaves the reply whole.
    fn failed(&self, error: &ProviderError, may_be_whole: bool) -> Ending {
        tracing::warn!(message = %self.running.id, provider = self.provider.name(), %error, "a provider failed");
        let status = if may_be_whole && error.is_remark() { Status::Completed } else { Status::Failed };
        Ending { stop_reason: error.stop_reason(), error: Some(error.to_string()), ..Ending::with(status) }
    }

    /// After the first reply the model is asked for a title; until then it is the first words.
    async fn give_title(&self, replies: &Replies) {
        let (viewer, conversation) = (self.running.viewer, self.running.conversation);
        let titled = async {
            if !replies.database.wants_title(viewer, conversation).await? {
                return anyhow::Ok(());
            }
            let replied = (self.provider.clone(), self.model.clone());
            let Some((provider, model)) = replies.providers.title_model(replied)? else { return Ok(()) };
            let history = replies.database.history(viewer, conversation, self.parent, MAX_CONTEXT, |_| false);
            let said = history.await?.messages;
            let Some(first) = said.iter().find(|message| message.role == Role::User) else {
                return Ok(());
            };
            let title = timeout(Duration::from_secs(30), provider.title(&model, &first.text())).await??;
            let title = title.unwrap_or_default();
            let title = title.trim().trim_matches(['"', '*', '#']).trim();
            let title = in_one_line(title.lines().next().unwrap_or_default());
            if !title.is_empty() {
                let title: String = title.chars().take(LONGEST_TITLE).collect();
                if let Some(sidebar) = replies.database.give_title(viewer, conversation, &title).await? {
                    replies.hub.changed(ListTopic::Conversations(sidebar));
                }
            }
            Ok(())
        };
        if let Err(error) = titled.await {
            tracing::warn!(%conversation, %error, "no title could be had; the first words stay");
        }
    }
}

/// How a reply ends.
struct Ending {
    status: Status,
    stop_reason: Option<StopReason>,
    error: Option<String>,
    usage: Option<Usage>,
}

impl Ending {
    fn with(status: Status) -> Ending {
        Ending { status, stop_reason: None, error: None, usage: None }
    }

    fn failed(error: &str) -> Ending {
        Ending { error: Some(error.into()), ..Ending::with(Status::Failed) }
    }
}

/// What has been written, committed or not.
struct Draft<'a> {
    journal: &'a Journal,
    running: Arc<Running>,
    position: Position,
    kind: Option<Kind>,
    /// As [`Message::size`] counts it.
    size: usize,
    has_text: bool,
    waiting: Arc<Semaphore>,
}

impl<'a> Draft<'a> {
    fn new(journal: &'a Journal, running: Arc<Running>) -> Draft<'a> {
        let message = running.message();
        Draft {
            journal,
            position: message.position(),
            kind: message.parts.last().map(|part| part.kind.clone()),
            size: message.size(),
            has_text: message.parts.iter().any(|part| part.kind == Kind::Text),
            waiting: Arc::new(Semaphore::new(WAITING_LIMIT)),
            running,
        }
    }

    /// How much more text of this kind the reply may come to, in bytes.
    fn room(&self, kind: &Kind) -> usize {
        let begins = if self.kind.as_ref() == Some(kind) { 0 } else { PART_SIZE };
        REPLY_LIMIT.saturating_sub(self.size + begins)
    }

    /// Begins a part that has no text.
    fn begin(&mut self, kind: Kind) {
        let begins = self.position.begin_part(kind.clone(), now());
        self.append(begins, None);
        self.size += PART_SIZE;
        self.kind = Some(kind);
    }

    /// Appends text to the last part, or to a new one if that is of another kind. Waits while too much is not yet committed.
    async fn grow(&mut self, kind: Kind, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (slice, after) = rest.split_at(cut(rest, WAITING_LIMIT / 4));
            rest = after;
            // The semaphore is never closed.
            let cost = (ITEM_COST + slice.len()) as u32;
            let permit = self.waiting.clone().acquire_many_owned(cost).await.ok();
            if self.kind.as_ref() != Some(&kind) {
                self.begin(kind.clone());
            }
            let grows = self.position.grow(slice.to_owned());
            self.append(grows, permit);
            self.size += slice.len();
            self.has_text |= kind == Kind::Text;
        }
    }

    /// The last item of this reply.
    fn end(mut self, Ending { status, stop_reason, error, usage }: Ending) {
        let ends = self.position.end(End { status, stop_reason, ended_at: now(), error, usage });
        self.append(ends, None);
    }

    fn append(&self, event: Event, permit: Option<OwnedSemaphorePermit>) {
        self.journal.append(Item { running: self.running.clone(), event, permit });
    }
}
