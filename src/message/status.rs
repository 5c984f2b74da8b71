//! Who wrote a message, and how far it is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Part;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
    /// A model, of all that is before it on its branch: further replies are asked for with that instead.
    Summary,
}

/// A name that a stored enum does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no name of this kind")]
pub struct UnknownName(pub String);

impl Role {
    /// Whether a model writes it: it runs, ends, and can be stopped, tried again and continued.
    pub fn is_reply(self) -> bool {
        self != Role::User
    }

    /// Its name in rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Summary => "summary",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Role, UnknownName> {
        let known = [Role::User, Role::Assistant, Role::Summary];
        known.into_iter().find(|role| role.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// How far a message is. The one source of truth about that, in the row and everywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing has come yet: it has no parts.
    Pending,
    /// It has parts, and more may come.
    Streaming,
    /// The provider said all that it had to say.
    Completed,
    /// A person pressed Stop.
    Stopped,
    /// The provider, or the way to it, failed; `Message::error` has how.
    Failed,
    /// The server ended before the reply did.
    Interrupted,
}

impl Status {
    /// Its name in rows, in JSON and on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Streaming => "streaming",
            Status::Completed => "completed",
            Status::Stopped => "stopped",
            Status::Failed => "failed",
            Status::Interrupted => "interrupted",
        }
    }

    /// The status of a message that has these parts and may get more.
    pub fn growing(parts: &[Part]) -> Status {
        if parts.is_empty() { Status::Pending } else { Status::Streaming }
    }

    /// A final state is final: within its epoch nothing changes any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Status::Pending | Status::Streaming)
    }
}

impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Status, UnknownName> {
        use Status::*;
        let known = [Pending, Streaming, Completed, Stopped, Failed, Interrupted];
        known.into_iter().find(|status| status.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// Why a provider ended a reply, if not because all was said; `Message::error` has it in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had as many tokens as it may have.
    Length,
    /// The provider held back the rest.
    ContentFilter,
    /// The model refused to answer; its text has how.
    Refusal,
    /// It was sent more than it reads.
    Context,
}

impl StopReason {
    /// Its name in rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::Length => "length",
            StopReason::ContentFilter => "content_filter",
            StopReason::Refusal => "refusal",
            StopReason::Context => "context",
        }
    }
}

impl FromStr for StopReason {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<StopReason, UnknownName> {
        use StopReason::*;
        let known = [Length, ContentFilter, Refusal, Context];
        known.into_iter().find(|reason| reason.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
