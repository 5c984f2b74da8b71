//! The page's [`Client`], what of the page it reaches, and the clock that it is given.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::channel::mpsc;
use leptos::prelude::*;

use super::{
    Connection, Follower, Live, now,
    paint::{Painter, begins_with},
};
use crate::{
    conversation::list::Held,
    ids::MessageId,
    live::{
        ClientFrame, List, ServerFrame,
        client::{Client, Page},
    },
    message::{Change, Epoch, Event, Message, Outcome},
};

/// What of the page is followed.
pub(super) struct PageState {
    messages: HashMap<MessageId, Live>,
    lists: HashMap<List, Arc<Follower>>,
    painter: Painter,
}

impl PageState {
    pub fn new(painter: Painter) -> PageState {
        PageState { messages: HashMap::new(), lists: HashMap::new(), painter }
    }
}

/// Once the chat's pages are gone, nothing that is asked of it does anything.
impl Connection {
    /// Patches the message from now on, until it has ended in the `newest` epoch that is known of, or
    /// [`Connection::leave`]. `over`: whether it is known to have ended there.
    pub fn follow(self, live: Live, newest: Epoch, over: bool) {
        let id = live.message.with_untracked(|message| message.id);
        self.change(|client| {
            client.page.messages.insert(id, live);
            client.follow(id, newest, over);
        });
    }

    pub fn leave(self, id: MessageId) {
        self.change(|client| client.leave(id));
    }

    /// Gives the list's updates to the follower from now on, until [`Connection::leave_list`].
    pub fn follow_list(self, list: List, follower: Follower) {
        self.change(|client| {
            client.page.lists.insert(list, Arc::new(follower));
            client.follow_list(list);
        });
    }

    pub fn leave_list(self, list: List) {
        self.change(|client| {
            client.page.lists.remove(&list);
            client.leave_list(list);
        });
    }

    /// A socket is being opened. `kick`: wakes who sends on it.
    pub(super) fn opened(self, kick: mpsc::Sender<()>) {
        self.kick.try_set_value(Some(kick));
        self.update(|client| client.opened(now()));
    }

    pub(super) fn closed(self, code: Option<u16>) {
        self.update(|client| client.closed(code, now()));
    }

    pub(super) fn receive(self, text: &str) {
        let frame = match self.update(|client| client.read(text, now())) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return leptos::logging::error!("A frame could not be read: {error}"),
            None => return,
        };
        if let ServerFrame::Error(error) = &frame {
            leptos::logging::error!("The server did not understand: {error}");
        }
        let take = |frame| self.change(|client| client.take(frame, now(), js_sys::Math::random())).flatten();
        // Outside: who takes a list's rows follows what they name.
        if let Some(update) = take(frame) {
            let follower = self.client.try_with_value(|client| client.page.lists.get(&update.list()).cloned());
            if let Some(follower) = follower.flatten() {
                (follower.take)(update);
            }
        }
    }

    pub(super) fn frames(self) -> Vec<ClientFrame> {
        self.update(Client::frames).unwrap_or_default()
    }

    pub(super) fn tick(self) {
        self.change(|client| client.tick(now()));
    }

    pub(super) fn ping(self) {
        self.change(|client| client.ping(now()));
    }

    pub(super) fn wait(self) -> Duration {
        self.read(|client| client.wait(now()))
    }

    pub(super) fn is_silent(self) -> bool {
        self.read(|client| client.is_silent(now()))
    }

    pub(super) fn is_connected(self) -> bool {
        self.read(Client::is_connected)
    }

    pub(super) fn is_lost(self) -> bool {
        self.read(|client| client.is_lost(now()))
    }

    pub(super) fn pause(self) -> Duration {
        self.update(|client| client.pause(!document().hidden(), js_sys::Math::random())).unwrap_or_default()
    }

    pub(super) fn earliest_try(self) -> Duration {
        self.read(Client::earliest_try)
    }

    fn read<T: Default>(self, read: impl FnOnce(&Client<PageState>) -> T) -> T {
        self.client.try_with_value(read).unwrap_or_default()
    }

    fn update<T>(self, update: impl FnOnce(&mut Client<PageState>) -> T) -> Option<T> {
        self.client.try_update_value(update)
    }

    /// Does something with the client, and has what comes of it sent.
    fn change<T>(self, change: impl FnOnce(&mut Client<PageState>) -> T) -> Option<T> {
        let outcome = self.update(change);
        // When it is full, or nobody sends, all is sent later anyway.
        self.kick.try_update_value(|kick| kick.as_mut().map(|kick| kick.try_send(())));
        outcome
    }
}

impl Page for PageState {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.messages.get(&id).map(|live| live.message.with_untracked(read))
    }

    /// The signal has it at once; who depends on it is notified by the [`Painter`].
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
            self.painter.changed(id, live, replaces);
        }
        outcome
    }

    fn release(&mut self, id: MessageId) {
        self.messages.remove(&id);
    }

    fn held(&self, list: List) -> Option<Held> {
        self.lists.get(&list).and_then(|follower| (follower.held)())
    }
}
