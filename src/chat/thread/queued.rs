//! What waits in a conversation to be sent, beside its messages.

use leptos::prelude::*;

use super::Thread;
use crate::{
    chat::{api::Sending, branch::Branch, outbox::pending_sends::PendingSends},
    conversation::queue::Queued,
    ids::{MessageId, mint},
    language::t,
    message::{Message, Role, Status},
    steering::options::Options,
    ui::status::announce,
};

impl Thread {
    /// Keeps the queue as the server has it, and what is on its way there moving.
    pub fn keep_queue(self) {
        Effect::new(move |_| self.follow_queue());
        Effect::new(move |_| self.take_queued());
        Effect::new(move |_| self.bring_up());
    }

    /// The rows that wait for a reply of this branch, in order. What has become a message is none any more.
    pub fn queued_here(self) -> Vec<Queued> {
        let branch = self.branch.read();
        let is_here = |row: &Queued| branch.has_on_it(row.wait.after);
        self.all_queued().into_iter().filter(is_here).collect()
    }

    /// How many rows wait for replies of other branches.
    pub fn queued_elsewhere(self) -> usize {
        self.all_queued().len() - self.queued_here().len()
    }

    fn all_queued(self) -> Vec<Queued> {
        self.queue.rows().into_iter().filter(|row| !self.has(row.id)).collect()
    }

    /// The reader's last row that waits here.
    pub fn last_queued(self) -> Option<MessageId> {
        let rows = untrack(|| self.queued_here());
        rows.iter().rev().find(|row| self.is_author(row)).map(|row| row.id)
    }

    pub fn is_author(self, row: &Queued) -> bool {
        row.author == self.user
    }

    /// The reply behind which a message has to be queued now: the one that runs, or one that the next row is about to follow.
    /// None: it can be sent at once.
    pub fn queues_after(self) -> Option<MessageId> {
        let next = || {
            let leaf = self.branch.read().leaf();
            leaf.filter(|leaf| self.all_queued().iter().any(|row| row.wait.after == *leaf && !row.wait.held))
        };
        self.running().or_else(next)
    }

    /// The reply behind which what is sent from here is queued; none: it is sent at once.
    pub fn sends_after(self) -> Option<MessageId> {
        untrack(|| {
            // What was typed before this is first.
            let is_queueing = self.outbox.with(|all| all.queueing(self.id).next().is_some());
            self.queues_after().or_else(|| self.branch.with(Branch::leaf).filter(|_| is_queueing))
        })
    }

    /// Sends a text from elsewhere than the composer, or queues it. Returns false if something is just being sent.
    pub fn send(self, text: String) -> bool {
        let is_sending = |all: &PendingSends| all.pending(self.id).is_some_and(|sending| all.is_sending(sending.id));
        if untrack(|| self.outbox.with(is_sending)) {
            return false;
        }
        let sending = Sending {
            conversation: self.id,
            opens: false,
            parent: self.branch.with_untracked(Branch::leaf),
            edits: None,
            id: mint(),
            text,
            model: self.model.get_untracked(),
            others: vec![],
            temporary: false,
            options: Options::default(),
        };
        match self.sends_after() {
            Some(after) => {
                self.outbox.queue(sending, after);
                announce(t().queue.announce_queued);
            }
            None => self.outbox.send(sending),
        }
        true
    }

    /// Loads the queue whenever the list has moved on.
    fn follow_queue(self) {
        if self.is_ready()
            && let Some(position) = self.branch.with(Branch::position)
        {
            untrack(|| self.queue.list_is_at(position));
        }
    }

    /// Takes in what was queued from here.
    fn take_queued(self) {
        for row in self.outbox.with(|all| all.queued(self.id)) {
            let id = row.id;
            untrack(|| self.queue.take(row));
            self.outbox.forget(id);
        }
        // What was kept over a reload, and had been queued before that.
        if let Some(id) = self.outbox.with(|all| all.awaited(self.id).map(|sending| sending.id))
            && self.queue.has(id)
        {
            self.outbox.forget(id);
        }
    }

    /// Queues what was too late behind the reply that is last by now, or sends it.
    fn bring_up(self) {
        let overtaken = |(sending, after): (&Sending, MessageId)| (sending.clone(), after);
        let Some((sending, after)) = self.outbox.with(|all| all.overtaken(self.id).map(overtaken)) else { return };
        let leaf = self.branch.read().leaf();
        match self.queues_after() {
            Some(newer) if newer != after => self.outbox.queue_again(self.id, newer),
            // The page has not seen yet what is faster.
            Some(_) => {}
            None if leaf == Some(after) => {}
            None => self.outbox.send(Sending { parent: leaf, ..sending }),
        }
    }
}

/// A row as the message that it has become, until the server's comes: a new epoch replaces whatever stands here.
pub(super) fn queued_message(row: Queued) -> Message {
    Message { status: Status::Completed, parts: row.parts, ..Message::unseen(row.id, Role::User) }
}
