//! The tab's one [`Client`], what of the page it reaches, and the clock that it is given.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use futures::channel::mpsc;
use leptos::prelude::*;

use super::{Follower, Live, Wake, now, paint};
use crate::{
    ids::MessageId,
    live::{
        ClientFrame, List, ServerFrame,
        client::{Client, Page},
    },
    message::{Change, Epoch, Event, Message, Outcome, Part},
};

pub(super) struct Tab {
    client: RefCell<Client<Followed>>,
    /// Wakes who sends.
    kick: RefCell<Option<mpsc::Sender<()>>>,
    pub wake: RefCell<Option<mpsc::UnboundedSender<Wake>>>,
}

/// What of the page is followed.
#[derive(Default)]
pub(super) struct Followed {
    messages: HashMap<MessageId, Live>,
    lists: HashMap<List, Rc<Follower>>,
}

impl Default for Tab {
    fn default() -> Tab {
        Tab {
            client: RefCell::new(Client::new(Followed::default())),
            kick: RefCell::default(),
            wake: RefCell::default(),
        }
    }
}

impl Tab {
    pub fn follow(&self, live: Live, newest: Epoch, over: bool) {
        let id = live.message.with_untracked(|message| message.id);
        self.change(|client| {
            client.page.messages.insert(id, live);
            client.follow(id, newest, over);
        });
    }

    pub fn leave(&self, id: MessageId) {
        self.change(|client| client.leave(id));
    }

    pub fn follow_list(&self, list: List, follower: Follower) {
        self.change(|client| {
            client.page.lists.insert(list, Rc::new(follower));
            client.follow_list(list);
        });
    }

    pub fn leave_list(&self, list: List) {
        self.change(|client| {
            client.page.lists.remove(&list);
            client.leave_list(list);
        });
    }

    pub fn opened(&self, kick: mpsc::Sender<()>) {
        *self.kick.borrow_mut() = Some(kick);
        self.client.borrow_mut().opened(now());
    }

    pub fn closed(&self, code: Option<u16>) {
        self.client.borrow_mut().closed(code, now());
    }

    pub fn receive(&self, text: &str) {
        let frame = match self.client.borrow_mut().read(text, now()) {
            Ok(frame) => frame,
            Err(error) => return leptos::logging::error!("A frame could not be read: {error}"),
        };
        if let Some(ServerFrame::Error(error)) = &frame {
            leptos::logging::error!("The server did not understand: {error}");
        }
        let change = frame.and_then(|frame| self.change(|client| client.take(frame, now(), js_sys::Math::random())));
        // Outside: who takes a list's rows follows what they name.
        if let Some((list, rev, update)) = change {
            let follower = self.client.borrow().page.lists.get(&list).cloned();
            if let Some(follower) = follower {
                (follower.take)(rev, update);
            }
        }
    }

    pub fn frames(&self) -> Vec<ClientFrame> {
        self.client.borrow_mut().frames()
    }

    pub fn tick(&self) {
        self.change(|client| client.tick(now()));
    }

    pub fn ping(&self) {
        self.change(|client| client.ping(now()));
    }

    pub fn wait(&self) -> Duration {
        self.client.borrow().wait(now())
    }

    pub fn is_silent(&self) -> bool {
        self.client.borrow().is_silent(now())
    }

    pub fn is_connected(&self) -> bool {
        self.client.borrow().is_connected()
    }

    pub fn is_lost(&self) -> bool {
        self.client.borrow().is_lost(now())
    }

    pub fn pause(&self) -> Duration {
        self.client.borrow_mut().pause(!document().hidden(), js_sys::Math::random())
    }

    pub fn earliest_try(&self) -> Duration {
        self.client.borrow().earliest_try()
    }

    /// Does something with the client, and has what comes of it sent.
    fn change<T>(&self, change: impl FnOnce(&mut Client<Followed>) -> T) -> T {
        let outcome = change(&mut self.client.borrow_mut());
        if let Some(kick) = &mut *self.kick.borrow_mut() {
            // When it is full, or nobody sends, all is sent later anyway.
            let _ = kick.try_send(());
        }
        outcome
    }
}

impl Page for Followed {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.messages.get(&id).map(|live| live.message.with_untracked(read))
    }

    /// The signal has it at once; who depends on it is notified by `paint`.
    fn apply(&mut self, id: MessageId, event: Event) -> Outcome {
        let Some(live) = self.messages.get(&id) else { return Outcome::Stale };
        if matches!(event.change, Change::Snapshot { reset: true, .. }) {
            leptos::logging::warn!("This page had something of {id} that the server never had; it was replaced.");
        }
        let mut message = live.message.write_untracked();
        let replaces =
            matches!(&event.change, Change::Snapshot { message: new, .. } if !begins_with(&new.parts, &message.parts));
        let outcome = message.apply(event);
        drop(message);
        if outcome == Outcome::Applied {
            paint::changed(id, live, replaces);
        }
        outcome
    }

    fn release(&mut self, id: MessageId) {
        self.messages.remove(&id);
    }

    fn rev(&self, list: List) -> i64 {
        self.lists.get(&list).map_or(0, |follower| (follower.rev)())
    }
}

/// Whether what is shown of `old` can stay when it becomes `new`.
fn begins_with(new: &[Part], old: &[Part]) -> bool {
    old.len() <= new.len()
        && new.iter().zip(old).all(|(new, old)| new.kind == old.kind && new.text.starts_with(&old.text))
}
