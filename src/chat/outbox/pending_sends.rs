//! What becomes of messages between Enter and their row in the list, as plain values.

use serde::{Deserialize, Serialize};

use crate::{
    chat::api::{Sending, Sent},
    error::Failure,
    ids::{ConversationId, MessageId},
};

/// In the order in which they were sent, each id once.
#[derive(Default)]
pub struct PendingSends(Vec<PendingSend>);

struct PendingSend {
    sending: Sending,
    progress: Progress,
}

#[derive(PartialEq)]
enum Progress {
    Sending,
    /// The server has it; the list does not have it yet.
    Answered(Sent),
    /// The server did not take it, or it is unknown whether it did: to be handed back. (No reason after a reload.)
    Refused(Option<Failure>),
    /// Its text is in a composer again. Sending the same text again is sending the same message again.
    HandedBack,
    /// The list has it.
    Arrived,
}

/// How one is kept over a reload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub sending: Sending,
    /// Whether a draft has its text.
    pub handed_back: bool,
}

impl PendingSends {
    /// Takes in what was kept before a reload, but for what is here already.
    pub fn restore(&mut self, kept: impl IntoIterator<Item = Kept>) {
        for Kept { sending, handed_back } in kept {
            if !self.0.iter().any(|one| one.sending.id == sending.id) {
                let progress = if handed_back { Progress::HandedBack } else { Progress::Refused(None) };
                self.0.push(PendingSend { sending, progress });
            }
        }
    }

    /// A message is being sent, for the first time or again.
    pub fn send(&mut self, sending: Sending) {
        self.forget(sending.id);
        self.0.push(PendingSend { sending, progress: Progress::Sending });
    }

    /// The server answered, or did not. Does nothing where the list was faster.
    pub fn answer(&mut self, id: MessageId, answer: Result<Sent, Failure>) {
        if self.is_sending(id) {
            self.set(id, answer.map_or_else(|why| Progress::Refused(Some(why)), Progress::Answered));
        }
    }

    /// Its text is in a composer again.
    pub fn hand_back(&mut self, id: MessageId) {
        self.set(id, Progress::HandedBack);
    }

    /// The list has it.
    pub fn arrive(&mut self, id: MessageId) {
        self.set(id, Progress::Arrived);
    }

    /// What had arrived in a conversation from here.
    pub fn arrived(&self, conversation: ConversationId) -> Vec<MessageId> {
        let of_it = self.0.iter().filter(|one| one.sending.conversation == conversation && one.has_arrived());
        of_it.map(|one| one.sending.id).collect()
    }

    /// Takes back what had arrived in a conversation and is not there any more, to hand it back. Gives it.
    pub fn take_lost(&mut self, conversation: ConversationId, is_lost: impl Fn(MessageId) -> bool) -> Vec<Sending> {
        let mut lost = vec![];
        for one in self.0.iter_mut().filter(|one| one.sending.conversation == conversation) {
            if one.has_arrived() && is_lost(one.sending.id) {
                one.progress = Progress::Refused(None);
                lost.push(one.sending.clone());
            }
        }
        lost
    }

    pub fn forget(&mut self, id: MessageId) {
        self.0.retain(|one| one.sending.id != id);
    }

    /// The message that is on its way into this conversation, or has just arrived there.
    pub fn pending(&self, conversation: ConversationId) -> Option<&Sending> {
        self.find(|one| one.is_pending() && one.sending.conversation == conversation).map(|one| &one.sending)
    }

    /// The message that this conversation may have got from here, until it is known whether it has.
    pub fn awaited(&self, conversation: ConversationId) -> Option<&Sending> {
        let is_awaited = |one: &PendingSend| !matches!(one.progress, Progress::HandedBack | Progress::Arrived);
        self.find(|one| is_awaited(one) && one.sending.conversation == conversation).map(|one| &one.sending)
    }

    /// Whether the server has not answered for it yet.
    pub fn is_sending(&self, id: MessageId) -> bool {
        self.find(|one| one.sending.id == id && one.progress == Progress::Sending).is_some()
    }

    /// What the server answered to the message that has just arrived in this conversation.
    pub fn answered(&self, conversation: ConversationId) -> Option<&Sent> {
        let one = self.find(|one| one.is_pending() && one.sending.conversation == conversation)?;
        if let Progress::Answered(sent) = &one.progress { Some(sent) } else { None }
    }

    /// Whether this conversation was to begin with a message that was refused, so that there is none.
    pub fn is_refused_first(&self, conversation: ConversationId) -> bool {
        let is_first = |one: &PendingSend| one.sending.opens && one.sending.conversation == conversation;
        self.find(|one| is_first(one) && !one.is_pending() && one.progress != Progress::Arrived).is_some()
    }

    /// The message that is to be handed back here (`None`: to the composer of new conversations), and why.
    pub fn refused(&self, place: Option<ConversationId>) -> Option<(&Sending, Option<&Failure>)> {
        self.0.iter().filter(|one| one.is_of(place)).find_map(|one| match &one.progress {
            Progress::Refused(why) => Some((&one.sending, why.as_ref())),
            _ => None,
        })
    }

    /// The message that was handed back here and is not known to have arrived.
    pub fn unsure(&self, place: Option<ConversationId>) -> Option<&Sending> {
        self.find(|one| one.progress == Progress::HandedBack && one.is_of(place)).map(|one| &one.sending)
    }

    fn find(&self, wanted: impl Fn(&PendingSend) -> bool) -> Option<&PendingSend> {
        self.0.iter().find(|one| wanted(one))
    }

    fn set(&mut self, id: MessageId, progress: Progress) {
        if let Some(one) = self.0.iter_mut().find(|one| one.sending.id == id) {
            one.progress = progress;
        }
    }
}

impl PendingSend {
    fn has_arrived(&self) -> bool {
        matches!(self.progress, Progress::Arrived | Progress::Answered(_))
    }

    fn is_pending(&self) -> bool {
        matches!(self.progress, Progress::Sending | Progress::Answered(_))
    }

    /// Whether this composer is the one that it was written in.
    fn is_of(&self, place: Option<ConversationId>) -> bool {
        match place {
            Some(conversation) => !self.sending.opens && self.sending.conversation == conversation,
            None => self.sending.opens,
        }
    }
}
