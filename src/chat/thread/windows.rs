//! Which part of a conversation is shown: where the reader goes, and what is loaded as they scroll.

use std::collections::HashSet;

use leptos::{prelude::*, task::spawn_local};

use super::Thread;
use crate::{
    chat::{
        api,
        branch::Branch,
        scroll::{self, Anchor},
    },
    conversation::{MessagePage, Window},
    ids::MessageId,
};

/// Why a window is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Reader,
    Scrolling,
    /// What was shown is gone.
    Loss,
}

impl Thread {
    /// Loads what is before the first message that is shown.
    pub fn load_earlier(self) {
        if let Some(first) = self.branch.read_untracked().first() {
            self.load_more(Window::Before(first), Wish::Scrolling, first, Branch::prepend);
        }
    }

    /// Loads what is after the last message that is shown.
    pub fn load_later(self) {
        let branch = self.branch.read_untracked();
        if let Some((message, leaf)) = branch.last().zip(branch.leaf()) {
            self.load_more(Window::After { message, leaf }, Wish::Scrolling, message, Branch::append);
        }
    }

    /// Shows the end of the branch on which the page is.
    pub fn load_newest(self) {
        let leaf = self.branch.read_untracked().leaf();
        if let Some(leaf) = leaf {
            self.load_more(Window::Around(leaf), Wish::Reader, leaf, Branch::show);
        }
    }

    /// Shows what the conversation's plain address opens, if that is another branch.
    pub fn load_plain(self) {
        if self.branch.with_untracked(|branch| branch.in_address().is_some()) {
            self.request(Window::Newest, Wish::Reader, move |page| {
                if self.show(page, Branch::show) {
                    scroll::to_end();
                }
            });
        }
    }

    /// Goes to a sibling of a message that is shown, and to what follows it.
    pub fn page_to(self, from: MessageId, to: MessageId, step: isize) {
        self.paged.set_value(Some((to, step)));
        let anchor = Anchor::at(from);
        self.request(Window::Around(to), Wish::Reader, move |page| {
            if self.show(page, Branch::show) {
                anchor.restore(to);
            }
        });
    }

    /// What is gone has left the page at a branch of which it has only the rows: loads that. What is `followed` comes by itself.
    pub(super) fn load_unseen(self, followed: &HashSet<MessageId>) {
        let branch = self.branch.read_untracked();
        let is_seen = |id| followed.contains(&id) || self.messages.with_value(|messages| messages.contains_key(&id));
        let unseen = branch.shown().into_iter().find(|meta| !is_seen(meta.id));
        if let Some((parent, leaf)) = unseen.map(|meta| meta.parent).zip(branch.leaf()) {
            self.request(Window::Around(leaf), Wish::Loss, move |page| {
                self.in_place(parent, || self.show(page, Branch::show));
            });
        }
    }

    /// A message of the reader's is there that the page may not show, such as one that they brought back: they go there.
    pub fn comes_back(self, id: MessageId) {
        // They may have left the page.
        if self.branch.is_disposed() {
            return;
        }
        if self.branch.with_untracked(|branch| branch.shown().iter().all(|meta| meta.id != id)) {
            self.request(Window::Around(id), Wish::Reader, move |page| {
                self.show(page, Branch::show);
            });
        }
    }

    pub(super) fn go_to(self, id: MessageId) {
        if self.branch.with_untracked(|branch| branch.last().is_some()) {
            // What stands between the window that is shown and this is not here.
            return self.request(Window::Around(id), Wish::Reader, move |page| {
                self.show(page, Branch::show);
            });
        }
        self.branch.update(|branch| branch.go_to(id));
        self.follow_shown();
    }

    /// Loads a window, with `anchor` kept in its place.
    fn load_more(self, window: Window, wish: Wish, anchor: MessageId, show: fn(&mut Branch, &MessagePage) -> bool) {
        self.request(window, wish, move |page| {
            self.in_place(Some(anchor), || self.show(page, show));
        });
    }

    /// Changes what is shown, with a message kept in its place. `change` gives whether it did.
    pub(super) fn in_place(self, anchor: Option<MessageId>, change: impl FnOnce() -> bool) {
        let place = anchor.map(|id| (id, Anchor::at(id)));
        self.settling.set(true);
        if !change() {
            // What is settled is looked at again at once, and there is nothing new to see.
            return self.settling.set(false);
        }
        if let Some((id, place)) = place {
            place.restore(id);
        }
        let settled = move || {
            self.settling.try_set(false);
        };
        request_animation_frame(move || request_animation_frame(settled));
    }

    /// Takes in a window as `show` does. False if it is of another past than the list, which is loaded anew then.
    fn show(self, page: MessagePage, show: fn(&mut Branch, &MessagePage) -> bool) -> bool {
        let mut is_taken = false;
        self.branch.maybe_update(|branch| {
            is_taken = show(branch, &page);
            is_taken
        });
        if is_taken {
            self.keep(page.messages.into_iter().chain(page.beside));
            // Messages may have been here before, and have grown since.
            self.follow_shown();
        }
        is_taken
    }

    /// Asks for a window. What the reader wishes takes the place of what is under way; what scrolling wishes waits for it.
    fn request(self, window: Window, wish: Wish, then: impl FnOnce(MessagePage) + 'static) {
        if wish == Wish::Scrolling && self.loading.get_value().is_some() {
            return;
        }
        if wish == Wish::Reader {
            self.moves.update(|moves| *moves += 1);
        }
        let number = self.requests.get_value() + 1;
        self.requests.set_value(number);
        self.loading.set_value(Some(number));
        spawn_local(async move {
            let loaded = api::messages(self.id, window).await;
            if self.branch.is_disposed() || self.loading.get_value() != Some(number) {
                return;
            }
            self.loading.set_value(None);
            match loaded {
                Ok(page) => then(page),
                Err(error) => {
                    self.paged.set_value(None);
                    leptos::logging::warn!("{error}");
                }
            }
        });
    }
}
