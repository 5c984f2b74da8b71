//! What people delete: a message with all below it, in slices, or a conversation; and bringing it back.
//!
//! A row of its own has the deletion. While that is `Deleting`, all below its message is hidden from pages, and nothing can
//! be written there; meanwhile the messages are marked from the ends of the branches up, so that what is not marked is a tree
//! at any time. Bringing back leads the same way in the other direction.

pub mod conversations {
    //! Whole conversations.
    pub mod store;
}
pub mod running {
    //! What runs there.
    pub mod store;
}
pub mod slices {
    //! The steps of one.
    pub mod store;
}
pub mod store;
pub mod stored {
    //! What is stored of them.
    pub mod store;
}

use std::str::FromStr;

use crate::{
    ids::{ConversationId, MessageId, Millis, Seq},
    message::UnknownName,
};

/// How far a deletion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionState {
    /// Some of its messages are not marked yet, but nobody finds them any more.
    Deleting,
    /// All are marked, and can be brought back.
    Deleted,
    /// Some are marked still.
    Restoring,
    /// What was said is being removed: none of it comes back.
    Purging,
    /// What is copied into a new conversation is not all there yet, and nobody finds it.
    Copying,
}

impl DeletionState {
    pub fn as_str(self) -> &'static str {
        match self {
            DeletionState::Deleting => "deleting",
            DeletionState::Deleted => "deleted",
            DeletionState::Restoring => "restoring",
            DeletionState::Purging => "purging",
            DeletionState::Copying => "copying",
        }
    }
}

impl FromStr for DeletionState {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<DeletionState, UnknownName> {
        use DeletionState::*;
        let known = [Deleting, Deleted, Restoring, Purging, Copying];
        known.into_iter().find(|state| state.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// The deletion of a message and of all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The mark of its messages, their `deleted_at`.
    pub at: Millis,
    pub state: DeletionState,
    /// The message's place.
    pub lane: i64,
    pub seq: Seq,
    /// The message before it in its lane; 0: it is the first there.
    pub before: Seq,
    /// How many messages have gone with it so far.
    pub messages: i64,
}

impl Deletion {
    /// Whether what is below its message is hidden although it is not marked.
    pub fn hides(&self) -> bool {
        self.state == DeletionState::Deleting
    }
}

/// What became of asking for a deletion, or for bringing one back.
#[derive(Debug, PartialEq, Eq)]
pub enum DeletionChange<T> {
    /// It has begun, or had before.
    Begun(T),
    /// These replies run below it. They have to end first, so that all that they wrote can be brought back.
    Runs(Vec<MessageId>),
    /// Another one in this conversation is not finished.
    Unfinished(ConversationId),
    /// What it stood below is deleted itself.
    Changed,
    /// There is no such thing for this viewer, or not any more.
    Missing,
}
