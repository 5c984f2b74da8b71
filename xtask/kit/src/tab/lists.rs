//! The lists that a tab follows, as a page has them.

use std::collections::BTreeMap;

use rivulet::{
    chat::list_rows::ListRows,
    conversation::{Conversation, ConversationPage, MessageMeta, MessagePage, Sidebar, marks::Mark},
    error::Failure,
    ids::ConversationId,
    live::{List, client::ListUpdate},
    message::Message,
};
use serde_json::json;

use super::Tab;

#[derive(Default)]
pub(super) struct Lists {
    conversations: BTreeMap<Sidebar, ListRows<Conversation>>,
    messages: BTreeMap<ConversationId, ListRows<MessageMeta>>,
    marks: ListRows<Mark>,
}

impl Tab {
    /// Follows a list of which it has nothing yet.
    pub async fn follows_list(&mut self, list: List) {
        match list {
            List::Conversations(list) => drop(self.lists.conversations.insert(list, ListRows::default())),
            List::Messages(of) => drop(self.lists.messages.insert(of, ListRows::default())),
            List::Marks => self.lists.marks = ListRows::default(),
        }
        self.asks_for(list).await;
    }

    /// Follows a list from where a page has it that opens now.
    pub async fn opens_list(&mut self, list: List) {
        self.loads(list).await;
    }

    pub async fn leaves_list(&mut self, list: List) {
        self.connection.client.leave_list(list);
        self.connection.sends_frames().await;
    }

    pub(super) async fn takes_list(&mut self, update: ListUpdate) {
        match update {
            ListUpdate::Conversations(list, changes) => {
                drop(self.lists.conversations.entry(list).or_default().take(changes));
            }
            ListUpdate::Messages(of, changes) => {
                let newer = self.lists.messages.entry(of).or_default().take(changes);
                newer.iter().for_each(|meta| self.takes_meta(meta));
            }
            ListUpdate::Marks(changes) => drop(self.lists.marks.take(changes)),
            ListUpdate::Gone(_) => {}
            // What it has leads nowhere.
            ListUpdate::Reset(list) => self.loads(list).await,
        }
        self.has_lists();
    }

    /// Replaces what it has of a list by what a page has that opens now.
    async fn loads(&mut self, list: List) {
        let person = self.connection.person.clone();
        match list {
            List::Marks => {
                let page = person.call("conversations", json!({ "list": "mine", "after": null })).await;
                let ConversationPage { marks, rows, .. } = page.expect("the sidebar");
                self.lists.marks = ListRows::loaded(marks, rows.into_iter().filter_map(|row| row.mark));
            }
            List::Conversations(list) => {
                let page = person.call("conversations", json!({ "list": list, "after": null })).await;
                let ConversationPage { position, rows, .. } = page.expect("the sidebar");
                self.lists.conversations.insert(list, ListRows::loaded(position, rows));
            }
            List::Messages(of) => {
                for meta in self.lists.messages.remove(&of).iter().flat_map(ListRows::rows) {
                    self.connection.client.leave(meta.id);
                }
                let MessagePage { position, metas, .. } = match person.reads(of).await {
                    Ok(page) => page,
                    Err(refused) if refused.failure == Failure::NotFound => return,
                    Err(refused) => panic!("{refused:?}"),
                };
                metas.iter().for_each(|meta| self.takes_meta(meta));
                self.lists.messages.insert(of, ListRows::loaded(position, metas));
            }
        }
        self.asks_for(list).await;
    }

    /// As a page does with what it shows: what runs, or is behind its meta, is followed.
    fn takes_meta(&mut self, meta: &MessageMeta) {
        let Message { epoch, status, .. } = self.message_or_unseen(meta.id, meta.role);
        let behind = !status.is_final() || meta.epoch != *epoch && meta.epoch.counter >= epoch.counter;
        if behind {
            self.connection.client.follow(meta.id, meta.epoch, meta.status.is_final());
        }
    }

    async fn asks_for(&mut self, list: List) {
        self.has_lists();
        self.connection.client.follow_list(list);
        self.connection.sends_frames().await;
    }

    /// Shows what the lists have, and has the client ask from there.
    fn has_lists(&mut self) {
        let Lists { conversations, messages, marks } = &self.lists;
        self.marks = marks.rows().map(|mark| (mark.conversation, *mark)).collect();
        self.conversations = conversations.values().flat_map(ListRows::rows).map(|row| (row.id, row.clone())).collect();
        self.metas = messages.values().flat_map(ListRows::rows).map(|meta| (meta.id, meta.clone())).collect();
        let messages = messages.iter().map(|(of, rows)| (List::Messages(*of), rows.held()));
        let conversations = conversations.iter().map(|(list, rows)| (List::Conversations(*list), rows.held()));
        let all = messages.chain(conversations).chain([(List::Marks, marks.held())]);
        self.connection.client.page.held = all.filter_map(|(list, held)| Some((list, held?))).collect();
    }
}
