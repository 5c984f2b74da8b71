//! How the replies of a conversation will be asked for that has not begun: kept in this tab until it is sent.

use leptos::prelude::*;

use crate::{chat::draft::NEW_OPTIONS, steering::options::Options, ui::drafts};

/// Handles; copied freely.
#[derive(Clone, Copy)]
pub struct NewChatOptions {
    pub options: RwSignal<Options>,
    /// The model that it will begin with.
    pub model: RwSignal<String>,
}

impl NewChatOptions {
    pub fn new(model: String) -> NewChatOptions {
        NewChatOptions { options: RwSignal::default(), model: RwSignal::new(model) }
    }

    /// Takes in what was set before the page was loaded. Called in an effect.
    pub fn restore(self) {
        let kept = drafts::read(NEW_OPTIONS).and_then(|kept| serde_json::from_str(&kept).ok());
        if let Some(options) = kept {
            self.options.set(options);
        }
    }

    pub fn set(self, options: Options) {
        let kept = if options.is_empty() { String::new() } else { serde_json::to_string(&options).unwrap_or_default() };
        drafts::keep(NEW_OPTIONS, &kept);
        self.options.set(options);
    }

    pub fn are_set(self) -> bool {
        !self.options.read().is_empty()
    }
}
