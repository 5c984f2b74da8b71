//! Conversations: what they are, and the two lists that every tab keeps in step (a conversation's messages, and the
//! sidebar's conversations).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ConversationId, MessageId, Millis},
    message::{Epoch, Message, Role, Status},
    text::in_one_line,
};

#[cfg(feature = "ssr")]
pub mod changes {
    //! What people change.
    pub mod store;
}
#[cfg(feature = "ssr")]
pub mod purge;
#[cfg(feature = "ssr")]
pub mod store;

/// How many messages a page opens with, and how many more come as one scrolls up.
pub const MESSAGES_A_PAGE: i64 = 30;
/// How many conversations the sidebar opens with, and how many more come as one scrolls down.
pub const CONVERSATIONS_A_PAGE: i64 = 60;
/// The longest message that a person can send, in bytes.
pub const LONGEST_MESSAGE: usize = 512 * 1024;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 80;

/// A conversation as the sidebar lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    /// The change of the sidebar's list in which it became what it is.
    pub rev: i64,
    pub title: String,
    /// When something was last said in it.
    pub updated_at: Millis,
    /// A deleted one is its own tombstone.
    pub deleted: bool,
}

/// What a conversation's list has of a message: all that may change beside the message itself, never its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageMeta {
    pub id: MessageId,
    /// The change of the conversation's list in which it became what it is.
    pub rev: i64,
    /// Its order in the conversation; the attempts at one reply share one.
    pub place: i64,
    /// Its number among the attempts in its place, from 1.
    pub attempt: i64,
    /// Whether it is the attempt that is shown.
    pub shown: bool,
    pub role: Role,
    pub status: Status,
    pub epoch: Epoch,
}

/// A page of a conversation: the metas of all attempts in it, and the messages that are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    pub conversation: Conversation,
    /// The change of the list up to which this is complete.
    pub rev: i64,
    pub metas: Vec<MessageMeta>,
    pub messages: Vec<Message>,
    /// Whether there is something before it.
    pub more: bool,
}

/// A page of the sidebar, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    pub rev: i64,
    pub rows: Vec<Conversation>,
    pub more: bool,
}

/// A title from a message's first words, until there is a better one. Not empty, so that the sidebar has something to
/// show.
pub fn first_words(text: &str) -> String {
    let line = in_one_line(text);
    if line.is_empty() {
        return "Untitled".to_owned();
    }
    if line.chars().count() <= 48 {
        return line;
    }
    let short: String = line.chars().take(48).collect();
    let end = short.rfind(' ').filter(|end| *end > 16).unwrap_or(short.len());
    format!("{}…", &short[..end])
}
