//! How the replies of a conversation are asked for, as a form over the page.

use leptos::prelude::*;

use super::{
    fields::FieldTexts,
    form::{Form, Target},
};
use crate::{
    language::t,
    steering::options::ReasoningEffort,
    ui::{Notice, dialog::Dialog},
};

#[component]
pub fn OptionsDialog(target: Target, open: RwSignal<bool>) -> impl IntoView {
    let form = Form::new(target, open);
    Effect::new(move |_| {
        if open.get() {
            untrack(|| form.load());
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.save();
    };
    view! {
        <Dialog open label=t().options.heading>
            <Show when=move || open.get()>
                <form method="dialog" class="options" on:submit=submit>
                    <fieldset disabled=move || !form.is_loaded()>
                        <Fields form />
                    </fieldset>
                    <Notice text=form.failure />
                    <Buttons form />
                </form>
            </Show>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Fields(form: Form) -> impl IntoView {
    let texts = &t().options;
    view! {
        <PresetSelect form />
        <TextField form label=texts.system_prompt rows=5 read=|all| &mut all.system_prompt />
        <NoSystemPrompt form />
        <div class="pair">
            <NumberField form label=texts.temperature hint=texts.temperature_hint read=|all| &mut all.temperature />
            <NumberField form label=texts.top_p hint=texts.top_p_hint read=|all| &mut all.top_p />
            <NumberField form label=texts.max_tokens hint="" read=|all| &mut all.max_tokens />
            <EffortSelect form />
        </div>
        <TextField form label=texts.stop rows=2 read=|all| &mut all.stop />
        <PresetName form />
    }
}

#[component]
fn Buttons(form: Form) -> impl IntoView {
    let texts = &t().options;
    view! {
        <div class="row">
            <button type="button" hidden=move || !form.is_changed() on:click=move |_| form.discard()>
                {texts.discard}
            </button>
            <button type="button" on:click=move |_| form.open.set(false)>
                {texts.cancel}
            </button>
            <button class="primary" disabled=move || !form.is_loaded()>
                {texts.save}
            </button>
        </div>
    }
}

/// Fills the fields, and chooses the model that the preset names.
#[component]
fn PresetSelect(form: Form) -> impl IntoView {
    let choose = move |event: web_sys::Event| {
        let chosen = event_target_value(&event);
        let preset = form.presets.with_untracked(|all| all.iter().find(|one| one.id.to_string() == chosen).cloned());
        if let Some(preset) = preset {
            form.edit(|all| *all = FieldTexts::from(&preset.options));
            if let Some(model) = preset.model {
                form.target.model().set(model);
            }
        }
    };
    view! {
        <label hidden=move || form.presets.read().is_empty()>
            {t().options.preset}
            <select on:change=choose>
                <option value="">{t().options.no_preset}</option>
                <For each=move || form.presets.get() key=|preset| preset.id let(preset)>
                    <option value=preset.id.to_string()>{preset.name}</option>
                </For>
            </select>
        </label>
    }
}

#[component]
fn TextField(form: Form, label: &'static str, rows: u32, read: fn(&mut FieldTexts) -> &mut String) -> impl IntoView {
    let value = move || read(&mut form.fields.get()).clone();
    let write = move |event| form.edit(|all| *read(all) = event_target_value(&event));
    view! { <label>{label} <textarea dir="auto" rows=rows prop:value=value on:input=write></textarea></label> }
}

/// For whoever has a prompt for all their conversations, and wants none here.
#[component]
fn NoSystemPrompt(form: Form) -> impl IntoView {
    let choose = move |event| form.edit(|all| all.no_system_prompt = event_target_checked(&event));
    view! {
        <label class="check" hidden=move || !form.has_default_prompt.get()>
            <input
                type="checkbox"
                prop:checked=move || form.fields.read().no_system_prompt
                disabled=move || form.fields.read().has_system_prompt()
                on:change=choose
            />
            {t().options.no_system_prompt}
        </label>
    }
}

#[component]
fn NumberField(
    form: Form,
    label: &'static str,
    hint: &'static str,
    read: fn(&mut FieldTexts) -> &mut String,
) -> impl IntoView {
    let value = move || read(&mut form.fields.get()).clone();
    let write = move |event| form.edit(|all| *read(all) = event_target_value(&event));
    view! {
        <label>
            {label}
            <input inputmode="decimal" autocomplete="off" placeholder=hint prop:value=value on:input=write />
        </label>
    }
}

#[component]
fn EffortSelect(form: Form) -> impl IntoView {
    use ReasoningEffort::{High, Low, Medium, Minimal, None, XHigh};
    let chosen = move || form.fields.read().reasoning_effort.clone();
    let choose = move |event| form.edit(|all| all.reasoning_effort = event_target_value(&event));
    let option = |effort: ReasoningEffort| view! { <option value=effort.as_str()>{(t().options.effort)(effort.as_str())}</option> };
    view! {
        <label>
            {t().options.reasoning_effort}
            <select prop:value=chosen on:change=choose>
                <option value="">{t().options.not_set}</option>
                {[None, Minimal, Low, Medium, High, XHigh].map(option).collect_view()}
            </select>
        </label>
    }
}

/// A name: then they are kept as a preset, too.
#[component]
fn PresetName(form: Form) -> impl IntoView {
    let write = move |event| form.rename(event_target_value(&event));
    view! {
        <label>
            {t().options.preset_name}
            <input autocomplete="off" maxlength="100" prop:value=move || form.name.get() on:input=write />
        </label>
    }
}
