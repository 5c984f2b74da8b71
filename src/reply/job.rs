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
};
use crate::{
    conversation::LONGEST_TITLE,
    ids::{MessageId, now},
    language::t,
    live::hub::{ListTopic, Running},
    message::{End, Event, Kind, Message, PART_SIZE, Position, Role, Status, StopReason, Usage, cut},
    provider::{self, Delta, Provider, Request, Turn},
    steering::options::Options,
    text::in_one_line,
};

/// How much of a reply may wait to be committed before its provider is made to wait, in bytes of memory.
const WAITING_LIMIT: usize = 256 * 1024;
/// What an item costs beside its text, about: itself, its place in the queue, its share of the allocator's.
const ITEM_COST: usize = 256;
/// Past this a reply ends, in bytes as [`Message::size`] counts them.
pub const REPLY_LIMIT: usize = 4 * 1024 * 1024;
/// The most that a provider is sent of what was said before, in bytes: more than any model reads. What is older is left out.
const MAX_CONTEXT: usize = 4 * 1024 * 1024;

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
        let mut usage = None;
        let request = tokio::select! {
            biased;
            status = self.running.stopped() => return Ending { usage, ..Ending::with(status) },
            request = self.request(replies) => request,
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(message = %self.running.id, %error, "what was said before cannot be read");
                return Ending::failed(t().server.replies.unreadable_conversation);
            }
        };
        let mut deltas = provider::reply(self.provider.clone(), request);
        loop {
            let delta = tokio::select! {
                biased;
                status = self.running.stopped() => return Ending { usage, ..Ending::with(status) },
                delta = deltas.next() => delta,
            };
            let (kind, text) = match delta {
                Some(Ok(Delta::Thinking(text))) => (Kind::Thinking, text),
                Some(Ok(Delta::Text(text))) => (Kind::Text, text),
                Some(Ok(Delta::Usage(counted))) => {
                    let price = replies.providers.facts(self.provider.as_ref(), &self.model).price;
                    usage = Some(Usage { cost: price.map(|price| price.cost(&counted)), ..counted });
                    continue;
                }
                Some(Err(error)) => {
                    tracing::warn!(message = %self.running.id, provider = self.provider.name(), %error, "a provider failed");
                    let status = if error.is_remark() { Status::Completed } else { Status::Failed };
                    let stop_reason = error.stop_reason();
                    return Ending { stop_reason, error: Some(error.to_string()), usage, ..Ending::with(status) };
                }
                None if draft.has_text => return Ending { usage, ..Ending::with(Status::Completed) },
                None => {
                    return Ending { usage, ..Ending::failed(t().server.replies.no_words) };
                }
            };
            let kept = text.floor_char_boundary(draft.room(&kind));
            tokio::select! {
                biased;
                status = self.running.stopped() => return Ending { usage, ..Ending::with(status) },
                () = draft.grow(kind, &text[..kept]) => {}
            }
            if kept < text.len() {
                return Ending { usage, ..Ending::failed(t().server.replies.too_long) };
            }
        }
    }

    async fn request(&self, replies: &Replies) -> sqlx::Result<Request> {
        let running = &self.running;
        let said = (replies.database).history(running.viewer, running.conversation, self.parent, MAX_CONTEXT).await?;
        let mut turns: Vec<Turn> = said.iter().filter_map(turn).collect();
        if self.resumes {
            turns.extend(turn(&running.message()));
        }
        Ok(Request { model: self.model.clone(), turns, options: self.options(replies).await?, resumes: self.resumes })
    }

    /// The conversation's options as they are now. One without a system prompt has that of whoever asks.
    async fn options(&self, replies: &Replies) -> sqlx::Result<Options> {
        let (viewer, conversation) = (self.running.viewer, self.running.conversation);
        let mut options = replies.database.options(viewer, conversation).await?.unwrap_or_default().options;
        if options.system_prompt.is_none() {
            options.system_prompt = replies.database.personal_settings(viewer).await?.system_prompt;
        }
        Ok(options)
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
            let said = replies.database.history(viewer, conversation, self.parent, MAX_CONTEXT).await?;
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

/// What a provider is sent of a message: its text, if it has any.
fn turn(message: &Message) -> Option<Turn> {
    let text = message.text();
    (!text.is_empty()).then_some(Turn { role: message.role, text })
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
                let begins = self.position.begin_part(kind.clone(), now());
                self.append(begins, None);
                self.size += PART_SIZE;
                self.kind = Some(kind.clone());
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
