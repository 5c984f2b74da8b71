//! What a model is asked with beside what was said.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::checked_prompt;
use crate::{error::Failure, ids::Rev, language::t, message::UnknownName, text::normalize};

/// The most stop sequences, and the longest one, in bytes.
const MAX_STOPS: usize = 4;
const LONGEST_STOP: usize = 256;

/// How the replies of a conversation are asked for. What is not set is not sent: the provider decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What the model is to heed throughout; empty: nothing, though the person has a prompt for all their conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// From 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// The most tokens that a reply may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<ReasoningEffort>,
    /// Where a reply ends, four at the most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// In JSON there is no number that is not equal to itself.
impl Eq for Options {}

/// How much a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReasoningEffort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
}

/// The options of a conversation as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOptions {
    /// The change of the conversation's list of messages in which they became what they are; 0: none were ever set.
    pub rev: Rev,
    pub options: Options,
}

impl Options {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Options::default()
    }

    /// As they are kept.
    ///
    /// # Errors
    /// A sentence for people about the first one that cannot be.
    pub fn checked(self) -> Result<Options, Failure> {
        let system_prompt = self.system_prompt.as_deref().map(checked_prompt).transpose()?;
        let stop: Vec<String> = self.stop.iter().map(|stop| normalize(stop)).filter(|stop| !stop.is_empty()).collect();
        let is_outside = |value: Option<f64>, most| value.is_some_and(|value| !(0.0..=most).contains(&value));
        let texts = &t().steering;
        let wrong = [
            (is_outside(self.temperature, 2.0), texts.wrong_temperature),
            (is_outside(self.top_p, 1.0), texts.wrong_top_p),
            (self.max_tokens == Some(0), texts.no_tokens),
            (stop.len() > MAX_STOPS, texts.many_stops),
            (stop.iter().any(|stop| stop.len() > LONGEST_STOP), texts.long_stop),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, sentence)) => Err(Failure::Invalid(sentence.into())),
            None => Ok(Options { system_prompt, stop, ..self }),
        }
    }
}

impl ReasoningEffort {
    /// Its name in JSON and for providers.
    pub fn as_str(self) -> &'static str {
        match self {
            ReasoningEffort::None => "none",
            ReasoningEffort::Minimal => "minimal",
            ReasoningEffort::Low => "low",
            ReasoningEffort::Medium => "medium",
            ReasoningEffort::High => "high",
            ReasoningEffort::XHigh => "xhigh",
        }
    }
}

impl FromStr for ReasoningEffort {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<ReasoningEffort, UnknownName> {
        use ReasoningEffort::*;
        let known = [None, Minimal, Low, Medium, High, XHigh];
        known.into_iter().find(|effort| effort.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
