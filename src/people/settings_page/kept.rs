//! The sections of what a person keeps: saved prompts and presets.

use leptos::prelude::*;

use super::{Done, Section, Typed, refusal, saved};
use crate::{
    ids::PromptId,
    language::t,
    steering::{
        kept::{Preset, Prompt},
        options::Options,
    },
    text::in_textarea,
};

type Refused<'a> = Option<&'a (String, Typed)>;

pub(super) fn prompts_section(
    mut prompts: Vec<Prompt>,
    new: PromptId,
    done: Option<&Done>,
    refused: Refused,
) -> impl IntoView + use<> {
    let texts = &t().server.settings;
    let mut typed = refused.and_then(|(why, typed)| match typed {
        Typed::Prompt(prompt) => Some((why.clone(), prompt.clone())),
        Typed::Defaults(_) | Typed::PresetName(..) => None,
    });
    let rows = prompts.iter_mut().map(|prompt| {
        let title = prompt.title.clone();
        let why = typed.take_if(|(_, typed)| typed.id == prompt.id).map(|(why, typed)| {
            *prompt = typed;
            why
        });
        view! { <li>{prompt_form(prompt.clone(), Some(title), why)}</li> }
    });
    let rows = rows.collect::<Vec<_>>();
    // Of a prompt that there is not, or not any more.
    let (why, empty) = match typed {
        Some((why, typed)) => (Some(why), typed),
        None => (None, Prompt { id: new, title: String::new(), text: String::new() }),
    };
    view! {
        <section id="prompts" aria-labelledby="prompts-heading">
            <h2 id="prompts-heading">{texts.prompts_heading}</h2>
            <p class="aside" inner_html=texts.prompts_hint></p>
            {saved(done, Section::Prompts)}
            {match done {
                Some(Done::PromptDeleted(prompt)) => Some(deleted_prompt(prompt.clone())),
                _ => None,
            }}
            {(!rows.is_empty()).then(|| view! { <ul>{rows}</ul> })}
            {prompt_form(empty, None, why)}
        </section>
    }
}

/// `name`: what the prompt is called that is changed; none: it is a new one.
fn prompt_form(prompt: Prompt, name: Option<String>, why: Option<String>) -> impl IntoView {
    let texts = &t().server.settings;
    let Prompt { id, title, text } = prompt;
    let text_label = format!("text-of-{id}");
    let (is_new, is_refused) = (name.is_none(), why.is_some());
    let heading = name.clone().unwrap_or_else(|| texts.new_prompt.to_owned());
    let delete = name.map(|name| {
        let label = (texts.delete_label)(&name);
        view! {
            <button formaction="/settings/delete-prompt" formnovalidate aria-label=label>
                {texts.delete}
            </button>
        }
    });
    view! {
        <details class:new=is_new open=is_refused>
            <summary dir="auto">{heading}</summary>
            <form id=is_new.then_some("new-prompt") class="fields" method="post" action="/settings/save-prompt">
                {why.map(refusal)}
                <input type="hidden" name="id" value=id.to_string() />
                <label>{texts.prompt_title} <input name="title" dir="auto" autocomplete="off" required autofocus=is_refused value=title /></label>
                <label>
                    <span id=text_label.clone()>{texts.prompt_text}</span>
                    <textarea name="text" rows="6" dir="auto" required aria-labelledby=text_label>
                        {in_textarea(&text)}
                    </textarea>
                </label>
                <div class="row">
                    <button class="primary">{if is_new { texts.add_prompt } else { texts.save }}</button>
                    {delete}
                </div>
            </form>
        </details>
    }
}

/// What brings a prompt back.
fn deleted_prompt(Prompt { id, title, text }: Prompt) -> impl IntoView {
    let texts = &t().server.settings;
    let said = (texts.deleted)(&title);
    view! {
        <form class="notice undo" method="post" action="/settings/save-prompt">
            <p role="status">{said}</p>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="title" value=title />
            <input type="hidden" name="text" value=text />
            <button autofocus>{texts.undo}</button>
        </form>
    }
}

pub(super) fn presets_section(presets: Vec<Preset>, done: Option<&Done>, refused: Refused) -> impl IntoView + use<> {
    let texts = &t().server.settings;
    let typed = refused.and_then(|(why, typed)| match typed {
        Typed::PresetName(id, name) => Some((why.clone(), *id, name.clone())),
        Typed::Defaults(_) | Typed::Prompt(_) => None,
    });
    // Of a preset that there is not any more.
    let lost = typed.as_ref().filter(|(_, id, _)| presets.iter().all(|preset| preset.id != *id));
    let lost = lost.map(|(why, ..)| refusal(why.clone()));
    let rows = presets.into_iter().map(|preset| {
        let typed = typed.clone().filter(|(_, id, _)| *id == preset.id).map(|(why, _, name)| (why, name));
        view! { <li>{preset_form(preset, typed)}</li> }
    });
    let rows = rows.collect::<Vec<_>>();
    view! {
        <section id="presets" aria-labelledby="presets-heading">
            <h2 id="presets-heading">{texts.presets_heading}</h2>
            <p class="aside">{texts.presets_hint}</p>
            {saved(done, Section::Presets)}
            {lost}
            {match done {
                Some(Done::PresetDeleted(preset)) => Some(deleted_preset(preset)),
                _ => None,
            }}
            {if rows.is_empty() {
                view! { <p>{texts.no_presets}</p> }.into_any()
            } else {
                view! { <ul>{rows}</ul> }.into_any()
            }}
        </section>
    }
}

/// `typed`: why another name was refused, and that name.
fn preset_form(Preset { id, name, options, model }: Preset, typed: Option<(String, String)>) -> impl IntoView {
    let texts = &t().server.settings;
    let label = (texts.delete_label)(&name);
    let is_refused = typed.is_some();
    let (why, shown) = typed.map_or((None, name.clone()), |(why, typed)| (Some(why), typed));
    view! {
        <details open=is_refused>
            <summary dir="auto">{name}</summary>
            <form class="fields" method="post" action="/settings/rename-preset">
                {why.map(refusal)}
                <p class="aside">{summary(&options, model)}</p>
                <input type="hidden" name="id" value=id.to_string() />
                <label>{texts.preset_name} <input name="name" dir="auto" autocomplete="off" required autofocus=is_refused value=shown /></label>
                <div class="row">
                    <button class="primary">{texts.rename_preset}</button>
                    <button formaction="/settings/delete-preset" formnovalidate aria-label=label>
                        {texts.delete}
                    </button>
                </div>
            </form>
        </details>
    }
}

/// What a preset sets, in a line.
fn summary(options: &Options, model: Option<String>) -> String {
    let texts = &t().options;
    let number = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
    let effort = options.reasoning_effort.map(|effort| (texts.effort)(effort.as_str()).to_owned());
    let set = [
        model,
        options.system_prompt.as_ref().map(|_| texts.system_prompt.to_owned()),
        number(texts.temperature, options.temperature.map(|value| value.to_string())),
        number(texts.top_p, options.top_p.map(|value| value.to_string())),
        number(texts.max_tokens, options.max_tokens.map(|value| value.to_string())),
        number(texts.reasoning_effort, effort),
        (!options.stop.is_empty()).then(|| texts.stop.to_owned()),
    ];
    set.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What brings a preset back.
fn deleted_preset(preset: &Preset) -> impl IntoView + use<> {
    let texts = &t().server.settings;
    let said = (texts.deleted)(&preset.name);
    // It came out of the database as JSON.
    let json = serde_json::to_string(preset).unwrap_or_default();
    view! {
        <form class="notice undo" method="post" action="/settings/restore-preset">
            <p role="status">{said}</p>
            <input type="hidden" name="preset" value=json />
            <button autofocus>{texts.undo}</button>
        </form>
    }
}
