//! What a message is made of.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::status::{Status, StopReason};
use crate::ids::Millis;

/// One run of a message. Continue opens the next one; the nonce keeps two epochs of the same number apart, as they
/// come about when a database is restored from a backup that is older than what browsers have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct Epoch {
    pub counter: u32,
    pub nonce: u32,
}

/// What a part is. Fixed at its birth.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Thinking,
    Text,
    ToolCall {
        name: String,
        call_id: String,
    },
    ToolResult {
        call_id: String,
        failed: bool,
    },
    /// A summary stands for so many messages before it. Has no text.
    Covered {
        messages: u64,
    },
    /// So many messages of the branch were not sent to the model, as they do not fit into its context of so many tokens; none:
    /// as they are more than is ever sent. Has no text.
    LeftOut {
        messages: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<u64>,
    },
}

impl Kind {
    /// Whether it has no words, but tells of how the message came to be.
    pub fn is_note(&self) -> bool {
        match self {
            Kind::Covered { .. } | Kind::LeftOut { .. } => true,
            Kind::Thinking | Kind::Text | Kind::ToolCall { .. } | Kind::ToolResult { .. } => false,
        }
    }
}

/// A piece of a message that only grows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    pub kind: Kind,
    pub started_at: Millis,
    /// UTF-8; its length in bytes is what a [`Position`](super::Position) counts.
    pub text: String,
}

/// What a reply cost, as the provider counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Those of the input that the provider had kept from before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
    /// Those of the output that are thinking.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    /// In nano-dollars, as prices were when the reply ended; none where no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u64>,
}

impl Usage {
    /// The sums of both. The cost is that of the one that has one, where only one does.
    pub fn plus(self, more: Usage) -> Usage {
        Usage {
            input_tokens: self.input_tokens.saturating_add(more.input_tokens),
            output_tokens: self.output_tokens.saturating_add(more.output_tokens),
            cached_tokens: self.cached_tokens.saturating_add(more.cached_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(more.reasoning_tokens),
            cost: match (self.cost, more.cost) {
                (Some(cost), Some(more)) => Some(cost.saturating_add(more)),
                (cost, more) => cost.or(more),
            },
        }
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What arrives once, with the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct End {
    /// Always a final one.
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    pub ended_at: Millis,
    /// A sentence for people: what happened, what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}
