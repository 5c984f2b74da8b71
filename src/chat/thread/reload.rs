//! A conversation is loaded anew, since what the page has of it leads nowhere: an earlier state of the database was
//! restored, or the page was away for too long.

use std::{collections::HashSet, time::Duration};

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::Thread;
use crate::{
    chat::{api, scroll},
    conversation::{MessagePage, Window},
    error::Failure,
    ids::MessageId,
    live::connection::Live,
};

/// How long until a conversation is loaded anew that could not be.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

impl Thread {
    /// What is here leads nowhere: it is replaced by what there is now, where the reader is.
    pub(super) fn load_anew(self) {
        spawn_local(async move {
            let Some(page) = self.fetch_anew().await else { return };
            let mut there: HashSet<_> = page.metas.iter().map(|meta| meta.id).collect();
            // Of what was sent from here, some may be there, elsewhere in the tree.
            for id in self.outbox.with_untracked(|all| all.arrived(self.id)) {
                if !there.contains(&id) {
                    let Some(around) = self.fetch(Window::Around(id)).await else { return };
                    there.extend(around.metas.iter().map(|meta| meta.id).filter(|other| *other == id));
                }
            }
            self.replace(page, &there);
        });
    }

    /// What there is now around the message that is read, or else at the end of the branch.
    async fn fetch_anew(self) -> Option<MessagePage> {
        let reading = self.reading();
        let (leaf, before, shown) = self.branch.try_with_untracked(|branch| {
            let before = reading.and_then(|id| branch.get(id)).and_then(|meta| meta.parent);
            (branch.leaf(), before, branch.shown().iter().map(|meta| meta.id).collect::<HashSet<_>>())
        })?;
        let page = self.fetch(reading.or(leaf).map_or(Window::Newest, Window::Around)).await?;
        let is_other_branch = page.leaf.is_some_and(|leaf| !shown.contains(&leaf));
        let Some((message, leaf)) = before.zip(leaf).filter(|_| is_other_branch) else { return Some(page) };
        // That one is newer, but this one may be there, too.
        let same = api::messages(self.id, Window::After { message, leaf }).await;
        (!self.contents.is_disposed()).then(|| same.unwrap_or(page))
    }

    /// The message that the reader is at, unless that is the end of the branch.
    fn reading(self) -> Option<MessageId> {
        let is_at_end = self.is_at_end.try_get_untracked().unwrap_or(true);
        if is_at_end { None } else { scroll::first_seen().filter(|id| untrack(|| self.has(*id))) }
    }

    /// A window, however often it has to be asked for. None if there is none for this page any more.
    async fn fetch(self, window: Window) -> Option<MessagePage> {
        loop {
            let loaded = api::messages(self.id, window).await;
            if self.contents.is_disposed() {
                return None;
            }
            match loaded {
                Ok(page) => return Some(page),
                Err(failure) if failure.may_pass() => sleep(RETRY_INTERVAL).await,
                Err(Failure::NotFound) => {
                    self.gone.set(true);
                    return None;
                }
                Err(_) => return None,
            }
        }
    }

    fn replace(self, page: MessagePage, there: &HashSet<MessageId>) {
        self.outbox.take_lost(self.id, |id| !there.contains(&id));
        self.in_place(self.reading(), || {
            self.branch.update(|branch| branch.open(&page));
            true
        });
        self.messages.update_value(|messages| {
            messages.keys().for_each(|id| self.connection.leave(*id));
            messages.retain(|id, _| page.messages.iter().any(|message| message.id == *id));
            for message in page.messages {
                match messages.get(&message.id) {
                    Some(live) => live.replace(message),
                    None => drop(messages.insert(message.id, Live::new(message))),
                }
            }
        });
        self.follow_list();
        self.follow_shown();
    }
}
