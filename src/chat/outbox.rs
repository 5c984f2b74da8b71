//! Messages between Enter and the server's answer, of every conversation in this tab. They are shown at once, kept over a
//! reload, and handed back to the composer if the server did not take them.

use std::pin::pin;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use super::api::{self, Sending, Sent};
use crate::{
    error::Failure,
    ids::{ConversationId, MessageId},
    ui::drafts,
};

/// How long the server may take to answer, in milliseconds. (Sending again after that is safe.)
const PATIENCE: u32 = 30_000;

/// Copied freely: it is a handle.
#[derive(Clone, Copy)]
pub struct Outbox(RwSignal<Vec<Outgoing>>);

#[derive(Clone)]
struct Outgoing {
    sending: Sending,
    progress: Progress,
}

#[derive(Clone)]
enum Progress {
    Sending,
    /// The server has it; the list does not have it yet.
    Answered(Sent),
    /// The server did not take it, or it is unknown whether it did: to be handed back. (No reason after a reload.)
    Refused(Option<Failure>),
    /// Its text is in a composer again. Sending the same text again is sending the same message again.
    HandedBack,
}

/// How it is kept over a reload.
#[derive(Serialize, Deserialize)]
struct Kept {
    sending: Sending,
    /// Whether a draft has its text.
    handed_back: bool,
}

impl Default for Outbox {
    fn default() -> Outbox {
        Outbox(RwSignal::new(Vec::new()))
    }
}

impl Outbox {
    /// Takes in what was kept before this page was loaded.
    pub fn restore(self) {
        let kept = (drafts::keys("sent:").into_iter())
            .filter_map(|key| drafts::read(&key))
            .filter_map(|json| serde_json::from_str::<Kept>(&json).ok());
        let restored = kept.map(|Kept { sending, handed_back }| Outgoing {
            sending,
            progress: if handed_back { Progress::HandedBack } else { Progress::Refused(None) },
        });
        let restored: Vec<_> = restored.filter(|one| self.progress(one.sending.id).is_none()).collect();
        self.0.update(|all| all.extend(restored));
    }

    /// Sends a message, and keeps it until the server has it.
    pub fn send(self, sending: Sending) {
        keep(&sending, false);
        self.0.update(|all| {
            all.retain(|one| one.sending.id != sending.id);
            all.push(Outgoing { sending: sending.clone(), progress: Progress::Sending });
        });
        spawn_local(async move {
            let id = sending.id;
            let answer = match select(pin!(api::send_message(sending)), TimeoutFuture::new(PATIENCE)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Err(Failure::Unreachable),
            };
            // Where the list was faster, nobody needs the answer.
            if !matches!(self.progress(id), Some(Progress::Sending)) {
                return;
            }
            if answer.is_ok() {
                forget(id);
            }
            self.set(id, answer.map_or_else(|why| Progress::Refused(Some(why)), Progress::Answered));
        });
    }

    /// The message that is on its way into this conversation, or has just arrived there.
    pub fn pending(self, conversation: ConversationId) -> Option<Sending> {
        self.find(|one| one.is_pending() && one.sending.conversation == conversation).map(|one| one.sending)
    }

    /// The message that this conversation may have got from here, until it is known whether it has.
    pub fn awaited(self, conversation: ConversationId) -> Option<Sending> {
        let is_awaited = |one: &Outgoing| !matches!(one.progress, Progress::HandedBack);
        self.find(|one| is_awaited(one) && one.sending.conversation == conversation).map(|one| one.sending)
    }

    /// Whether the server has not answered for it yet.
    pub fn is_sending(self, id: MessageId) -> bool {
        self.0.read().iter().any(|one| one.sending.id == id && matches!(one.progress, Progress::Sending))
    }

    /// What the server said to the message that has just arrived in this conversation.
    pub fn answer(self, conversation: ConversationId) -> Option<Sent> {
        let one = self.find(|one| one.is_pending() && one.sending.conversation == conversation)?;
        match one.progress {
            Progress::Answered(sent) => Some(sent),
            _ => None,
        }
    }

    /// Whether this conversation was to begin with a message that was refused, so that there is none.
    pub fn is_refused_first(self, conversation: ConversationId) -> bool {
        let is_first = |one: &Outgoing| one.sending.opens && one.sending.conversation == conversation;
        self.0.read().iter().any(|one| is_first(one) && !one.is_pending())
    }

    /// The message that is to be handed back here (`None`: to the composer of new conversations), and why.
    pub fn refused(self, place: Option<ConversationId>) -> Option<(Sending, Option<Failure>)> {
        let one = self.find(|one| matches!(one.progress, Progress::Refused(_)) && is_of(&one.sending, place))?;
        match one.progress {
            Progress::Refused(why) => Some((one.sending, why)),
            _ => None,
        }
    }

    /// The message that was handed back here last and is not known to have arrived.
    pub fn unsure(self, place: Option<ConversationId>) -> Option<Sending> {
        let one = self.find(|one| matches!(one.progress, Progress::HandedBack) && is_of(&one.sending, place))?;
        Some(one.sending)
    }

    /// Its text is kept as a draft by now.
    pub fn handed_back(self, sending: &Sending) {
        keep(sending, true);
        self.set(sending.id, Progress::HandedBack);
    }

    /// Forgets a message: it has arrived, or will not be sent again under this id.
    pub fn forget(self, id: MessageId) {
        forget(id);
        let _ = self.0.try_update(|all| all.retain(|one| one.sending.id != id));
    }

    fn find(self, wanted: impl Fn(&Outgoing) -> bool) -> Option<Outgoing> {
        self.0.read().iter().find(|one| wanted(one)).cloned()
    }

    fn progress(self, id: MessageId) -> Option<Progress> {
        let all = self.0.try_read_untracked()?;
        all.iter().find(|one| one.sending.id == id).map(|one| one.progress.clone())
    }

    fn set(self, id: MessageId, progress: Progress) {
        let _ = self.0.try_update(|all| {
            if let Some(one) = all.iter_mut().find(|one| one.sending.id == id) {
                one.progress = progress;
            }
        });
    }
}

impl Outgoing {
    fn is_pending(&self) -> bool {
        matches!(self.progress, Progress::Sending | Progress::Answered(_))
    }
}

/// Whether this composer is the one that it was written in.
fn is_of(sending: &Sending, place: Option<ConversationId>) -> bool {
    match place {
        Some(conversation) => !sending.opens && sending.conversation == conversation,
        None => sending.opens,
    }
}

fn keep(sending: &Sending, handed_back: bool) {
    let kept = Kept { sending: sending.clone(), handed_back };
    if let Ok(json) = serde_json::to_string(&kept) {
        drafts::keep(&key(sending.id), &json);
    }
}

fn forget(id: MessageId) {
    drafts::keep(&key(id), "");
}

fn key(id: MessageId) -> String {
    format!("sent:{id}")
}
