//! What stands in the form of a conversation's options, where it comes from, and how it is saved.

use leptos::{prelude::*, task::spawn_local};

use super::{
    api,
    fields::{FieldTexts, Unsaved},
};
use crate::{
    chat::{
        draft::{NEW_OPTIONS_FORM, options_draft_of},
        steering::new_chat::NewChatOptions,
    },
    error::Failure,
    ids::{ConversationId, PresetId, Rev, mint},
    language::t,
    steering::{
        kept::Preset,
        options::{Options, StoredOptions},
        settings::PersonalSettings,
    },
    ui::{browser, drafts},
};

/// What the options are of.
#[derive(Clone, Copy)]
pub enum Target {
    /// With the model that is chosen for what comes next.
    Conversation(ConversationId, RwSignal<String>),
    /// It begins with the next message.
    NewChat(NewChatOptions),
}

impl Target {
    pub fn model(self) -> RwSignal<String> {
        match self {
            Target::Conversation(_, model) => model,
            Target::NewChat(new) => new.model,
        }
    }

    async fn read(self) -> Result<StoredOptions, Failure> {
        match self {
            Target::Conversation(id, _) => api::read_options(id).await,
            Target::NewChat(new) => Ok(StoredOptions { rev: 0, options: new.options.get_untracked() }),
        }
    }

    async fn set(self, rev: Rev, options: Options) -> Result<Rev, Failure> {
        match self {
            Target::Conversation(id, _) => api::set_options(id, rev, options).await,
            Target::NewChat(new) => {
                new.set(options);
                Ok(rev)
            }
        }
    }
}

/// Handles; copied freely.
#[derive(Clone, Copy)]
pub struct Form {
    pub target: Target,
    pub open: RwSignal<bool>,
    pub fields: RwSignal<FieldTexts>,
    /// Of the options that these are to replace; none while nothing is loaded.
    rev: RwSignal<Option<Rev>>,
    /// What the fields had when they were loaded.
    stored: RwSignal<FieldTexts>,
    pub presets: RwSignal<Vec<Preset>>,
    /// Under which the fields are kept as a preset: one for each time that the form is filled.
    preset: StoredValue<PresetId>,
    /// The name of that preset; empty: it is not kept.
    pub name: RwSignal<String>,
    /// Whether the person has a system prompt for all their conversations.
    pub has_default_prompt: RwSignal<bool>,
    pub failure: RwSignal<Option<String>>,
    /// How often it was opened: what was asked for before counts for nothing.
    loads: StoredValue<u32>,
    saving: StoredValue<bool>,
}

impl Form {
    pub fn new(target: Target, open: RwSignal<bool>) -> Form {
        Form {
            target,
            open,
            fields: RwSignal::default(),
            rev: RwSignal::new(None),
            stored: RwSignal::default(),
            presets: RwSignal::default(),
            preset: StoredValue::new(mint()),
            name: RwSignal::default(),
            has_default_prompt: RwSignal::new(false),
            failure: RwSignal::new(None),
            loads: StoredValue::new(0),
            saving: StoredValue::new(false),
        }
    }

    pub fn is_loaded(self) -> bool {
        self.rev.read().is_some()
    }

    /// Whether anything stands here that is not saved.
    pub fn is_changed(self) -> bool {
        self.is_loaded() && (*self.fields.read() != *self.stored.read() || !self.name.read().is_empty())
    }

    /// Fills the form anew, with what is stored and with what was typed and not saved.
    pub fn load(self) {
        self.rev.set(None);
        self.failure.set(None);
        self.fill(FieldTexts::default(), mint(), String::new());
        self.loads.update_value(|loads| *loads += 1);
        let number = self.loads.get_value();
        spawn_local(async move {
            let stored = self.target.read();
            let loaded = futures::try_join!(stored, api::presets(), api::read_settings());
            if self.loads.try_get_value() != Some(number) {
                return;
            }
            match loaded {
                Ok((stored, presets, settings)) => self.take_in(&stored, presets, &settings),
                Err(why) => self.fail(&why),
            }
        });
    }

    fn take_in(self, stored: &StoredOptions, presets: Vec<Preset>, settings: &PersonalSettings) {
        self.presets.set(presets);
        self.has_default_prompt.set(settings.system_prompt.is_some());
        self.stored.set(FieldTexts::from(&stored.options));
        let draft = drafts::read(&self.draft()).and_then(|draft| serde_json::from_str::<Unsaved>(&draft).ok());
        match draft {
            Some(draft) => {
                if draft.rev != stored.rev {
                    self.failure.set(Some(t().options.changed.into()));
                }
                self.fill(draft.texts, draft.preset, draft.name);
            }
            None => self.fill(self.stored.get_untracked(), mint(), String::new()),
        }
        self.rev.set(Some(stored.rev));
        // Once the fields are no longer disabled.
        request_animation_frame(|| browser::focus(".options textarea"));
    }

    fn fill(self, texts: FieldTexts, preset: PresetId, name: String) {
        self.fields.set(texts);
        self.preset.set_value(preset);
        self.name.set(name);
    }

    /// Takes in what somebody types, and keeps it until it is saved.
    pub fn edit(self, change: impl FnOnce(&mut FieldTexts)) {
        self.fields.update(change);
        self.keep();
    }

    /// The same for the name of a preset.
    pub fn rename(self, name: String) {
        self.name.set(name);
        self.keep();
    }

    /// Has the fields as they are stored again.
    pub fn discard(self) {
        self.failure.set(None);
        self.fill(self.stored.get_untracked(), mint(), String::new());
        self.keep();
        browser::focus(".options textarea");
    }

    fn draft(self) -> String {
        match self.target {
            Target::Conversation(id, _) => options_draft_of(id),
            Target::NewChat(_) => NEW_OPTIONS_FORM.into(),
        }
    }

    fn keep(self) {
        let changed = self.rev.get_untracked().filter(|_| untrack(|| self.is_changed()));
        let unsaved = changed.map(|rev| Unsaved {
            rev,
            texts: self.fields.get_untracked(),
            preset: self.preset.get_value(),
            name: self.name.get_untracked(),
        });
        let json = unsaved.and_then(|unsaved| serde_json::to_string(&unsaved).ok());
        drafts::keep(&self.draft(), &json.unwrap_or_default());
    }

    pub fn save(self) {
        let Some(rev) = self.rev.get_untracked().filter(|_| !self.saving.get_value()) else { return };
        let texts = self.fields.get_untracked();
        let options = match texts.options().and_then(|options| options.checked()) {
            Ok(options) => options,
            Err(why) => return self.fail(&why),
        };
        let name = self.name.get_untracked();
        let model = Some(self.target.model().get_untracked());
        let preset = Preset { id: self.preset.get_value(), name: name.clone(), options: options.clone(), model };
        self.failure.set(None);
        self.saving.set_value(true);
        spawn_local(async move {
            let kept = if name.trim().is_empty() { Ok(()) } else { api::save_preset(preset).await };
            let saved = match kept {
                Ok(()) => self.target.set(rev, options).await,
                Err(why) => Err(why),
            };
            if self.saving.try_set_value(false).is_some() {
                return;
            }
            match saved {
                Ok(rev) => self.saved(rev, texts, &name),
                Err(Failure::Changed) => self.catch_up().await,
                Err(why) => self.fail(&why),
            }
        });
    }

    /// Closes the form, unless something was typed meanwhile.
    fn saved(self, rev: Rev, texts: FieldTexts, name: &str) {
        self.rev.set(Some(rev));
        self.stored.set(texts);
        if self.name.with_untracked(|now| now == name) {
            self.fill(self.fields.get_untracked(), mint(), String::new());
        }
        self.keep();
        if !untrack(|| self.is_changed()) {
            self.open.set(false);
        }
    }

    /// Somebody has set other options since these were loaded: the next time these replace them.
    async fn catch_up(self) {
        let number = self.loads.try_get_value();
        let stored = self.target.read().await;
        if number.is_none() || self.loads.try_get_value() != number {
            return;
        }
        match stored {
            Ok(stored) => {
                self.rev.set(Some(stored.rev));
                self.stored.set(FieldTexts::from(&stored.options));
                self.keep();
                self.failure.set(Some(t().options.changed.into()));
            }
            Err(why) => self.fail(&why),
        }
    }

    fn fail(self, why: &Failure) {
        self.failure.set(Some(why.to_string()));
    }
}
