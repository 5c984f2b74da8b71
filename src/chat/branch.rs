//! Where in a conversation's tree a page is, and what it has of the tree, as plain values.
//!
//! A page is at a leaf, and shows the branch that leads there, or a window of it. Only its reader moves it: what others
//! write is appended to the leaf, or changes how many siblings there are.

use std::collections::{BTreeMap, HashMap};

use super::list_rows::ListRows;
use crate::{
    conversation::{
        ListPosition, MessageMeta, MessagePage,
        list::{Held, ListChanges},
    },
    ids::{MessageId, Seq, UserId},
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// All that are known, also those that are not shown.
    rows: ListRows<MessageMeta>,
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
    /// The newest that another person wrote or asked for since, on another branch.
    elsewhere: Option<MessageId>,
}

/// What the reader does, which decides whether the page follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    pub user: UserId,
    /// Whether they stand at the end of the branch, with nothing selected.
    pub is_at_end: bool,
}

impl Branch {
    /// What the page opens with, or has loaded anew: it replaces all that was there.
    pub fn open(&mut self, page: &MessagePage) {
        *self = Branch { rows: ListRows::loaded(page.position, page.metas.clone()), ..Branch::default() };
        page.metas.iter().for_each(|meta| self.index(meta));
        self.place(page);
    }

    /// Another window, in the place of the one that was shown. False, and it changes nothing, if the list counts in another
    /// past by now.
    pub fn show(&mut self, page: &MessagePage) -> bool {
        let is_taken = self.join(page);
        if is_taken {
            self.place(page);
        }
        is_taken
    }

    fn place(&mut self, page: &MessagePage) {
        self.newest = self.newest.max(page.newest);
        self.elsewhere = None;
        // Some of it may have gone since it was read: the page is at what is left.
        let left = |id: &MessageId| !self.rows.is_gone(*id);
        let mut messages = page.messages.iter().map(|message| message.id).filter(left);
        let (first, last) = (messages.next(), page.messages.iter().rev().map(|message| message.id).find(left));
        // What is known below a leaf has come since it was read.
        let below = |leaf: Option<MessageId>| leaf.filter(left).or(last).map(|leaf| self.newest_below(leaf));
        (self.leaf, self.plain_leaf) = (below(page.leaf), below(page.plain_leaf));
        self.first = first.filter(|_| page.more_before);
        self.last = last.filter(|last| page.more_after && self.leaf != Some(*last));
    }

    /// What is before the first message. False as in [`Branch::show`].
    pub fn prepend(&mut self, page: &MessagePage) -> bool {
        let is_taken = self.join(page);
        if is_taken {
            self.first = page.messages.first().map(|message| message.id).filter(|_| page.more_before);
        }
        is_taken
    }

    /// What is after the last message. False as in [`Branch::show`].
    pub fn append(&mut self, page: &MessagePage) -> bool {
        let is_taken = self.join(page);
        if is_taken {
            self.last = page.messages.last().map(|message| message.id).filter(|_| page.more_after);
        }
        is_taken
    }

    fn join(&mut self, page: &MessagePage) -> bool {
        let newer = self.rows.take_aside(page.position, page.metas.clone());
        newer.iter().flatten().for_each(|meta| self.index(meta));
        newer.is_some()
    }

    /// Takes in what changed in the list. Gives the rows that are new or newer.
    pub fn take(&mut self, changes: ListChanges<MessageMeta>, reader: Reader) -> Vec<MessageMeta> {
        let gone: Vec<MessageMeta> = changes.gone.iter().filter_map(|(id, _)| self.rows.get(*id).cloned()).collect();
        let newer = self.rows.take(changes);
        self.lose(gone.into_iter().filter(|meta| self.rows.get(meta.id).is_none()).collect());
        self.follow_new(&newer, reader);
        newer
    }

    /// Takes in rows that an answer brought before the list does. `None`, and it takes none, if the list counts in another
    /// past than they do.
    pub fn take_aside(
        &mut self,
        read: ListPosition,
        metas: Vec<MessageMeta>,
        reader: Reader,
    ) -> Option<Vec<MessageMeta>> {
        let newer = self.rows.take_aside(read, metas)?;
        self.follow_new(&newer, reader);
        Some(newer)
    }

    /// Up to which change the page has the list.
    pub fn position(&self) -> Option<ListPosition> {
        self.rows.position()
    }

    /// How much of the list the page has.
    pub fn held(&self) -> Option<Held> {
        self.rows.held()
    }

    /// Moves on where what is new continues the branch, or where the reader made it.
    fn follow_new(&mut self, newer: &[MessageMeta], reader: Reader) {
        let mut new: Vec<&MessageMeta> = newer.iter().filter(|meta| !self.is_indexed(meta)).collect();
        new.sort_by_key(|meta| meta.seq);
        new.iter().for_each(|meta| self.index(meta));
        // A leaf had no children when it was read, so what is below it is new. They may come in any order.
        self.leaf = match self.leaf {
            Some(leaf) => Some(self.newest_below(leaf)),
            None => new.iter().find(|meta| meta.parent.is_none()).map(|first| self.newest_below(first.id)),
        };
        for meta in new {
            // Others were there before, and are only known now.
            if meta.seq > self.newest {
                self.newest = meta.seq;
                self.follow(meta, reader);
            }
        }
    }

    /// Messages are gone: a page that was at one of them is at the newest message below what they followed.
    fn lose(&mut self, gone: Vec<MessageMeta>) {
        for meta in &gone {
            if let Some(siblings) = self.children.get_mut(&meta.parent) {
                siblings.remove(&meta.seq);
            }
        }
        let parents: HashMap<_, _> = gone.iter().map(|meta| (meta.id, meta.parent)).collect();
        // Up to what is still there.
        let above = |mut at: Option<MessageId>| {
            while let Some(parent) = at.and_then(|id| parents.get(&id)) {
                at = *parent;
            }
            at
        };
        let below = |at: Option<MessageId>| match at.filter(|id| parents.contains_key(id)) {
            Some(lost) => above(Some(lost)).map(|id| self.newest_below(id)),
            None => at,
        };
        let (leaf, plain_leaf, first) = (below(self.leaf), below(self.plain_leaf), above(self.first));
        (self.leaf, self.plain_leaf, self.first) = (leaf, plain_leaf, first);
        self.last = self.last.filter(|id| !parents.contains_key(id));
    }

    fn follow(&mut self, meta: &MessageMeta, reader: Reader) {
        let by_reader = meta.author == reader.user;
        let is_beside = self.leaf.is_some_and(|leaf| leaf != meta.id && self.parent(leaf) == Some(meta.parent));
        if is_beside && by_reader && reader.is_at_end && self.last.is_none() {
            self.leaf = Some(self.newest_below(meta.id));
        }
        // The newest leaf below the reader's own newest message, or else the newest leaf.
        let own = if by_reader { Some(meta.id) } else { self.own_above(self.plain_leaf, reader) };
        self.plain_leaf = own.or(self.plain_leaf).or(Some(meta.id)).map(|id| self.newest_below(id));
        if !by_reader {
            self.elsewhere = Some(meta.id);
        }
    }

    /// The newest message that the reader wrote or asked for, of those on the branch to this one.
    fn own_above(&self, mut at: Option<MessageId>, reader: Reader) -> Option<MessageId> {
        while let Some(meta) = at.and_then(|id| self.rows.get(id)) {
            if meta.author == reader.user {
                return Some(meta.id);
            }
            at = meta.parent;
        }
        None
    }

    fn is_indexed(&self, meta: &MessageMeta) -> bool {
        self.children.get(&meta.parent).is_some_and(|siblings| siblings.contains_key(&meta.seq))
    }

    fn index(&mut self, meta: &MessageMeta) {
        self.children.entry(meta.parent).or_default().insert(meta.seq, meta.id);
    }

    /// The reader goes to the newest message at or below one that they wrote or asked for, if it is not shown.
    pub fn go_to(&mut self, id: MessageId) {
        if self.rows.get(id).is_some() && self.shown().iter().all(|meta| meta.id != id) {
            self.leaf = Some(self.newest_below(id));
            self.last = None;
        }
    }

    fn newest_below(&self, id: MessageId) -> MessageId {
        let (mut newest, mut next) = (id, vec![id]);
        while let Some(id) = next.pop() {
            next.extend(self.children.get(&Some(id)).into_iter().flat_map(BTreeMap::values));
            newest =
                [newest, id].into_iter().max_by_key(|id| self.rows.get(*id).map(|meta| meta.seq)).unwrap_or(newest);
        }
        newest
    }

    /// What is shown, in order.
    pub fn shown(&self) -> Vec<&MessageMeta> {
        let mut shown: Vec<&MessageMeta> = vec![];
        let mut next = self.last.or(self.leaf).and_then(|id| self.rows.get(id));
        while let Some(meta) = next {
            shown.push(meta);
            let is_first = self.first == Some(meta.id);
            // A parent is older, so this ends.
            next = meta.parent.filter(|_| !is_first).and_then(|id| self.rows.get(id));
        }
        shown.reverse();
        shown
    }

    /// Replies that were asked for together, the first asked one first, while the branch ends with one of them: a page shows
    /// them beside each other. Else none.
    pub fn together(&self) -> Vec<&MessageMeta> {
        let leaf = self.leaf.filter(|_| self.last.is_none()).and_then(|id| self.rows.get(id));
        let Some(leaf) = leaf.filter(|leaf| leaf.together) else { return vec![] };
        let siblings = self.children.get(&leaf.parent).into_iter().flat_map(|siblings| siblings.values().rev());
        let together: Vec<_> = siblings.filter_map(|id| self.rows.get(*id)).filter(|meta| meta.together).collect();
        if together.len() > 1 { together } else { vec![] }
    }

    /// The replies of this conversation that run, as far as they are known.
    pub fn running(&self) -> impl Iterator<Item = &MessageMeta> {
        self.rows.rows().filter(|meta| !meta.status.is_final())
    }

    /// The message and its siblings, in order.
    pub fn siblings(&self, id: MessageId) -> Vec<MessageId> {
        let siblings = self.parent(id).and_then(|parent| self.children.get(&parent));
        siblings.map(|siblings| siblings.values().copied().collect()).unwrap_or_default()
    }

    pub fn get(&self, id: MessageId) -> Option<&MessageMeta> {
        self.rows.get(id)
    }

    /// Whether a message is on the branch, as far as that is known.
    pub fn has_on_it(&self, id: MessageId) -> bool {
        let mut next = self.leaf;
        while let Some(at) = next.filter(|at| *at != id) {
            next = self.parent(at).flatten();
        }
        next.is_some() || self.shown().iter().any(|meta| meta.id == id)
    }

    /// The last message of the branch: what comes next names it as its parent.
    pub fn leaf(&self) -> Option<MessageId> {
        self.leaf
    }

    /// What another person wrote or asked for last since the page is here, if it is on another branch.
    pub fn elsewhere(&self) -> Option<MessageId> {
        let on_branch = |id: &MessageId| self.last.is_some() || self.shown().iter().any(|meta| meta.id == *id);
        self.elsewhere.filter(|id| self.rows.get(*id).is_some() && !on_branch(id))
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
        self.rows.get(id).map(|meta| meta.parent)
    }
}
