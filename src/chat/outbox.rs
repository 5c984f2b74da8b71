//! Messages between Enter and the server's answer, of every conversation in this tab. They are shown at once, kept over a
//! reload, and handed back to the composer if the server did not take them.

pub mod pending_sends;

use std::pin::pin;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::api::{self, Sending};
use crate::{
    conversation::queue::Queueing,
    error::Failure,
    ids::{ConversationId, MessageId},
    ui::drafts,
};
use pending_sends::{Kept, PendingSends};

/// How long the server may take to answer, in milliseconds. (Sending again after that is safe.)
const PATIENCE: u32 = 30_000;

/// Copied freely: it is a handle.
#[derive(Clone, Copy, Default)]
pub struct Outbox(RwSignal<PendingSends>);

impl Outbox {
    /// Takes in what was kept before this page was loaded.
    pub fn restore(self) {
        let mut keys = drafts::keys("sent:");
        // An id begins with the time: this is the order in which they were sent.
        keys.sort();
        let kept = (keys.into_iter())
            .filter_map(|key| drafts::read(&key))
            .filter_map(|json| serde_json::from_str::<Kept>(&json).ok());
        self.0.update(|all| all.restore(kept));
    }

    /// What is pending, to look at.
    pub fn with<T>(self, look: impl FnOnce(&PendingSends) -> T) -> T {
        self.0.with(look)
    }

    /// The same, without following what changes.
    pub fn with_untracked<T>(self, look: impl FnOnce(&PendingSends) -> T) -> T {
        self.0.with_untracked(look)
    }

    /// Sends a message, and keeps it until the server has it.
    pub fn send(self, sending: Sending) {
        keep(&sending, false);
        self.0.update(|all| all.send(sending.clone()));
        spawn_local(async move {
            let id = sending.id;
            let answer = in_time(api::send_message(sending)).await;
            // Where the list was faster, nobody needs the answer, and nothing is kept any more.
            if self.0.try_with_untracked(|all| all.is_sending(id)) == Some(true) {
                if answer.is_ok() {
                    drafts::keep(&key(id), "");
                }
                self.0.update(|all| all.answer(id, answer));
            }
        });
    }

    /// Queues a message until this reply has ended, and keeps it until the server has it. One goes after the other.
    pub fn queue(self, sending: Sending, after: MessageId) {
        keep(&sending, false);
        let conversation = sending.conversation;
        self.0.update(|all| all.queue(sending, after));
        self.queue_next(conversation);
    }

    /// Has what was too late to be queued wait for this reply.
    pub fn queue_again(self, conversation: ConversationId, after: MessageId) {
        self.0.update(|all| all.queue_again(conversation, after));
        self.queue_next(conversation);
    }

    fn queue_next(self, conversation: ConversationId) {
        let begin = |all: &mut PendingSends| {
            let next = all.begin_queueing(conversation);
            (next.is_some(), next)
        };
        let Some((sending, after)) = self.0.try_maybe_update(begin).flatten() else { return };
        spawn_local(async move {
            let Sending { id, text, model, .. } = sending;
            let answer = in_time(api::enqueue(Queueing { conversation, after, id, text, model })).await;
            if self.0.try_with_untracked(|all| all.is_sending(id)) == Some(true) {
                if answer.is_ok() {
                    drafts::keep(&key(id), "");
                }
                self.0.update(|all| all.answer_queueing(id, answer));
            }
            self.queue_next(conversation);
        });
    }

    /// Its text is kept as a draft by now.
    pub fn handed_back(self, sending: &Sending) {
        keep(sending, true);
        self.0.update(|all| all.hand_back(sending.id));
    }

    /// The list has it.
    pub fn has_arrived(self, id: MessageId) {
        drafts::keep(&key(id), "");
        let _ = self.0.try_update(|all| all.arrive(id));
    }

    /// Takes back what had arrived in a conversation and `is_lost`, since an earlier state of the database was restored.
    pub fn take_lost(self, conversation: ConversationId, is_lost: impl Fn(MessageId) -> bool) {
        let lost = self.0.try_update(|all| all.take_lost(conversation, is_lost)).unwrap_or_default();
        lost.iter().for_each(|sending| keep(sending, false));
    }

    /// Forgets all that was sent in a conversation, which is closed.
    pub fn forget_all(self, conversation: ConversationId) {
        let forgotten = self.0.try_update(|all| all.forget_all(conversation)).unwrap_or_default();
        forgotten.into_iter().for_each(|id| drafts::keep(&key(id), ""));
    }

    /// Forgets a message: it has arrived, or will not be sent again under this id.
    pub fn forget(self, id: MessageId) {
        drafts::keep(&key(id), "");
        let _ = self.0.try_update(|all| all.forget(id));
    }
}

/// What the server answered, unless that took too long.
async fn in_time<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match select(pin!(answer), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(Failure::Unreachable),
    }
}

fn keep(sending: &Sending, handed_back: bool) {
    let kept = Kept { sending: sending.clone(), handed_back };
    if let Ok(json) = serde_json::to_string(&kept) {
        drafts::keep(&key(sending.id), &json);
    }
}

fn key(id: MessageId) -> String {
    format!("sent:{id}")
}
