//! Running a reply: from what a provider sends to what every tab may see.
//!
//! [`job`] reads the provider and makes events; [`journal`] commits them; only then [`hub`] applies and shows them.
//! [`recovery`] does at the next start what a killed process could not.

pub mod job;
pub mod journal;
pub mod recovery;
pub mod store;

use std::{sync::Arc, time::Duration};

use crate::{
    ids::{AccountId, ConversationId, MessageId},
    live::{
        List,
        hub::{NotEntered, Running},
    },
    message::{Epoch, Message, Status},
    provider::Provider,
    state::AppState,
};
use job::Job;
use store::{Exchange, Started};

/// Writes a person's message and starts the reply to it.
pub async fn answer(
    app: &AppState,
    account: AccountId,
    exchange: Exchange,
    asked: (Arc<dyn Provider>, String),
) -> sqlx::Result<Started> {
    app.to_its_end(async move |app| {
        let running = match app.hub.enter(account, exchange.conversation, exchange.reply.clone()) {
            Ok(running) => running,
            // What has come before is not refused for want of room.
            Err(why) => match app.database.message(account, exchange.said.id).await? {
                Some((_, before)) if before.text() == exchange.said.text() => return Ok(Started::Repeated),
                Some(_) => return Ok(Started::Changed),
                None => return Ok(not_started(why, Started::Repeated)),
            },
        };
        let started = app.database.exchange(account, &exchange).await;
        go(&app, running, started, asked, false)
    })
    .await
}

/// Starts another attempt at a finished reply. It takes the place of the one that is shown; that one stays.
pub async fn retry(
    app: &AppState,
    account: AccountId,
    conversation: ConversationId,
    of: MessageId,
    reply: Message,
    asked: (Arc<dyn Provider>, String),
) -> sqlx::Result<Started> {
    app.to_its_end(async move |app| {
        let running = match app.hub.enter(account, conversation, reply.clone()) {
            Ok(running) => running,
            Err(why) => return Ok(not_started(why, Started::Repeated)),
        };
        let started = app.database.retry(account, of, &reply, app.owner).await;
        go(&app, running, started, asked, false)
    })
    .await
}

/// Goes on with a reply that ended early, in a new epoch of it. `message` is what the presser's epoch ended as.
pub async fn go_on(
    app: &AppState,
    account: AccountId,
    conversation: ConversationId,
    message: Message,
    asked: (Arc<dyn Provider>, String),
) -> sqlx::Result<Started> {
    let seen = message.epoch;
    let epoch = Epoch { counter: seen.counter + 1, nonce: rand::random() };
    let next = Message { epoch, status: Status::Pending, ended_at: None, error: None, usage: None, ..message };
    app.to_its_end(async move |app| {
        let running = match app.hub.enter(account, conversation, next) {
            Ok(running) => running,
            Err(why) => return Ok(not_started(why, Started::Changed)),
        };
        let started = app.database.go_on(account, running.id, seen, epoch, app.owner).await;
        go(&app, running, started, asked, true)
    })
    .await
}

/// Why a reply did not start; `repeated` if the message runs already.
fn not_started(why: NotEntered, repeated: Started) -> Started {
    match why {
        NotEntered::Running => repeated,
        NotEntered::TooMany => Started::TooMany,
        NotEntered::Full => Started::Full,
    }
}

/// A reply is in the hub before its row commits; if it did not, it leaves again.
fn go(
    app: &AppState,
    running: Arc<Running>,
    started: sqlx::Result<Started>,
    asked: (Arc<dyn Provider>, String),
    going_on: bool,
) -> sqlx::Result<Started> {
    match started {
        Ok(Started::Yes { place, .. }) => run(app, running, place, asked, going_on),
        Ok(_) => app.hub.withdraw(&running),
        // Whoever asked is told that it failed, and may ask again; but a row without its reply would stand open for ever.
        Err(_) => drop(app.replies.spawn(find_out(app.clone(), running, asked, going_on))),
    }
    started
}

fn run(
    app: &AppState,
    running: Arc<Running>,
    place: i64,
    (provider, model): (Arc<dyn Provider>, String),
    going_on: bool,
) {
    running.open();
    app.hub.changed(List::Conversations);
    app.hub.changed(List::Messages(running.conversation));
    Job { running, provider, model, place, going_on }.spawn(app.clone());
}

/// A commit that was reported to have failed may have gone through all the same. Looks until that is known.
async fn find_out(app: AppState, running: Arc<Running>, asked: (Arc<dyn Provider>, String), going_on: bool) {
    let mut pause = MIN_PAUSE;
    loop {
        match app.database.place_if_started(running.id, running.message().epoch, app.owner).await {
            Ok(Some(place)) => return run(&app, running, place, asked, going_on),
            Ok(None) => return app.hub.withdraw(&running),
            Err(error) => {
                tracing::error!(message = %running.id, %error, "whether a reply has started is not known; looking again");
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                    // The next start ends it.
                    () = app.closing.cancelled() => return app.hub.withdraw(&running),
                }
            }
        }
    }
}

/// The pauses between two looks double from the one to the other.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);
