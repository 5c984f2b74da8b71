//! Where in a conversation's tree a page is, and what it has of the tree, as plain values.
//!
//! A page is at a leaf, and shows the branch that leads there, or a window of it. Only its reader moves it: what others
//! write is appended to the leaf, or changes how many siblings there are.

use std::collections::{BTreeMap, HashMap};

use crate::{
    conversation::{MessageMeta, MessagePage},
    ids::{MessageId, Seq, UserId},
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// All that are known, also those that are not shown.
    metas: HashMap<MessageId, MessageMeta>,
    /// By parent, in their order.
    children: HashMap<Option<MessageId>, BTreeMap<Seq, MessageId>>,
    leaf: Option<MessageId>,
    /// The leaf that the conversation's plain address opens.
    plain_leaf: Option<MessageId>,
    /// The first message that is loaded; none: from the beginning.
    first: Option<MessageId>,
    /// The last message that is loaded; none: up to the leaf.
    last: Option<MessageId>,
    /// The newest message that there is, known or not: a row above it is of a new one.
    newest: Seq,
}

/// What the reader does, which decides whether the page follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    pub user: UserId,
    /// Whether they stand at the end of the branch, with nothing selected.
    pub is_at_end: bool,
}

impl Branch {
    /// A window that was loaded, in the place of what was shown. What is known stays known.
    pub fn open(&mut self, page: &MessagePage) {
        self.insert_all(page);
        self.newest = self.newest.max(page.newest);
        self.leaf = page.leaf;
        self.plain_leaf = page.plain_leaf;
        self.first = page.messages.first().map(|message| message.id).filter(|_| page.more_before);
        self.last = page.messages.last().map(|message| message.id).filter(|_| page.more_after);
    }

    /// What is before the first message, which was loaded.
    pub fn prepend(&mut self, page: &MessagePage) {
        self.insert_all(page);
        self.first = page.messages.first().map(|message| message.id).filter(|_| page.more_before);
    }

    /// What is after the last message, which was loaded.
    pub fn append(&mut self, page: &MessagePage) {
        self.insert_all(page);
        self.last = page.messages.last().map(|message| message.id).filter(|_| page.more_after);
    }

    /// Takes in a row of the list. False if it is not newer than what is known.
    pub fn take(&mut self, meta: &MessageMeta, reader: Reader) -> bool {
        if !self.insert(meta) {
            return false;
        }
        if meta.seq > self.newest {
            self.newest = meta.seq;
            self.follow(meta, reader);
        }
        true
    }

    /// Moves on to a new message if it continues the branch, or if the reader made it.
    fn follow(&mut self, meta: &MessageMeta, reader: Reader) {
        let by_reader = meta.author == reader.user;
        let continues = meta.parent == self.leaf;
        let replaces = self.leaf.is_some_and(|leaf| self.parent(leaf) == Some(meta.parent)) && by_reader;
        if continues || replaces && reader.is_at_end && self.last.is_none() {
            self.leaf = Some(meta.id);
        }
        // The newest leaf below the reader's own newest message, or else the newest leaf.
        let plain = self.plain_leaf.and_then(|plain| self.metas.get(&plain));
        let is_newer_sibling = plain.is_some_and(|plain| plain.parent == meta.parent && plain.author != reader.user);
        if by_reader || meta.parent == self.plain_leaf || is_newer_sibling {
            self.plain_leaf = Some(meta.id);
        }
    }

    fn insert_all(&mut self, page: &MessagePage) {
        for meta in &page.metas {
            self.insert(meta);
        }
    }

    /// False if what is known is as new.
    fn insert(&mut self, meta: &MessageMeta) -> bool {
        if self.metas.get(&meta.id).is_some_and(|known| known.rev >= meta.rev) {
            return false;
        }
        self.children.entry(meta.parent).or_default().insert(meta.seq, meta.id);
        self.metas.insert(meta.id, meta.clone());
        true
    }

    /// The reader goes to the newest message at or below one that they wrote or asked for, if it is not shown.
    pub fn go_to(&mut self, id: MessageId) {
        if self.metas.contains_key(&id) && self.shown().iter().all(|meta| meta.id != id) {
            self.leaf = Some(self.newest_below(id));
            self.last = None;
        }
    }

    fn newest_below(&self, id: MessageId) -> MessageId {
        let (mut newest, mut next) = (id, vec![id]);
        while let Some(id) = next.pop() {
            next.extend(self.children.get(&Some(id)).into_iter().flat_map(BTreeMap::values));
            newest =
                [newest, id].into_iter().max_by_key(|id| self.metas.get(id).map(|meta| meta.seq)).unwrap_or(newest);
        }
        newest
    }

    /// What is shown, in order.
    pub fn shown(&self) -> Vec<&MessageMeta> {
        let mut shown: Vec<&MessageMeta> = vec![];
        let mut next = self.last.or(self.leaf).and_then(|id| self.metas.get(&id));
        while let Some(meta) = next {
            shown.push(meta);
            let is_first = self.first == Some(meta.id);
            // A parent is older, so this ends.
            next = meta.parent.filter(|_| !is_first).and_then(|id| self.metas.get(&id));
        }
        shown.reverse();
        shown
    }

    /// The message and its siblings, in order.
    pub fn siblings(&self, id: MessageId) -> Vec<MessageId> {
        let siblings = self.parent(id).and_then(|parent| self.children.get(&parent));
        siblings.map(|siblings| siblings.values().copied().collect()).unwrap_or_default()
    }

    pub fn get(&self, id: MessageId) -> Option<&MessageMeta> {
        self.metas.get(&id)
    }

    /// The last message of the branch: what comes next names it as its parent.
    pub fn leaf(&self) -> Option<MessageId> {
        self.leaf
    }

    /// The first message that is loaded, if there is something before it.
    pub fn first(&self) -> Option<MessageId> {
        self.first
    }

    /// The last message that is loaded, if there is something after it.
    pub fn last(&self) -> Option<MessageId> {
        self.last
    }

    /// The message that the page's address has to name, so that it opens this branch.
    pub fn in_address(&self) -> Option<MessageId> {
        self.leaf.filter(|_| self.leaf != self.plain_leaf)
    }

    fn parent(&self, id: MessageId) -> Option<Option<MessageId>> {
        self.metas.get(&id).map(|meta| meta.parent)
    }
}
