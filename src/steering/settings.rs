//! What a person has chosen for all their conversations.

use serde::{Deserialize, Serialize};

use super::checked_prompt;
use crate::error::Failure;

/// All that a person has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalSettings {
    /// The key of the model that a new conversation begins with.
    pub default_model: Option<String>,
    /// The system prompt of conversations that have none of their own.
    pub system_prompt: Option<String>,
}

/// One of them, as it is changed, and as its row has it: a name, and a value of that name's type. `None`: not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", content = "value", rename_all = "snake_case")]
pub enum PersonalSetting {
    DefaultModel(Option<String>),
    SystemPrompt(Option<String>),
}

impl PersonalSettings {
    pub fn set(&mut self, setting: PersonalSetting) {
        match setting {
            PersonalSetting::DefaultModel(model) => self.default_model = model,
            PersonalSetting::SystemPrompt(prompt) => self.system_prompt = prompt,
        }
    }
}

impl PersonalSetting {
    /// As it is kept: what is empty is not chosen.
    pub fn checked(self) -> Result<PersonalSetting, Failure> {
        Ok(match self {
            PersonalSetting::DefaultModel(model) => {
                PersonalSetting::DefaultModel(model.filter(|model| !model.is_empty()))
            }
            PersonalSetting::SystemPrompt(prompt) => {
                let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
                PersonalSetting::SystemPrompt(prompt.as_deref().map(checked_prompt).transpose()?)
            }
        })
    }
}
