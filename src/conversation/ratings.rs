//! What a person thinks of replies, for themselves alone.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ListPosition, list::Row};
use crate::{
    ids::{MessageId, Rev},
    message::UnknownName,
};

#[cfg(feature = "ssr")]
pub mod store;

/// The longest word with a rating, in characters.
pub const LONGEST_WORD: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    Up,
    Down,
}

impl Rating {
    /// Its name in rows, forms and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Rating::Up => "up",
            Rating::Down => "down",
        }
    }
}

impl FromStr for Rating {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Rating, UnknownName> {
        let known = [Rating::Up, Rating::Down];
        known.into_iter().find(|rating| rating.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// A reply that its reader has rated, or had.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rated {
    pub message: MessageId,
    /// The change of the reader's marks in which it became what it is.
    pub rev: Rev,
    /// None: taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// What was good or wrong, in the reader's words; empty if they did not write that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
}

impl Row for Rated {
    type Id = MessageId;

    fn id(&self) -> MessageId {
        self.message
    }

    fn rev(&self) -> Rev {
        self.rev
    }
}

/// RatedRows in a conversation: all of the reader's, or the one that they have just set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedRows {
    /// Up to which change of the reader's marks they are.
    pub position: ListPosition,
    pub rows: Vec<Rated>,
}
