//! The page on which a person sees to their defaults, saved prompts and presets: forms alone, no script.

mod kept;

use axum::http::HeaderMap;
use leptos::prelude::*;

use super::frame;
use crate::{
    ids::{PresetId, PromptId},
    language::t,
    steering::{
        kept::{Preset, Prompt},
        settings::PersonalSettings,
    },
    text::in_textarea,
};
use kept::{presets_section, prompts_section};

/// A section of the page, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Defaults,
    Prompts,
    Presets,
}

/// What was just done.
pub enum Done {
    Saved(Section),
    /// They can be saved again.
    PromptDeleted(Prompt),
    PresetDeleted(Preset),
}

/// What was typed and not saved.
pub enum Typed {
    Defaults(PersonalSettings),
    Prompt(Prompt),
    PresetName(PresetId, String),
}

/// All that the page shows.
pub struct Settings {
    pub personal: PersonalSettings,
    /// The models on offer: key and name.
    pub models: Vec<(String, String)>,
    pub prompts: Vec<Prompt>,
    pub presets: Vec<Preset>,
    /// Under which the next prompt is saved, so that saving twice is saving once.
    pub new_prompt: PromptId,
    pub done: Option<Done>,
    /// Why something was not saved, and what was typed.
    pub refused: Option<(String, Typed)>,
}

impl Section {
    pub fn as_str(self) -> &'static str {
        match self {
            Section::Defaults => "defaults",
            Section::Prompts => "prompts",
            Section::Presets => "presets",
        }
    }
}

/// The whole document. `style`: the address of the style sheet.
pub fn document(page: Settings, headers: &HeaderMap, style: &str) -> String {
    let texts = &t().server.settings;
    let Settings { personal, models, prompts, presets, new_prompt, done, refused } = page;
    let contents = view! {
        {defaults_section(personal, models, done.as_ref(), refused.as_ref())}
        {prompts_section(prompts, new_prompt, done.as_ref(), refused.as_ref())}
        {presets_section(presets, done.as_ref(), refused.as_ref())}
    };
    let links = [("/", texts.back), ("/settings/security", texts.to_security)];
    frame::document(texts.heading, links, contents, headers, style)
}

fn defaults_section(
    personal: PersonalSettings,
    models: Vec<(String, String)>,
    done: Option<&Done>,
    refused: Option<&(String, Typed)>,
) -> impl IntoView + use<> {
    let texts = &t().server.settings;
    let refused = refused.and_then(|(why, typed)| match typed {
        Typed::Defaults(typed) => Some((why.clone(), typed.clone())),
        Typed::Prompt(_) | Typed::PresetName(..) => None,
    });
    let is_refused = refused.is_some();
    let (why, shown) = refused.map_or((None, personal), |(why, typed)| (Some(why), typed));
    let chosen = shown.default_model.unwrap_or_default();
    let missing = (!chosen.is_empty() && models.iter().all(|(key, _)| *key != chosen))
        .then(|| (chosen.clone(), (texts.model_not_offered)(&chosen)));
    let options = models.into_iter().chain(missing).map(|(key, name)| {
        let selected = key == chosen;
        view! { <option value=key selected=selected>{name}</option> }
    });
    view! {
        <section id="defaults" aria-labelledby="defaults-heading">
            <h2 id="defaults-heading">{texts.defaults_heading}</h2>
            {saved(done, Section::Defaults)}
            <form class="fields" method="post" action="/settings/defaults">
                {why.map(refusal)}
                <label>
                    {texts.default_model}
                    <select name="model">
                        <option value="">{texts.no_default_model}</option>
                        {options.collect_view()}
                    </select>
                </label>
                // Named so, as its text would else be a part of its name.
                <label>
                    <span id="system-prompt">{texts.system_prompt}</span>
                    <textarea
                        name="system_prompt"
                        rows="5"
                        dir="auto"
                        autofocus=is_refused
                        aria-labelledby="system-prompt"
                        aria-describedby="system-prompt-hint"
                    >
                        {in_textarea(&shown.system_prompt.unwrap_or_default())}
                    </textarea>
                </label>
                <small id="system-prompt-hint">{texts.system_prompt_hint}</small>
                <div class="row">
                    <button class="primary">{texts.save}</button>
                </div>
            </form>
        </section>
    }
}

/// That what stands in this section is saved, if that was just done.
fn saved(done: Option<&Done>, section: Section) -> Option<impl IntoView + use<>> {
    let is_saved = matches!(done, Some(Done::Saved(saved)) if *saved == section);
    is_saved.then(|| view! { <p class="notice" role="status">{t().server.settings.saved}</p> })
}

fn refusal(why: String) -> impl IntoView {
    view! { <p class="notice" role="alert">{why}</p> }
}
