//! What a tab follows, what it says to the server, and what becomes of what the server says.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use futures::channel::mpsc;
use leptos::prelude::*;

use super::{Follower, Live, News, Wake};
use crate::{
    ids::MessageId,
    live::{BEAT_IDLE, BEAT_STREAMING, ClientFrame, List, ServerFrame},
    message::{Change, Epoch, Event, Message, Outcome, Part},
};

#[derive(Default)]
pub(super) struct Tab {
    pub messages: RefCell<HashMap<MessageId, Followed>>,
    pub lists: RefCell<HashMap<List, Follower>>,
    numbers: RefCell<HashMap<u32, MessageId>>,
    /// Event frames that come in slices.
    pieces: RefCell<HashMap<u32, String>>,
    pub outgoing: RefCell<Option<mpsc::UnboundedSender<ClientFrame>>>,
    pub wake: RefCell<Option<mpsc::UnboundedSender<Wake>>>,
    heard: Cell<f64>,
}

pub(super) struct Followed {
    pub live: Live,
    /// The newest epoch that the list told of: its end, or that of a later one, is the end of following.
    pub newest: Epoch,
    /// Gaps in a row: after two the position itself is not trusted.
    pub gaps: u32,
}

impl Tab {
    /// Asks for everything that is followed, each from where it is. (Frames wait until the socket is open.)
    pub fn opened(&self, outgoing: mpsc::UnboundedSender<ClientFrame>) {
        *self.outgoing.borrow_mut() = Some(outgoing);
        self.heard.set(js_sys::Date::now());
        self.numbers.borrow_mut().clear();
        self.pieces.borrow_mut().clear();
        for (list, follower) in &*self.lists.borrow() {
            self.send(ClientFrame::List { list: *list, rev: (follower.rev)() });
        }
        for (id, followed) in &*self.messages.borrow() {
            let position = followed.live.message.with_untracked(Message::position);
            self.send(ClientFrame::Message { id: *id, position: Some(position) });
        }
    }

    pub fn send(&self, frame: ClientFrame) {
        if let Some(outgoing) = &*self.outgoing.borrow() {
            // A closed socket's queue is replaced, with everything asked for again, by the next connect.
            let _ = outgoing.unbounded_send(frame);
        }
    }

    /// Subscribes to a message, with the position that its signal has (or with none, for a fresh start).
    pub fn ask(&self, id: MessageId, with_position: bool) {
        let position =
            (self.messages.borrow().get(&id)).map(|followed| followed.live.message.with_untracked(Message::position));
        if let Some(position) = position {
            self.send(ClientFrame::Message { id, position: with_position.then_some(position) });
        }
    }

    /// Whether the server should have been heard by now.
    pub fn is_silent(&self) -> bool {
        let streaming = (self.messages.borrow().values())
            .any(|followed| followed.live.message.with_untracked(|message| !message.status.is_final()));
        let patience = match streaming {
            true => f64::from(BEAT_STREAMING) * 6.0,
            false => f64::from(BEAT_IDLE) * 1.6,
        };
        js_sys::Date::now() - self.heard.get() > patience
    }

    pub fn receive(&self, text: &str) {
        self.heard.set(js_sys::Date::now());
        match serde_json::from_str(text) {
            Ok(frame) => self.take(frame),
            Err(error) => leptos::logging::error!("A frame could not be read: {error}"),
        }
    }

    fn take(&self, frame: ServerFrame) {
        match frame {
            ServerFrame::Number(number, id) => {
                self.numbers.borrow_mut().insert(number, id);
                // The server begins anew: what it had begun to send in slices does not go on.
                self.pieces.borrow_mut().remove(&number);
            }
            ServerFrame::Event(number, epoch, change) => self.apply(number, Event { epoch, change }),
            ServerFrame::Piece(number, text, last) => {
                let mut pieces = self.pieces.borrow_mut();
                pieces.entry(number).or_default().push_str(&text);
                if last && let Some(whole) = pieces.remove(&number) {
                    drop(pieces);
                    self.receive(&whole);
                }
            }
            ServerFrame::Conversations { rev, rows } => self.news(List::Conversations, rev, News::Conversations(rows)),
            ServerFrame::Heads { of, rev, heads } => self.news(List::Messages(of), rev, News::Heads(heads)),
            ServerFrame::Beat(positions) => {
                self.send(ClientFrame::Beat);
                for (number, position) in positions {
                    let id = self.numbers.borrow().get(&number).copied();
                    let here = id.and_then(|id| {
                        let messages = self.messages.borrow();
                        messages.get(&id).map(|followed| followed.live.message.with_untracked(Message::position))
                    });
                    if let (Some(id), Some(here)) = (id, here)
                        && here != position
                    {
                        self.ask(id, true);
                    }
                }
            }
            ServerFrame::Gone(id) => {
                self.messages.borrow_mut().remove(&id);
            }
            ServerFrame::ListGone(list) => {
                self.news(list, i64::MAX, News::Gone);
                self.lists.borrow_mut().remove(&list);
            }
            ServerFrame::Error(error) => leptos::logging::error!("The server did not understand: {error}"),
        }
    }

    fn apply(&self, number: u32, event: Event) {
        let Some(id) = self.numbers.borrow().get(&number).copied() else { return };
        let Some(live) = self.messages.borrow().get(&id).map(|followed| followed.live.clone()) else { return };
        if matches!(event.change, Change::Snapshot { reset: true, .. }) {
            leptos::logging::warn!("This page had something of {id} that the server never had; it was replaced.");
        }
        let (mut outcome, mut replaces) = (Outcome::Stale, false);
        live.message.maybe_update(|message| {
            replaces = matches!(&event.change, Change::Snapshot { message: new, .. } if !begins_with(&new.parts, &message.parts));
            outcome = message.apply(event);
            outcome == Outcome::Applied
        });
        if replaces && outcome == Outcome::Applied {
            live.replaced.update(|times| *times += 1);
        }
        let mut messages = self.messages.borrow_mut();
        let Some(followed) = messages.get_mut(&id) else { return };
        let newest = followed.newest;
        let ended = live.message.with_untracked(|message| {
            message.status.is_final() && (message.epoch == newest || message.epoch.counter > newest.counter)
        });
        followed.gaps = if outcome == Outcome::Gap { followed.gaps + 1 } else { 0 };
        let gaps = followed.gaps;
        if ended {
            // The server has let it go too; a later epoch is announced by the list.
            messages.remove(&id);
        }
        drop(messages);
        if gaps > 0 {
            self.ask(id, gaps < 2);
        }
    }

    fn news(&self, list: List, rev: i64, news: News) {
        let take = self.lists.borrow().get(&list).map(|follower| follower.take.clone());
        if let Some(take) = take {
            take(rev, news);
        }
    }
}

/// Whether what is shown of `old` can stay when it becomes `new`.
fn begins_with(new: &[Part], old: &[Part]) -> bool {
    old.len() <= new.len()
        && new.iter().zip(old).all(|(new, old)| new.kind == old.kind && new.text.starts_with(&old.text))
}
