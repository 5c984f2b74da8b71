//! What becomes of messages between Enter and their row in the list, as plain values.

use serde::{Deserialize, Serialize};

use crate::{
    chat::api::{Sending, Sent},
    conversation::queue::Queued,
    error::Failure,
    ids::{ConversationId, MessageId},
};

/// In the order in which they were sent, each id once.
#[derive(Default)]
pub struct PendingSends(Vec<PendingSend>);

struct PendingSend {
    sending: Sending,
    /// The reply for whose end it is queued; none: it is sent at once.
    after: Option<MessageId>,
    progress: Progress,
}

#[derive(PartialEq)]
enum Progress {
    /// It is queued when the one before it is: they stay in order.
    Waiting,
    Sending,
    /// The server has it; the list does not have it yet.
    Answered(Sent),
    /// The server has queued it; the page's queue does not have it yet.
    Queued(Queued),
    /// It was too late to be queued for this reply, which something else follows by now.
    Overtaken,
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
                self.0.push(PendingSend { sending, after: None, progress });
            }
        }
    }

    /// A message is being sent, for the first time or again.
    pub fn send(&mut self, sending: Sending) {
        self.put(PendingSend { sending, after: None, progress: Progress::Sending });
    }

    /// A message is to be queued until this reply has ended, behind those that are.
    pub fn queue(&mut self, sending: Sending, after: MessageId) {
        self.put(PendingSend { sending, after: Some(after), progress: Progress::Waiting });
    }

    /// The message that is to be queued now in this conversation, and the reply for which it waits; it is being sent then.
    pub fn begin_queueing(&mut self, conversation: ConversationId) -> Option<(Sending, MessageId)> {
        let first = self.0.iter_mut().find(|one| one.is_queueing(conversation))?;
        let after = first.after.filter(|_| first.progress == Progress::Waiting)?;
        first.progress = Progress::Sending;
        Some((first.sending.clone(), after))
    }

    /// The server answered, or did not. Does nothing where the list was faster.
    pub fn answer(&mut self, id: MessageId, answer: Result<Sent, Failure>) {
        match answer {
            Ok(sent) if self.is_sending(id) => self.set(id, Progress::Answered(sent)),
            Err(why) => self.refuse(id, why),
            Ok(_) => {}
        }
    }

    /// The same for one that is being queued. No row: it had come before.
    pub fn answer_queueing(&mut self, id: MessageId, answer: Result<Option<Queued>, Failure>) {
        match answer {
            Err(Failure::Changed) if self.is_sending(id) => self.set(id, Progress::Overtaken),
            Err(why) => self.refuse(id, why),
            Ok(_) if !self.is_sending(id) => {}
            Ok(Some(row)) => self.set(id, Progress::Queued(row)),
            Ok(None) => self.forget(id),
        }
    }

    /// What was to be queued behind it comes back, too: else it would come before it.
    fn refuse(&mut self, id: MessageId, why: Failure) {
        let Some(conversation) = self.find(|one| one.sending.id == id).map(|one| one.sending.conversation) else {
            return;
        };
        if !self.is_sending(id) {
            return;
        }
        self.set(id, Progress::Refused(Some(why)));
        for one in self.0.iter_mut().filter(|one| one.is_queueing(conversation)) {
            one.progress = Progress::Refused(None);
        }
    }

    /// The first message of this conversation that was too late to be queued, and for which reply; none while something is
    /// being sent there, which it would follow.
    pub fn overtaken(&self, conversation: ConversationId) -> Option<(&Sending, MessageId)> {
        let first = self.find(|one| one.is_queueing(conversation))?;
        let is_next = first.progress == Progress::Overtaken && self.pending(conversation).is_none();
        first.after.filter(|_| is_next).map(|after| (&first.sending, after))
    }

    /// What is to be queued in this conversation waits for this reply.
    pub fn queue_again(&mut self, conversation: ConversationId, after: MessageId) {
        for one in self.0.iter_mut().filter(|one| one.is_queueing(conversation) && one.progress != Progress::Sending) {
            (one.after, one.progress) = (Some(after), Progress::Waiting);
        }
    }

    /// What is on its way into this conversation's queue.
    pub fn queueing(&self, conversation: ConversationId) -> impl Iterator<Item = &Sending> {
        let is_shown = move |one: &&PendingSend| {
            one.is_queueing(conversation)
                || matches!(one.progress, Progress::Queued(_)) && one.sending.conversation == conversation
        };
        self.0.iter().filter(is_shown).map(|one| &one.sending)
    }

    /// The rows of this conversation's queue that answers have brought.
    pub fn queued(&self, conversation: ConversationId) -> Vec<Queued> {
        let of_it = self.0.iter().filter(|one| one.sending.conversation == conversation);
        let row = |one: &PendingSend| if let Progress::Queued(row) = &one.progress { Some(row.clone()) } else { None };
        of_it.filter_map(row).collect()
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

    /// Forgets all of a conversation, and gives their ids.
    pub fn forget_all(&mut self, conversation: ConversationId) -> Vec<MessageId> {
        self.0.extract_if(.., |one| one.sending.conversation == conversation).map(|one| one.sending.id).collect()
    }

    /// The message that is on its way into this conversation, or has just arrived there.
    pub fn pending(&self, conversation: ConversationId) -> Option<&Sending> {
        self.find(|one| one.is_of_thread(conversation)).map(|one| &one.sending)
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
        let one = self.find(|one| one.is_of_thread(conversation))?;
        if let Progress::Answered(sent) = &one.progress { Some(sent) } else { None }
    }

    /// Whether this conversation was to begin with a message that was refused, so that there is none.
    pub fn is_refused_first(&self, conversation: ConversationId) -> bool {
        let is_first = |one: &PendingSend| one.sending.opens && one.sending.conversation == conversation;
        self.find(|one| is_first(one) && !one.is_pending() && one.progress != Progress::Arrived).is_some()
    }

    /// The message that is to be handed back here (`None`: to the composer of new conversations), and why. The last one
    /// first, as each is put before what stands there.
    pub fn refused(&self, place: Option<ConversationId>) -> Option<(&Sending, Option<&Failure>)> {
        self.0.iter().rev().filter(|one| one.is_of(place)).find_map(|one| match &one.progress {
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

    /// In the place of what stands under its id.
    fn put(&mut self, new: PendingSend) {
        match self.0.iter_mut().find(|one| one.sending.id == new.sending.id) {
            Some(one) => *one = new,
            None => self.0.push(new),
        }
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

    /// Whether this conversation shows it as its last message.
    fn is_of_thread(&self, conversation: ConversationId) -> bool {
        self.after.is_none() && self.is_pending() && self.sending.conversation == conversation
    }

    /// Whether it is to be queued in this conversation, and the server has not answered for good.
    fn is_queueing(&self, conversation: ConversationId) -> bool {
        let is_open = matches!(self.progress, Progress::Waiting | Progress::Sending | Progress::Overtaken);
        is_open && self.after.is_some() && self.sending.conversation == conversation
    }

    /// Whether this composer is the one that it was written in.
    fn is_of(&self, place: Option<ConversationId>) -> bool {
        match place {
            Some(conversation) => !self.sending.opens && self.sending.conversation == conversation,
            None => self.sending.opens,
        }
    }
}
