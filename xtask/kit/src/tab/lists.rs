//! The lists that a tab follows.

use rivulet::{
    conversation::MessageMeta,
    live::{
        List,
        client::{ListChange, ListUpdate},
    },
    message::Message,
};

use super::Tab;

impl Tab {
    /// Follows a list from `rev` on.
    pub async fn follows_list(&mut self, list: List, rev: i64) {
        self.connection.client.page.revs.insert(list, rev);
        self.connection.client.follow_list(list);
        self.connection.sends_frames().await;
    }

    pub async fn leaves_list(&mut self, list: List) {
        self.connection.client.leave_list(list);
        self.connection.sends_frames().await;
    }

    pub(super) fn takes_list(&mut self, (list, rev, update): ListChange) {
        self.connection.client.page.revs.insert(list, rev);
        match update {
            ListUpdate::Conversations(rows) => {
                for row in rows {
                    if self.conversations.get(&row.id).is_none_or(|present| present.rev < row.rev) {
                        self.conversations.insert(row.id, row);
                    }
                }
            }
            ListUpdate::Messages(metas) => metas.into_iter().for_each(|meta| self.takes_meta(meta)),
            ListUpdate::Gone => {}
        }
    }

    /// As a page does with what it shows: what runs, or is behind its meta, is followed.
    fn takes_meta(&mut self, meta: MessageMeta) {
        if self.metas.get(&meta.id).is_some_and(|present| present.rev >= meta.rev) {
            return;
        }
        let id = meta.id;
        let Message { epoch, status, .. } = self.message_or_unseen(id, meta.role);
        let behind = !status.is_final() || meta.epoch != *epoch && meta.epoch.counter >= epoch.counter;
        if behind {
            self.connection.client.follow(id, meta.epoch, meta.status.is_final());
        }
        self.metas.insert(id, meta);
    }
}
