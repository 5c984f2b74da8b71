//! A conversation is followed: what its list brings, what answers bring before it does, and which messages still grow.

use std::collections::HashSet;

use leptos::prelude::*;

use super::Thread;
use crate::{
    chat::{
        api::Sent,
        branch::{Branch, Reader},
        scroll::is_selecting,
    },
    conversation::MessageMeta,
    ids::MessageId,
    live::{
        List,
        connection::{Follower, ListUpdate},
    },
};

impl Thread {
    pub fn go_live(self) {
        if self.live.get_value() {
            return;
        }
        self.live.set_value(true);
        self.follow_list();
        self.follow_shown();
    }

    pub(super) fn follow_list(self) {
        self.connection.follow_list(
            List::Messages(self.id),
            Follower {
                held: Box::new(move || self.branch.with_untracked(Branch::held)),
                take: Box::new(move |update| match update {
                    ListUpdate::Messages(_, changes) => {
                        let (reader, mut newer) = (self.reader(), vec![]);
                        let any_gone = !changes.gone.is_empty();
                        self.branch.update(|branch| newer = branch.take(changes, reader));
                        let newer = self.follow_newer(newer);
                        if any_gone {
                            self.load_unseen(&newer);
                            // They stand beside each other again when what followed one of them is gone.
                            self.follow(|meta| meta.together);
                        }
                    }
                    ListUpdate::Gone(_) => self.gone.set(true),
                    ListUpdate::Reset(_) => self.load_anew(),
                    ListUpdate::Conversations(..) | ListUpdate::Marks(_) => {}
                }),
            },
        );
    }

    /// Follows the conversation again, from where the page has it, if it was gone, such as until somebody undid that it was
    /// deleted. If it still is, the server ends it again.
    pub fn follow_again(self) {
        if self.gone.get_untracked() {
            self.gone.set(false);
            self.follow_list();
            self.follow_shown();
        }
    }

    /// Takes in what the server said to what was sent from here, until the list has it. What one sends, one sees.
    pub fn take_answer(self) {
        if !self.is_ready() {
            return;
        }
        if let Some(sent) = self.outbox.with(|all| all.answered(self.id).cloned()) {
            untrack(|| self.take_aside(sent));
        }
        if let Some(id) = self.outbox.with(|all| all.awaited(self.id).map(|sending| sending.id))
            && self.has(id)
        {
            self.outbox.has_arrived(id);
            untrack(|| self.go_to(id));
        }
    }

    /// Takes in a reply that was asked for here, and goes there.
    pub fn asked_for(self, sent: Sent) {
        let id = sent.metas.last().map(|meta| meta.id);
        self.take_aside(sent);
        if let Some(id) = id {
            self.go_to(id);
        }
    }

    /// Goes to a reply that was begun here under this id; it may have come before.
    pub fn begun(self, id: MessageId, sent: Sent) {
        self.take_aside(sent);
        self.go_to(id);
    }

    /// Takes in what an answer brings before the list does, if both count in the same past.
    fn take_aside(self, sent: Sent) {
        let (read, reader, mut newer) = (sent.position(), self.reader(), None);
        let Sent { metas, messages, .. } = sent;
        self.branch.maybe_update(|branch| {
            newer = branch.take_aside(read, metas, reader);
            newer.as_ref().is_some_and(|newer| !newer.is_empty())
        });
        if let Some(newer) = newer {
            self.keep(messages);
            self.follow_newer(newer);
        }
    }

    fn reader(self) -> Reader {
        Reader { user: self.user, is_at_end: self.is_at_end.get_untracked() && !is_selecting() }
    }

    fn follow_newer(self, newer: Vec<MessageMeta>) -> HashSet<MessageId> {
        let newer: HashSet<_> = newer.into_iter().map(|meta| meta.id).collect();
        self.follow(|meta| newer.contains(&meta.id));
        newer
    }

    pub(super) fn follow_shown(self) {
        self.follow(|_| true);
    }

    /// Follows of the messages that are shown those that run, or of which the list has more than their signals.
    fn follow(self, which: impl Fn(&MessageMeta) -> bool) {
        if !self.live.get_value() {
            return;
        }
        let branch = self.branch.read_untracked();
        let together = branch.together();
        let beside = together.into_iter().filter(|meta| branch.leaf() != Some(meta.id));
        for meta in branch.shown().into_iter().chain(beside).filter(|meta| which(meta)) {
            let live = self.message(meta.id, meta.role);
            let behind = live.message.with_untracked(|message| {
                !message.status.is_final() || meta.epoch != message.epoch && meta.epoch.counter >= message.epoch.counter
            });
            if behind {
                self.connection.follow(live, meta.epoch, meta.status.is_final());
            }
        }
    }

    pub fn leave(self) {
        self.connection.leave_list(List::Messages(self.id));
        self.messages.with_value(|messages| messages.keys().for_each(|id| self.connection.leave(*id)));
    }
}
