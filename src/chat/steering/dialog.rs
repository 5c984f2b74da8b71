//! How the replies of a conversation are asked for, as a form over the page.

use leptos::{prelude::*, task::spawn_local};

use super::{api, fields::FieldTexts};
use crate::{
    chat::thread::Thread,
    error::Failure,
    ids::{Rev, mint},
    language::t,
    steering::{kept::Preset, options::ReasoningEffort},
    ui::{Notice, dialog::Dialog},
};

/// Handles; copied freely.
#[derive(Clone, Copy)]
struct Form {
    thread: Thread,
    open: RwSignal<bool>,
    fields: RwSignal<FieldTexts>,
    /// Of the options that were loaded; none while they are not.
    rev: RwSignal<Option<Rev>>,
    presets: RwSignal<Vec<Preset>>,
    /// The name under which they are kept as a preset.
    name: RwSignal<String>,
    failure: RwSignal<Option<String>>,
}

#[component]
pub fn OptionsDialog(thread: Thread, open: RwSignal<bool>) -> impl IntoView {
    let form = Form {
        thread,
        open,
        fields: RwSignal::default(),
        rev: RwSignal::new(None),
        presets: RwSignal::default(),
        name: RwSignal::default(),
        failure: RwSignal::new(None),
    };
    Effect::new(move |_| {
        if open.get() {
            form.load();
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.save();
    };
    let texts = &t().options;
    view! {
        <Dialog open label=texts.heading>
            <Show when=move || open.get()>
                <form method="dialog" class="options" on:submit=submit>
                    <PresetSelect form />
                    <TextField form label=texts.system_prompt rows=5 read=|all| &mut all.system_prompt />
                    <div class="pair">
                        <NumberField form label=texts.temperature hint=texts.temperature_hint read=|all| &mut all.temperature />
                        <NumberField form label=texts.top_p hint=texts.top_p_hint read=|all| &mut all.top_p />
                        <NumberField form label=texts.max_tokens hint="" read=|all| &mut all.max_tokens />
                        <EffortSelect form />
                    </div>
                    <TextField form label=texts.stop rows=2 read=|all| &mut all.stop />
                    <PresetName form />
                    <Notice text=form.failure />
                    <div class="row">
                        <button type="button" on:click=move |_| open.set(false)>
                            {texts.cancel}
                        </button>
                        <button class="primary" disabled=move || form.rev.get().is_none()>
                            {texts.save}
                        </button>
                    </div>
                </form>
            </Show>
        </Dialog>
    }
    .into_any()
}

impl Form {
    fn load(self) {
        self.failure.set(None);
        self.rev.set(None);
        self.name.set(String::new());
        spawn_local(async move {
            let (stored, presets) = (api::read_options(self.thread.id).await, api::presets().await);
            if self.open.is_disposed() {
                return;
            }
            match stored.and_then(|stored| Ok((stored, presets?))) {
                Ok((stored, presets)) => {
                    self.fields.set(FieldTexts::from(&stored.options));
                    self.presets.set(presets);
                    self.rev.set(Some(stored.rev));
                }
                Err(why) => self.fail(&why),
            }
        });
    }

    fn save(self) {
        let options = self.fields.with_untracked(FieldTexts::options).and_then(|options| options.checked());
        let options = match options {
            Ok(options) => options,
            Err(why) => return self.fail(&why),
        };
        let Some(rev) = self.rev.get_untracked() else { return };
        let name = self.name.get_untracked().trim().to_owned();
        let model = Some(self.thread.model.get_untracked());
        self.failure.set(None);
        spawn_local(async move {
            if !name.is_empty() {
                let preset = Preset { id: mint(), name, options: options.clone(), model };
                if let Err(why) = api::save_preset(preset).await {
                    return self.fail(&why);
                }
                // It is kept; a second press must not keep it again.
                drop(self.name.try_set(String::new()));
            }
            match api::set_options(self.thread.id, rev, options).await {
                Ok(_) => drop(self.open.try_set(false)),
                Err(why) => self.fail(&why),
            }
        });
    }

    fn fail(self, why: &Failure) {
        let _ = self.failure.try_set(Some(why.to_string()));
    }
}

/// Fills the fields, and chooses the model that the preset names.
#[component]
fn PresetSelect(form: Form) -> impl IntoView {
    let choose = move |event: web_sys::Event| {
        let chosen = event_target_value(&event);
        let preset = form.presets.with_untracked(|all| all.iter().find(|one| one.id.to_string() == chosen).cloned());
        if let Some(preset) = preset {
            form.fields.set(FieldTexts::from(&preset.options));
            if let Some(model) = preset.model {
                form.thread.model.set(model);
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
    let write = move |event| form.fields.update(|all| *read(all) = event_target_value(&event));
    view! { <label>{label} <textarea dir="auto" rows=rows prop:value=value on:input=write></textarea></label> }
}

#[component]
fn NumberField(
    form: Form,
    label: &'static str,
    hint: &'static str,
    read: fn(&mut FieldTexts) -> &mut String,
) -> impl IntoView {
    let value = move || read(&mut form.fields.get()).clone();
    let write = move |event| form.fields.update(|all| *read(all) = event_target_value(&event));
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
    let choose = move |event| form.fields.update(|all| all.reasoning_effort = event_target_value(&event));
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
    let write = move |event| form.name.set(event_target_value(&event));
    view! {
        <label>
            {t().options.preset_name}
            <input autocomplete="off" maxlength="100" prop:value=move || form.name.get() on:input=write />
        </label>
    }
}
