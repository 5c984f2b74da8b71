//! What a person has marked a conversation with, for themselves alone: pinned, archived, and how much of it they have seen.

use serde::{Deserialize, Serialize};

use super::{Conversation, ListPosition, Sidebar, is_default, list::Row};
use crate::ids::{ConversationId, Millis, Rev};

#[cfg(feature = "ssr")]
pub mod store;

/// How many conversations a person can pin in an account: they are all shown.
pub const MAX_PINNED: usize = 50;
/// How many conversations are changed in one call at most.
pub const MAX_SELECTED: usize = 100;

/// A row of the list of a person's marks. One that is marked with nothing any more stays in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    pub conversation: ConversationId,
    /// The change of the list in which it became what it is.
    pub rev: Rev,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Millis>,
    /// Up to which end of a reply ([`Conversation::replied`]) they have seen the conversation.
    #[serde(default)]
    pub seen: Rev,
    /// The newest change of these marks in which they rated a reply of the conversation; 0: they never have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rated: Rev,
}

impl Row for Mark {
    type Id = ConversationId;

    fn id(&self) -> ConversationId {
        self.conversation
    }

    fn rev(&self) -> Rev {
        self.rev
    }
}

/// Rows of the sidebar that were read aside of its pages: archived ones, or those that are asked for by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRows {
    /// Up to which changes of the lists they are.
    pub mine: ListPosition,
    pub shared: ListPosition,
    /// Each with the list that it is in.
    pub rows: Vec<(Sidebar, Conversation)>,
    pub more: bool,
}

/// Whether a reply has ended in a conversation since its reader has seen it. What others have opened to all is unread only
/// for those who have looked at it once.
pub fn is_unread(row: &Conversation, list: Sidebar, mark: Option<&Mark>) -> bool {
    match (mark, list) {
        (Some(mark), _) => row.replied > mark.seen,
        (None, Sidebar::Mine) => row.replied > 0,
        (None, Sidebar::Shared) => false,
    }
}
