//! The server's half of the functions above, which forms use too.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::{extract::FromRequestParts, http::HeaderMap};
use leptos::prelude::{expect_context, use_context};
use tokio::time::timeout;

use super::*;
use crate::{
    account::{Refusal, cookies, session::SignedIn},
    conversation::{LONGEST_MESSAGE, LONGEST_TITLE, first_words, purge::purge},
    ids::{AccountId, mint, now},
    live::List,
    message::{Position, Role, Status},
    provider::{Choice, Provider},
    reply::{
        self,
        store::{Exchange, Started},
    },
    state::AppState,
    text::{in_one_line, normalize},
};

pub async fn signed_in() -> Result<(AppState, SignedIn), Failure> {
    let app = expect_context::<AppState>();
    let mut parts = expect_context::<axum::http::request::Parts>();
    let who = SignedIn::from_request_parts(&mut parts, &app).await?;
    Ok((app, who))
}

/// Where somebody who is not signed in goes: to the first account, or to the one that there is.
pub async fn door() -> Result<&'static str, Failure> {
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

pub async fn opening() -> Result<Opening, Failure> {
    let (app, who) = signed_in().await?;
    let parts = expect_context::<axum::http::request::Parts>();
    let refusal = use_context::<Refusal>();
    let ModelList { models, trouble } = menu(&app);
    Ok(Opening {
        person: who.person,
        conversations: app.database.conversations(who.account, None).await?,
        clock: Clock { now: now(), offset: offset(&parts.headers) },
        build: app.build.clone(),
        models,
        trouble,
        model: cookies::value(&parts.headers, "model").map(Cow::into_owned),
        fresh: refusal.as_ref().and_then(|refusal| refusal.ids).unwrap_or_else(|| (mint(), mint())),
        refusal,
    })
}

pub async fn models() -> Result<ModelList, Failure> {
    let (app, _) = signed_in().await?;
    Ok(menu(&app))
}

fn menu(app: &AppState) -> ModelList {
    let menu = app.providers.menu();
    let model = |choice: Choice| Model { key: choice.key, name: choice.name, provider: choice.provider };
    ModelList {
        models: menu.choices.into_iter().map(model).collect(),
        trouble: (!menu.trouble.is_empty()).then(|| menu.trouble.join(" ")),
    }
}

/// The browser's time zone, as its cookie told last time; UTC at first.
pub fn offset(headers: &HeaderMap) -> i32 {
    let minutes = cookies::value(headers, "offset").and_then(|value| value.parse().ok()).unwrap_or(0);
    i32::clamp(minutes, -14 * 60, 14 * 60)
}

pub async fn messages(id: ConversationId, before: Option<i64>) -> Result<Stretch, Failure> {
    let (app, who) = signed_in().await?;
    // The hub's copies before the query: what ends in between is then in the rows.
    let running = app.hub.all_running(Some(id));
    let mut stretch = (app.database.stretch(who.account, id, before).await?).ok_or(Failure::NotFound)?;
    for message in &mut stretch.messages {
        let here = running.iter().find(|running| running.id == message.id);
        if let Some(mut seen) = here.and_then(|running| running.seen()) {
            std::mem::swap(message, &mut seen);
            let event = seen.next(None::<&Position>, usize::MAX);
            if let Some(event) = event {
                let _ = message.apply(event);
            }
        }
    }
    Ok(stretch)
}

pub async fn earlier_conversations(before: Millis) -> Result<Conversations, Failure> {
    let (app, who) = signed_in().await?;
    Ok(app.database.conversations(who.account, Some(before)).await?)
}

pub async fn send_signed_in(sending: Sending) -> Result<Sent, Failure> {
    let (app, who) = signed_in().await?;
    send(&app, who.account, sending).await
}

/// Writes a person's message and starts the reply.
pub async fn send(app: &AppState, account: AccountId, sending: Sending) -> Result<Sent, Failure> {
    let text = normalize(&sending.text);
    if text.trim().is_empty() {
        return Err(Failure::Empty);
    }
    if text.len() > LONGEST_MESSAGE {
        return Err(Failure::TooLong);
    }
    let model = model(app, &sending.model)?;
    if app.closing.is_cancelled() {
        return Err(Failure::Restarting);
    }
    let now = now();
    let exchange = Exchange {
        conversation: sending.conversation,
        opens: sending.opens.then(|| first_words(&text)),
        said: Message::said(sending.id, text, now),
        reply: Message::asked(mint(), sending.model),
        owner: app.owner,
        now,
    };
    let messages = vec![exchange.said.clone(), exchange.reply.clone()];
    let started = reply::answer(app, account, exchange, model).await?;
    let Some((place, rev)) = begun(started)? else {
        return Ok(Sent { heads: vec![], messages: vec![] });
    };
    let heads = (messages.iter().zip(place - 1..))
        .map(|(message, place)| Head {
            id: message.id,
            rev,
            place,
            attempt: 1,
            shown: true,
            role: message.role,
            status: message.status,
            epoch: message.epoch,
        })
        .collect();
    Ok(Sent { heads, messages })
}

fn model(app: &AppState, key: &str) -> Result<(Arc<dyn Provider>, String), Failure> {
    app.providers.find(key).ok_or(Failure::UnknownModel)
}

fn begun(started: Started) -> Result<Option<(i64, i64)>, Failure> {
    match started {
        Started::Yes { place, rev } => Ok(Some((place, rev))),
        Started::Repeated => Ok(None),
        Started::Busy => Err(Failure::Busy),
        Started::TooMany => Err(Failure::Limited(
            "As many of your replies are running as may at once. Wait for one or stop one, then send again.".into(),
        )),
        Started::Full => Err(Failure::Limited(
            "Rivulet is writing as many replies as it can. Send again in a moment; your text is kept.".into(),
        )),
        Started::Changed => Err(Failure::Changed),
        Started::Missing => Err(Failure::NotFound),
        Started::Fenced => Err(Failure::Restarting),
    }
}

pub async fn stop(id: MessageId) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    match app.hub.running(id) {
        Some(running) if running.account == who.account => {
            running.stop(Status::Stopped);
            // The end comes by the socket, too; but that it cannot be written is told here.
            timeout(Duration::from_secs(10), running.over()).await.map_err(|_| Failure::Unavailable)
        }
        _ => app.database.message(who.account, id).await?.map(|_| ()).ok_or(Failure::NotFound),
    }
}

pub async fn retry(id: MessageId, key: String) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    let (conversation, _) = finished(&app, &who, id).await?;
    let model = model(&app, &key)?;
    let reply = Message::asked(mint(), key);
    let started = reply::retry(&app, who.account, conversation, id, reply, model).await?;
    begun(started).map(|_| ())
}

pub async fn go_on(id: MessageId, epoch: Epoch, key: String) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    let (conversation, message) = finished(&app, &who, id).await?;
    if message.epoch != epoch || !message.status.can_go_on() {
        return Err(Failure::Changed);
    }
    let model = model(&app, &key)?;
    let started = reply::go_on(&app, who.account, conversation, message, model).await?;
    begun(started).map(|_| ())
}

/// A reply that has ended, which is what can be tried again or gone on with.
async fn finished(app: &AppState, who: &SignedIn, id: MessageId) -> Result<(ConversationId, Message), Failure> {
    if app.closing.is_cancelled() {
        return Err(Failure::Restarting);
    }
    let (conversation, message) = app.database.message(who.account, id).await?.ok_or(Failure::NotFound)?;
    match (message.role, message.status.is_final()) {
        (Role::User, _) => Err(Failure::NotFound),
        (Role::Assistant, false) => Err(Failure::Busy),
        (Role::Assistant, true) => Ok((conversation, message)),
    }
}

pub async fn show_attempt(id: MessageId) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    let conversation = app.database.show_attempt(who.account, id).await?.ok_or(Failure::NotFound)?;
    app.hub.changed(List::Messages(conversation));
    Ok(())
}

pub async fn rename(id: ConversationId, title: String) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    let title = in_one_line(&title);
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(Failure::Invalid(format!("A title has between 1 and {LONGEST_TITLE} characters.")));
    }
    if !app.database.rename(who.account, id, &title, true).await? {
        return Err(Failure::NotFound);
    }
    app.hub.changed(List::Conversations);
    Ok(())
}

pub async fn delete(id: ConversationId) -> Result<(), Failure> {
    let (app, who) = signed_in().await?;
    app.to_its_end(async move |app| {
        if !app.database.delete_conversation(who.account, id).await? {
            return Err(Failure::NotFound);
        }
        for running in app.hub.all_running(Some(id)) {
            running.gone();
        }
        app.hub.changed(List::Conversations);
        app.hub.changed(List::Messages(id));
        app.replies.spawn(purge(app.database.clone(), app.closing.clone(), id));
        Ok(())
    })
    .await
}
