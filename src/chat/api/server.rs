//! The server's half of the functions above, which forms use too.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use leptos::prelude::{expect_context, use_context};

use super::*;
use crate::{
    access::Viewer,
    account::{cookies, session::SignedIn},
    conversation::{
        LONGEST_MESSAGE,
        context::{self, Budget},
        first_words,
        marks::{MAX_PINNED, MAX_SELECTED, store::Marked},
    },
    ids::mint,
    live::hub::Running,
    provider::{CatalogEntry, ModelHandle, prices::ModelFacts},
    reply::{
        continue_from::Continuation,
        queue::changes::store::NewQueued,
        store::{Exchange, NewReplies, Started},
    },
    state::AppState,
    text::normalize,
};

/// Finds out who asks and answers them. A failure becomes the answer's status.
pub async fn answer<T, F: Future<Output = Result<T, Failure>>>(
    work: impl FnOnce(AppState, SignedIn) -> F,
) -> Result<T, Failure> {
    let answered = async {
        let (app, who) = signed_in().await?;
        work(app, who).await
    };
    answered.await.map_err(Failure::with_status)
}

async fn signed_in() -> Result<(AppState, SignedIn), Failure> {
    let app = expect_context::<AppState>();
    let mut parts = expect_context::<axum::http::request::Parts>();
    let who = SignedIn::from_request_parts(&mut parts, &app).await?;
    Ok((app, who))
}

/// Where somebody who is not signed in goes: to the first account, or to the one that there is.
pub async fn way_in() -> Result<&'static str, Failure> {
    let app = expect_context::<AppState>();
    Ok(if app.database.has_owner().await? { "/sign-in" } else { "/create-account" })
}

/// The status of a function that was called without a session. A page is sent on instead.
pub fn unless_sent_on(failure: Failure) -> Failure {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        let mut response = response.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        response.status.get_or_insert(failure.status());
    }
    failure
}

pub async fn page_data() -> Result<PageData, Failure> {
    let (app, who) = signed_in().await?;
    let parts = expect_context::<axum::http::request::Parts>();
    let refusal = use_context::<SendRefusal>();
    let ModelList { models, trouble } = model_list(&app);
    let model = match last_model(&parts.headers, who.viewer.user) {
        Some(model) => Some(model),
        None => app.database.personal_settings(who.viewer).await?.default_model,
    };
    Ok(PageData {
        person: who.person,
        user: who.viewer.user,
        mine: sidebar(&app, who.viewer, Sidebar::Mine).await?,
        shared: sidebar(&app, who.viewer, Sidebar::Shared).await?,
        archived: match parts.uri.query().and_then(archived_after) {
            Some(after) => app.database.archived(who.viewer, after).await?,
            None => None,
        },
        clock: Clock { now: now(), offset: offset(&parts.headers) },
        models,
        trouble,
        model,
        fresh: refusal.as_ref().and_then(|refusal| refusal.ids).unwrap_or_else(|| (mint(), mint())),
        refusal,
    })
}

/// After which row the page at an address with this query shows what is archived, if it does: `archived`, or
/// `archived=<time>.<id>`.
fn archived_after(query: &str) -> Option<Option<(Millis, ConversationId)>> {
    match query.strip_prefix("archived")? {
        "" => Some(None),
        after => {
            let (time, id) = after.strip_prefix('=')?.split_once('.')?;
            Some(Some((time.parse().ok()?, id.parse().ok()?)))
        }
    }
}

/// The model that this person chose last in this browser. Its cookie outlives a session, so it may be somebody else's.
fn last_model(headers: &HeaderMap, user: UserId) -> Option<String> {
    let cookie = cookies::value(headers, "model")?;
    let (person, model) = cookie.split_once(' ')?;
    (person == user.to_string()).then(|| model.to_owned())
}

/// Has the browser forget it: a default that is set later is what the person wants.
pub fn forget_last_model() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        let (name, forgotten) = forgotten_model();
        response.append_header(name, forgotten);
    }
}

/// The header that does it.
pub fn forgotten_model() -> (HeaderName, HeaderValue) {
    (header::SET_COOKIE, HeaderValue::from_static("model=; Path=/; Max-Age=0; SameSite=Lax"))
}

async fn sidebar(app: &AppState, viewer: Viewer, list: Sidebar) -> Result<ConversationPage, Failure> {
    app.database.conversations(viewer, list, None).await?.ok_or(Failure::SignedOut)
}

/// The models as they are known now.
pub fn model_list(app: &AppState) -> ModelList {
    let catalog = app.providers.catalog();
    let model = |CatalogEntry { key, provider, name, facts: ModelFacts { context, price } }| ModelChoice {
        key,
        name,
        provider,
        context,
        price,
    };
    ModelList {
        models: catalog.entries.into_iter().map(model).collect(),
        trouble: (!catalog.trouble.is_empty()).then(|| catalog.trouble.join(" ")),
    }
}

/// The browser's time zone, as its cookie had it last time; UTC at first.
pub fn offset(headers: &HeaderMap) -> i32 {
    let minutes = cookies::value(headers, "offset").and_then(|value| value.parse().ok()).unwrap_or(0);
    i32::clamp(minutes, -14 * 60, 14 * 60)
}

/// Brings a message on to what may be seen of its reply, if that runs: its row is as old as the reply.
pub fn bring_on(message: &mut Message, running: &[Arc<Running>]) {
    let here = running.iter().find(|running| running.id == message.id);
    if let Some(mut seen) = here.and_then(|running| running.seen()) {
        // The row has less, so it is the cheaper one to copy; or the end, which then comes to the other.
        std::mem::swap(message, &mut seen);
        if let Some(event) = seen.next(None, usize::MAX) {
            let _ = message.apply(event);
        }
    }
}

/// Writes a person's message and starts the reply.
pub async fn send(app: &AppState, viewer: Viewer, sending: Sending) -> Result<Sent, Failure> {
    let text = checked(&sending.text)?;
    let models = models_of(app, &sending)?;
    let now = now();
    let exchange = Exchange {
        conversation: sending.conversation,
        opens: sending.opens.then(|| first_words(&text)),
        parent: sending.parent,
        edits: sending.edits,
        temporary: sending.temporary,
        options: sending.options.checked()?,
        said: Message::said(sending.id, text, now),
        reply: Message::asked(mint(), sending.model),
        others: sending.others.into_iter().map(|model| Message::asked(mint(), model)).collect(),
        now,
    };
    let messages = std::iter::once(&exchange.said).chain(exchange.replies()).cloned().collect();
    let sent = sent(app, app.replies.answer(viewer, exchange, models).await?);
    Ok(Sent { messages: if sent.metas.is_empty() { vec![] } else { messages }, ..sent })
}

/// The models that are asked, the first one first.
fn models_of(app: &AppState, Sending { model, others, .. }: &Sending) -> Result<Vec<ModelHandle>, Failure> {
    let is_repeated = |(at, other): (usize, &String)| other == model || others[..at].contains(other);
    if others.len() > MAX_OTHERS || others.iter().enumerate().any(is_repeated) {
        return Err(Failure::Invalid((t().server.forms.wrong_models)(MAX_OTHERS + 1)));
    }
    std::iter::once(model).chain(others).map(|key| app.providers.find(key)).collect()
}

/// Conversations that are changed together, if they are not too many.
pub fn selected(mut ids: Vec<ConversationId>) -> Result<Vec<ConversationId>, Failure> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > MAX_SELECTED {
        return Err(Failure::Invalid((t().server.forms.too_many_selected)(MAX_SELECTED)));
    }
    Ok(ids)
}

/// Has the person's tabs learn of a mark that was set.
pub fn marked(app: &AppState, viewer: Viewer, marked: Marked) -> Result<(), Failure> {
    match marked {
        Marked::Yes => {
            app.hub.changed(ListTopic::Marks(viewer.account, viewer.user));
            Ok(())
        }
        Marked::Missing => Err(Failure::NotFound),
        Marked::TooMany => Err(Failure::Invalid((t().server.forms.too_many_pinned)(MAX_PINNED))),
    }
}

/// What a person wrote, if it can be sent.
fn checked(text: &str) -> Result<String, Failure> {
    let text = normalize(text);
    if text.trim().is_empty() {
        return Err(Failure::Empty);
    }
    if text.len() > LONGEST_MESSAGE {
        return Err(Failure::TooLong);
    }
    Ok(text)
}

/// Starts a reply that begins with the words of another.
pub async fn continue_from(app: &AppState, viewer: Viewer, asked: Continuing) -> Result<Sent, Failure> {
    let Continuing { of, from, id, instruction, model } = asked;
    let instruction = normalize(&instruction).trim().to_owned();
    if instruction.len() > LONGEST_MESSAGE {
        return Err(Failure::TooLong);
    }
    let handle = app.providers.find(&model)?;
    let instruction = Some(instruction).filter(|instruction| !instruction.is_empty());
    let continuation = Continuation { of, from, id, instruction, model };
    let (started, reply) = app.replies.continue_from(viewer, continuation, handle).await?;
    let sent = sent(app, started);
    Ok(Sent { messages: if sent.metas.is_empty() { vec![] } else { vec![reply] }, ..sent })
}

/// The rows of a message and the reply to it, if they were written now.
pub fn sent(app: &AppState, started: Started) -> Sent {
    let metas = match started {
        Started::Yes(NewReplies { said, replies, .. }) => said.into_iter().chain(replies).collect(),
        _ => vec![],
    };
    Sent { lineage: app.database.lineage, metas, messages: vec![] }
}

pub async fn enqueue(app: &AppState, viewer: Viewer, queueing: Queueing) -> Result<Option<Queued>, Failure> {
    let Queueing { conversation, after, id, text, model } = queueing;
    let text = checked(&text)?;
    app.providers.find(&model)?;
    let parts = Message::said(id, text, now()).parts;
    app.replies.enqueue(viewer, NewQueued { conversation, id, after, parts, model }).await
}

pub async fn edit_queued(
    app: &AppState,
    viewer: Viewer,
    id: MessageId,
    seen: Rev,
    text: String,
    model: String,
) -> Result<Option<Queued>, Failure> {
    let text = checked(&text)?;
    app.providers.find(&model)?;
    let parts = Message::said(id, text, now()).parts;
    app.replies.edit_queued(viewer, id, seen, parts, model).await
}

/// What a branch takes of a model's context, if that is known. Reads no more than is needed to tell.
pub async fn context_use(
    app: &AppState,
    viewer: Viewer,
    id: ConversationId,
    leaf: MessageId,
    model: &str,
) -> Result<Option<ContextUse>, Failure> {
    if !app.database.may_see(viewer, id).await? {
        return Err(Failure::NotFound);
    }
    let (provider, model) = app.providers.find(model)?;
    let Some(context) = app.providers.context(provider.as_ref(), &model) else { return Ok(None) };
    let options = app.database.effective_options(viewer, id).await?;
    let budget = Budget::new(context, options.max_tokens, options.system_prompt.as_deref());
    let is_enough = |message: &Message| context::counted(message).is_some();
    let history = app.database.history(viewer, id, leaf, budget.max_bytes(), is_enough).await?;
    Ok(Some(ContextUse::of(&history.messages, budget)))
}
