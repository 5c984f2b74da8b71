//! What the browser can ask about how replies are asked for.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::{
    chat::api::server::{answer, forget_last_model},
    conversation::options::store::OptionsChange,
    language::t,
    live::hub::ListTopic,
};
use crate::{
    conversation::ConversationUsage,
    error::Failure,
    ids::{ConversationId, PresetId, PromptId, Rev},
    json::Json,
    steering::{
        kept::{Preset, Prompt},
        options::{Options, StoredOptions},
        settings::{PersonalSetting, PersonalSettings},
    },
};

/// How the replies of a conversation are asked for. A change counts in the conversation's list of messages.
#[server(prefix = "/api/2", endpoint = "options", input = Json, output = Json)]
pub async fn read_options(id: ConversationId) -> Result<StoredOptions, Failure> {
    answer(|app, who| async move { app.database.options(who.viewer, id).await?.ok_or(Failure::NotFound) }).await
}

/// Sets all options of a conversation, for whoever may rename it; `rev` is that of the options which the page shows. Gives
/// that of the new ones. Replies that start from then on are asked for so.
#[server(prefix = "/api/2", endpoint = "set-options", input = Json, output = Json)]
pub async fn set_options(id: ConversationId, rev: Rev, options: Options) -> Result<Rev, Failure> {
    answer(|app, who| async move {
        match app.database.set_options(who.viewer, id, rev, &options.checked()?).await? {
            OptionsChange::Done(rev) => {
                app.hub.changed(ListTopic::Messages(id));
                Ok(rev)
            }
            OptionsChange::Changed => Err(Failure::Changed),
            OptionsChange::Missing => Err(Failure::NotFound),
        }
    })
    .await
}

/// What the replies of a conversation have cost, on all branches.
#[server(prefix = "/api/2", endpoint = "conversation-usage", input = Json, output = Json)]
pub async fn read_usage(id: ConversationId) -> Result<ConversationUsage, Failure> {
    answer(|app, who| async move { app.database.conversation_usage(who.viewer, id).await?.ok_or(Failure::NotFound) })
        .await
}

/// The person's presets, by name.
#[server(prefix = "/api/2", endpoint = "presets", input = Json, output = Json)]
pub async fn presets() -> Result<Vec<Preset>, Failure> {
    answer(|app, who| async move { Ok(app.database.presets(who.viewer).await?) }).await
}

/// Keeps a preset, in the place of the one with the same id.
#[server(prefix = "/api/2", endpoint = "save-preset", input = Json, output = Json)]
pub async fn save_preset(preset: Preset) -> Result<(), Failure> {
    answer(|app, who| async move {
        let saved = app.database.save_preset(who.viewer, &preset.checked()?).await?;
        saved.or_failure(t().steering.many_presets, t().steering.preset_name_taken)
    })
    .await
}

#[server(prefix = "/api/2", endpoint = "delete-preset", input = Json, output = Json)]
pub async fn delete_preset(id: PresetId) -> Result<(), Failure> {
    answer(|app, who| async move { found(app.database.delete_preset(who.viewer, id).await?) }).await
}

/// The person's saved prompts, by title.
#[server(prefix = "/api/2", endpoint = "prompts", input = Json, output = Json)]
pub async fn prompts() -> Result<Vec<Prompt>, Failure> {
    answer(|app, who| async move { Ok(app.database.prompts(who.viewer).await?) }).await
}

/// Keeps a prompt, in the place of the one with the same id.
#[server(prefix = "/api/2", endpoint = "save-prompt", input = Json, output = Json)]
pub async fn save_prompt(prompt: Prompt) -> Result<(), Failure> {
    answer(|app, who| async move {
        let saved = app.database.save_prompt(who.viewer, &prompt.checked()?).await?;
        saved.or_failure(t().steering.many_prompts, t().steering.prompt_title_taken)
    })
    .await
}

#[server(prefix = "/api/2", endpoint = "delete-prompt", input = Json, output = Json)]
pub async fn delete_prompt(id: PromptId) -> Result<(), Failure> {
    answer(|app, who| async move { found(app.database.delete_prompt(who.viewer, id).await?) }).await
}

/// What the person has chosen for all their conversations.
#[server(prefix = "/api/2", endpoint = "settings", input = Json, output = Json)]
pub async fn read_settings() -> Result<PersonalSettings, Failure> {
    answer(|app, who| async move { Ok(app.database.personal_settings(who.viewer).await?) }).await
}

#[server(prefix = "/api/2", endpoint = "set-setting", input = Json, output = Json)]
pub async fn set_setting(setting: PersonalSetting) -> Result<(), Failure> {
    answer(|app, who| async move {
        let setting = setting.checked()?;
        app.database.set_personal_setting(who.viewer, &setting).await?;
        if let PersonalSetting::DefaultModel(_) = setting {
            forget_last_model();
        }
        Ok(())
    })
    .await
}

#[cfg(feature = "ssr")]
fn found(is_found: bool) -> Result<(), Failure> {
    if is_found { Ok(()) } else { Err(Failure::NotFound) }
}
