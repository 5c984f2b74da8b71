//! What the browser can ask of conversations: who is asking, what may they do, call the store or the reply, return.

#[cfg(feature = "ssr")]
pub mod server;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    account::Person,
    conversation::{
        ConversationPage, ListPosition, MessageMeta, MessagePage, Sidebar, Window,
        context::ContextUse,
        marks::ListedRows,
        queue::{QueuePage, Queued, Queueing},
    },
    error::Failure,
    ids::{ConversationId, Lineage, MessageId, Millis, Rev, UserId},
    json::Json,
    message::{Epoch, Kind, Message, Part, Position, Price, Role, Status},
    steering::options::Options,
};
#[cfg(feature = "ssr")]
use crate::{
    conversation::{self, LONGEST_TITLE},
    ids::now,
    language::t,
    live::hub::ListTopic,
    text::in_one_line,
};

/// The sidebar as a page opens with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageData {
    pub person: Person,
    /// Who that is in the lists.
    pub user: UserId,
    pub mine: ConversationPage,
    pub shared: ConversationPage,
    /// What is archived, if the page's address asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<ListedRows>,
    pub clock: Clock,
    /// The models on offer.
    pub models: Vec<ModelChoice>,
    /// Why there are fewer models than expected, for people. Where there is a reason, [`models`] may soon have more.
    #[serde(default)]
    pub trouble: Option<String>,
    /// The model that the person chose last in this browser; else their default.
    pub model: Option<String>,
    /// Ids for what the page's form sends, so that sending it twice is sending it once: those of the form that was refused,
    /// if it was, as it may have arrived.
    pub fresh: (ConversationId, MessageId),
    /// What was refused, if this page answers a form.
    pub refusal: Option<SendRefusal>,
}

/// Why a message that was sent by a form was refused, and the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendRefusal {
    pub message: String,
    pub text: String,
    /// The ids that it had, if it can be sent again under them.
    pub ids: Option<(ConversationId, MessageId)>,
}

/// The instant and the time zone in which the page shows dates, the same for both halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub now: Millis,
    /// Minutes to add to UTC.
    pub offset: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    pub key: String,
    pub name: String,
    pub provider: String,
    /// How many tokens it reads and writes together, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// What its tokens cost, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// The models on offer, as far as the server has them now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelList {
    pub models: Vec<ModelChoice>,
    /// Why there are fewer than expected, for people; none once every provider has answered.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// How many models can be asked beside the first.
pub const MAX_OTHERS: usize = 3;

/// What a person sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    pub conversation: ConversationId,
    /// Whether the conversation begins with it.
    pub opens: bool,
    /// What it follows; none: the conversation begins with it.
    pub parent: Option<MessageId>,
    /// The message of the same person that this is another version of. Replies of theirs that run below it are stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<MessageId>,
    /// Minted by the page, so that sending twice is sending once.
    pub id: MessageId,
    pub text: String,
    pub model: String,
    /// Other models that are asked the same, each for a reply of its own; [`MAX_OTHERS`] at the most, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Whether the conversation that begins with it is temporary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// How the replies of the conversation that begins with it are asked for.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
}

impl Sending {
    /// The message as its own page shows it until the server's comes: a new epoch replaces whatever stands here.
    pub fn message(self) -> Message {
        let text = Part { kind: Kind::Text, started_at: 0, text: self.text };
        Message { status: Status::Completed, parts: vec![text], ..Message::unseen(self.id, Role::User) }
    }
}

/// Another reply that begins with the words of one up to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuing {
    pub of: MessageId,
    /// In one of its texts, of the epoch that the page shows. It is moved back to the start of a word.
    pub from: Position,
    /// Minted by the page, so that asking twice is asking once.
    pub id: MessageId,
    /// How it is to go on; may be empty.
    pub instruction: String,
    pub model: String,
}

/// What became of it: what was written, as the list will have too. None if it had come before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// In which the list's rows count.
    pub lineage: Lineage,
    pub metas: Vec<MessageMeta>,
    pub messages: Vec<Message>,
}

impl Sent {
    /// Up to which change of the list its rows are.
    pub fn position(&self) -> ListPosition {
        ListPosition { lineage: self.lineage, rev: self.metas.iter().map(|meta| meta.rev).max().unwrap_or(0) }
    }
}

/// What every page of the chat opens with. Sends whoever is not signed in to where they can be.
#[server(prefix = "/api/2", endpoint = "enter", input = Json, output = Json)]
pub async fn enter() -> Result<PageData, Failure> {
    let page_data = server::page_data().await;
    if page_data == Err(Failure::SignedOut) {
        leptos_axum::redirect(server::way_in().await?);
        return page_data.map_err(server::unless_sent_on);
    }
    page_data.map_err(Failure::with_status)
}

/// The models as they are known at this moment: never waits for a provider. Where one could not be asked, it is asked
/// again meanwhile (every 3 s at most), so a page that lacks models asks again until there is no trouble.
#[server(prefix = "/api/2", endpoint = "models", input = Json, output = Json)]
pub async fn models() -> Result<ModelList, Failure> {
    server::answer(|app, _| async move { Ok(server::model_list(&app)) }).await
}

/// More of a list of the sidebar, after the row that the page has last; its newest rows without one.
#[server(prefix = "/api/2", endpoint = "conversations", input = Json, output = Json)]
pub async fn conversations(
    list: Sidebar,
    after: Option<(Millis, ConversationId)>,
) -> Result<ConversationPage, Failure> {
    server::answer(|app, who| async move {
        app.database.conversations(who.viewer, list, after).await?.ok_or(Failure::NotFound)
    })
    .await
}

/// The archived conversations, the last one first, after the row that the page has last.
#[server(prefix = "/api/2", endpoint = "archived", input = Json, output = Json)]
pub async fn archived(after: Option<(Millis, ConversationId)>) -> Result<ListedRows, Failure> {
    server::answer(|app, who| async move { app.database.archived(who.viewer, after).await?.ok_or(Failure::NotFound) })
        .await
}

/// The sidebar's rows of conversations that the page lacks; at most [`MAX_SELECTED`](crate::conversation::marks::MAX_SELECTED).
#[server(prefix = "/api/2", endpoint = "rows", input = Json, output = Json)]
pub async fn rows(ids: Vec<ConversationId>) -> Result<ListedRows, Failure> {
    server::answer(|app, who| async move {
        let ids = server::selected(ids)?;
        app.database.listed_rows(who.viewer, &ids).await?.ok_or(Failure::NotFound)
    })
    .await
}

/// Pins a conversation for whoever asks, or does no more.
#[server(prefix = "/api/2", endpoint = "pin", input = Json, output = Json)]
pub async fn pin(id: ConversationId, on: bool) -> Result<(), Failure> {
    server::answer(|app, who| async move {
        let marked = app.database.pin(who.viewer, id, on.then(now)).await?;
        server::marked(&app, who.viewer, marked)
    })
    .await
}

/// Archives conversations for whoever asks, or brings them back.
#[server(prefix = "/api/2", endpoint = "archive", input = Json, output = Json)]
pub async fn archive(ids: Vec<ConversationId>, on: bool) -> Result<(), Failure> {
    server::answer(|app, who| async move {
        let ids = server::selected(ids)?;
        let marked = app.database.archive(who.viewer, &ids, on.then(now)).await?;
        server::marked(&app, who.viewer, marked)
    })
    .await
}

/// A page that somebody looks at shows the end of a conversation, up to this end of a reply.
#[server(prefix = "/api/2", endpoint = "see", input = Json, output = Json)]
pub async fn see(id: ConversationId, replied: Rev) -> Result<(), Failure> {
    server::answer(|app, who| async move {
        let marked = app.database.see(who.viewer, id, replied).await?;
        server::marked(&app, who.viewer, marked)
    })
    .await
}

/// A window of a conversation.
#[server(prefix = "/api/2", endpoint = "messages", input = Json, output = Json)]
pub async fn messages(id: ConversationId, window: Window) -> Result<MessagePage, Failure> {
    server::answer(|app, who| async move {
        // The hub's copies before the query: what ends in between is then in the rows.
        let running = app.hub.all_running(Some(id));
        let mut page = app.database.message_page(who.viewer, id, window).await?.ok_or(Failure::NotFound)?;
        page.messages.iter_mut().chain(&mut page.beside).for_each(|message| server::bring_on(message, &running));
        Ok(page)
    })
    .await
}

#[server(prefix = "/api/2", endpoint = "send", input = Json, output = Json)]
pub async fn send_message(sending: Sending) -> Result<Sent, Failure> {
    server::answer(|app, who| async move { server::send(&app, who.viewer, sending).await }).await
}

/// What waits in a conversation to be sent.
#[server(prefix = "/api/2", endpoint = "queue", input = Json, output = Json)]
pub async fn queue(id: ConversationId) -> Result<QueuePage, Failure> {
    server::answer(|app, who| async move { app.database.queue(who.viewer, id).await?.ok_or(Failure::NotFound) }).await
}

/// Queues a message until a running reply has completed. Gives its row; none if it had come before.
#[server(prefix = "/api/2", endpoint = "enqueue", input = Json, output = Json)]
pub async fn enqueue(queueing: Queueing) -> Result<Option<Queued>, Failure> {
    server::answer(|app, who| async move { server::enqueue(&app, who.viewer, queueing).await }).await
}

/// Replaces a row's text and model, if it is still the row that the page shows. Gives the row as it is now.
#[server(prefix = "/api/2", endpoint = "edit-queued", input = Json, output = Json)]
pub async fn edit_queued(id: MessageId, rev: Rev, text: String, model: String) -> Result<Option<Queued>, Failure> {
    server::answer(|app, who| async move { server::edit_queued(&app, who.viewer, id, rev, text, model).await }).await
}

#[server(prefix = "/api/2", endpoint = "remove-queued", input = Json, output = Json)]
pub async fn remove_queued(id: MessageId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.remove_queued(who.viewer, id).await }).await
}

/// Sends a row now: stops the reply `after`, for which the page shows it waiting, if that runs. What is held is released so.
#[server(prefix = "/api/2", endpoint = "send-queued", input = Json, output = Json)]
pub async fn send_queued(id: MessageId, after: MessageId) -> Result<Sent, Failure> {
    server::answer(|app, who| async move {
        let started = app.replies.send_queued(who.viewer, id, after).await?;
        Ok(server::sent(&app, started))
    })
    .await
}

/// What the branch that ends with this message takes of a model's context; none if that of the model is not known.
#[server(prefix = "/api/2", endpoint = "context", input = Json, output = Json)]
pub async fn read_context(id: ConversationId, leaf: MessageId, model: String) -> Result<Option<ContextUse>, Failure> {
    server::answer(|app, who| async move { server::context_use(&app, who.viewer, id, leaf, &model).await }).await
}

/// Ends a running reply, and returns when its end is written.
#[server(prefix = "/api/2", endpoint = "stop", input = Json, output = Json)]
pub async fn stop(id: MessageId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.stop(who.viewer, id).await }).await
}

/// Asks the model that is chosen now again: another reply beside a finished one, its sibling.
#[server(prefix = "/api/2", endpoint = "retry", input = Json, output = Json)]
pub async fn retry(id: MessageId, model: String) -> Result<Sent, Failure> {
    server::answer(|app, who| async move {
        let handle = app.providers.find(&model)?;
        let metas = app.replies.retry(who.viewer, id, model, handle).await?.replies;
        Ok(Sent { lineage: app.database.lineage, metas, messages: vec![] })
    })
    .await
}

/// Has the model that is chosen now summarise the branch that ends with a finished reply, in a message that follows it. What
/// is sent after that is sent with the summary, in place of what that covers.
#[server(prefix = "/api/2", endpoint = "summarise", input = Json, output = Json)]
pub async fn summarise(id: MessageId, model: String) -> Result<Sent, Failure> {
    server::answer(|app, who| async move {
        let handle = app.providers.find(&model)?;
        let metas = app.replies.summarise(who.viewer, id, model, handle).await?.replies;
        Ok(Sent { lineage: app.database.lineage, metas, messages: vec![] })
    })
    .await
}

/// Has the model that is chosen now continue a reply that ended early, if it is still in the epoch that the page shows.
#[server(prefix = "/api/2", endpoint = "continue", input = Json, output = Json)]
pub async fn resume(id: MessageId, epoch: Epoch, model: String) -> Result<(), Failure> {
    server::answer(
        |app, who| async move { app.replies.resume(who.viewer, id, epoch, app.providers.find(&model)?).await },
    )
    .await
}

/// Has the model that is chosen now go on from a word of a reply: a sibling of it begins with what stands before that. One's
/// own running reply is stopped, with what came.
#[server(prefix = "/api/2", endpoint = "continue-from", input = Json, output = Json)]
pub async fn continue_from(asked: Continuing) -> Result<Sent, Failure> {
    server::answer(|app, who| async move { server::continue_from(&app, who.viewer, asked).await }).await
}

#[server(prefix = "/api/2", endpoint = "rename", input = Json, output = Json)]
pub async fn rename(id: ConversationId, title: String) -> Result<(), Failure> {
    server::answer(|app, who| async move {
        let title = in_one_line(&title);
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(Failure::Invalid((t().server.forms.wrong_title)(LONGEST_TITLE)));
        }
        let sidebar = app.database.rename(who.viewer, id, &title).await?.ok_or(Failure::NotFound)?;
        app.hub.changed(ListTopic::Conversations(sidebar));
        Ok(())
    })
    .await
}

/// Deletes a conversation. It can be brought back for [`UNDO_TIMEOUT`](crate::conversation::UNDO_TIMEOUT).
#[server(prefix = "/api/2", endpoint = "delete", input = Json, output = Json)]
pub async fn delete(id: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.delete_conversations(who.viewer, vec![id]).await.map(drop) })
        .await
}

#[server(prefix = "/api/2", endpoint = "undo-delete-conversation", input = Json, output = Json)]
pub async fn undo_delete_conversation(id: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.undo_delete_conversations(who.viewer, vec![id]).await }).await
}

/// Makes a temporary conversation an ordinary one.
#[server(prefix = "/api/2", endpoint = "keep-temporary", input = Json, output = Json)]
pub async fn keep_temporary(id: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.keep_temporary(who.viewer, id).await }).await
}

/// Closes a temporary conversation, and has all of it removed. That cannot be undone.
#[server(prefix = "/api/2", endpoint = "close-temporary", input = Json, output = Json)]
pub async fn close_temporary(id: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.close_temporary(who.viewer, id).await }).await
}

/// A page that showed a temporary conversation is closed: unless one shows it again, it is closed after
/// [`LEFT_TIMEOUT`](crate::conversation::LEFT_TIMEOUT).
#[server(prefix = "/api/2", endpoint = "leave-temporary", input = Json, output = Json)]
pub async fn leave_temporary(id: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.leave_temporary(who.viewer, id).await }).await
}

/// Deletes conversations together. Gives those that have gone: all that whoever asks may delete.
#[server(prefix = "/api/2", endpoint = "delete-many", input = Json, output = Json)]
pub async fn delete_many(ids: Vec<ConversationId>) -> Result<Vec<ConversationId>, Failure> {
    server::answer(|app, who| async move { app.replies.delete_conversations(who.viewer, server::selected(ids)?).await })
        .await
}

#[server(prefix = "/api/2", endpoint = "undo-delete-many", input = Json, output = Json)]
pub async fn undo_delete_many(ids: Vec<ConversationId>) -> Result<(), Failure> {
    server::answer(
        |app, who| async move { app.replies.undo_delete_conversations(who.viewer, server::selected(ids)?).await },
    )
    .await
}

/// Deletes a message and all below it, for whoever may delete the conversation. Gives how many messages have gone. They can
/// be brought back for [`UNDO_TIMEOUT`](crate::conversation::UNDO_TIMEOUT).
#[server(prefix = "/api/2", endpoint = "delete-message", input = Json, output = Json)]
pub async fn delete_message(id: MessageId) -> Result<i64, Failure> {
    server::answer(|app, who| async move { app.replies.delete_message(who.viewer, id).await }).await
}

/// Copies a branch up to this message into a new conversation of one's own, under the id `into`, which the page mints.
#[server(prefix = "/api/2", endpoint = "fork", input = Json, output = Json)]
pub async fn fork(id: MessageId, into: ConversationId) -> Result<(), Failure> {
    server::answer(|app, who| async move {
        let database = app.database.clone();
        let forked =
            app.replies.detached(async move { conversation::fork::fork(&database, who.viewer, id, into).await });
        if let Some(sidebar) = forked.await? {
            app.hub.changed(ListTopic::Conversations(sidebar));
        }
        Ok(())
    })
    .await
}

/// Brings back what was deleted with a message.
#[server(prefix = "/api/2", endpoint = "undo-delete-message", input = Json, output = Json)]
pub async fn undo_delete_message(id: MessageId) -> Result<(), Failure> {
    server::answer(|app, who| async move { app.replies.undo_delete_message(who.viewer, id).await }).await
}
