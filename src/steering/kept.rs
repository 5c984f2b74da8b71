//! What a person keeps to ask with, of which only they know.

use serde::{Deserialize, Serialize};

use super::{checked_name, checked_prompt, options::Options};
use crate::{
    error::Failure,
    ids::{PresetId, PromptId},
};

/// The most presets, and the most prompts, that a person keeps.
pub const MAX_KEPT: i64 = 100;

/// Options under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    /// Minted by the page, so that saving twice is saving once.
    pub id: PresetId,
    pub name: String,
    pub options: Options,
    /// The key of the model to ask, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A text to begin a message with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Minted by the page, so that saving twice is saving once.
    pub id: PromptId,
    pub title: String,
    pub text: String,
}

impl Preset {
    /// As it is kept.
    pub fn checked(self) -> Result<Preset, Failure> {
        Ok(Preset { name: checked_name(&self.name)?, options: self.options.checked()?, ..self })
    }
}

impl Prompt {
    /// As it is kept.
    pub fn checked(self) -> Result<Prompt, Failure> {
        let text = checked_prompt(&self.text)?;
        if text.trim().is_empty() {
            return Err(Failure::Empty);
        }
        Ok(Prompt { title: checked_name(&self.title)?, text, ..self })
    }
}
