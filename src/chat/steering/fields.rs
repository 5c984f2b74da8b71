//! Options as a form has them: a text for each. Pure.

use serde::{Deserialize, Serialize};

use crate::{
    error::Failure,
    ids::{PresetId, Rev},
    language::t,
    steering::options::Options,
};

/// What stands in the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldTexts {
    pub system_prompt: String,
    /// Whether there is to be none while that is empty, though the person has one for all their conversations.
    pub no_system_prompt: bool,
    pub temperature: String,
    pub top_p: String,
    pub max_tokens: String,
    /// Empty: the provider decides.
    pub reasoning_effort: String,
    /// One a line.
    pub stop: String,
}

/// What was typed and is not saved yet, as a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaved {
    /// Of the options that it is to replace.
    pub rev: Rev,
    pub texts: FieldTexts,
    /// Under which it is kept as a preset, so that saving twice is saving once.
    pub preset: PresetId,
    /// Of that preset; empty: it is not kept as one.
    pub name: String,
}

impl From<&Options> for FieldTexts {
    fn from(options: &Options) -> FieldTexts {
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let prompt = options.system_prompt.clone();
        FieldTexts {
            no_system_prompt: prompt.as_ref().is_some_and(|prompt| prompt.trim().is_empty()),
            system_prompt: prompt.unwrap_or_default(),
            temperature: number(options.temperature),
            top_p: number(options.top_p),
            max_tokens: options.max_tokens.map(|count| count.to_string()).unwrap_or_default(),
            reasoning_effort: options.reasoning_effort.map(|effort| effort.as_str().to_owned()).unwrap_or_default(),
            stop: options.stop.join("\n"),
        }
    }
}

impl FieldTexts {
    /// The options that these texts are; an empty one sets nothing.
    ///
    /// # Errors
    /// A sentence for people about the first text that is none.
    pub fn options(&self) -> Result<Options, Failure> {
        let wrong = |sentence: &str| Failure::Invalid(sentence.into());
        Ok(Options {
            system_prompt: self.system_prompt(),
            temperature: number(&self.temperature).map_err(|()| wrong(t().steering.wrong_temperature))?,
            top_p: number(&self.top_p).map_err(|()| wrong(t().steering.wrong_top_p))?,
            max_tokens: number(&self.max_tokens).map_err(|()| wrong(t().steering.no_tokens))?,
            reasoning_effort: self.reasoning_effort.parse().ok(),
            stop: self.stop.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// Whether there is a system prompt in its field.
    pub fn has_system_prompt(&self) -> bool {
        !self.system_prompt.trim().is_empty()
    }

    fn system_prompt(&self) -> Option<String> {
        if self.has_system_prompt() {
            return Some(self.system_prompt.clone());
        }
        self.no_system_prompt.then(String::new)
    }
}

/// A number as people write it, with a point or a comma; none where nothing is written.
fn number<T: std::str::FromStr>(text: &str) -> Result<Option<T>, ()> {
    match text.trim() {
        "" => Ok(None),
        text => text.replace(',', ".").parse().map(Some).map_err(drop),
    }
}
