//! The menu of models, and what stands in its place while no provider answers.

use gloo_timers::future::TimeoutFuture;
use leptos::{html, prelude::*, task::spawn_local};

use super::api::{self, ModelChoice, ModelList, PageData};
use crate::{ids::UserId, language::t, ui::browser};

/// The pause before the models are asked for again, in milliseconds. It doubles up to the longest.
const FIRST_PAUSE: u32 = 1_000;
const LONGEST_PAUSE: u32 = 32_000;

/// The models as this page has them last. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct OfferedModels {
    list: RwSignal<ModelList>,
    /// Whether they are being asked for.
    asking: RwSignal<bool>,
    begun: StoredValue<bool>,
    /// Who chooses.
    user: StoredValue<Option<UserId>>,
    /// The key of the model that they chose last in this browser.
    last: StoredValue<Option<String>>,
}

impl Default for OfferedModels {
    fn default() -> OfferedModels {
        OfferedModels {
            list: RwSignal::new(ModelList { models: vec![], trouble: None }),
            asking: RwSignal::new(false),
            begun: StoredValue::new(false),
            user: StoredValue::new(None),
            last: StoredValue::new(None),
        }
    }
}

impl OfferedModels {
    /// Begins with what the page was opened with. Later calls change nothing.
    pub fn begin(self, page_data: &PageData) {
        if !self.begun.get_value() {
            self.begun.set_value(true);
            self.user.set_value(Some(page_data.user));
            self.last.set_value(page_data.model.clone());
            self.list.set(ModelList { models: page_data.models.clone(), trouble: page_data.trouble.clone() });
        }
    }

    /// All that are on offer.
    pub fn models(self) -> Vec<ModelChoice> {
        self.list.read().models.clone()
    }

    pub fn is_empty(self) -> bool {
        self.list.read().models.is_empty()
    }

    /// How many tokens a model reads and writes together, if that is known.
    pub fn context(self, key: &str) -> Option<u64> {
        self.list.read().models.iter().find(|model| model.key == key).and_then(|model| model.context)
    }

    /// Why there are fewer models than expected.
    pub fn trouble(self) -> Option<String> {
        self.list.read().trouble.clone()
    }

    /// The first of these models that is on offer, or else the one that was chosen last, or else the first. While none is
    /// known, the first of these.
    pub fn chosen(self, wanted: impl IntoIterator<Item = String>) -> String {
        let list = self.list.read_untracked();
        let mut wanted = wanted.into_iter().chain(self.last.get_value());
        if list.models.is_empty() {
            return wanted.next().unwrap_or_default();
        }
        (wanted.find(|key| list.models.iter().any(|model| model.key == *key)))
            .or_else(|| list.models.first().map(|model| model.key.clone()))
            .unwrap_or_default()
    }

    /// Has the next conversation begin with this model, on this page and the next ones of this person in this browser.
    fn keep(self, key: &str) {
        self.last.set_value(Some(key.to_owned()));
        if let Some(user) = self.user.get_value() {
            browser::keep_cookie("model", &format!("{user} {key}"));
        }
    }

    /// Asks for the models until every provider has answered, less and less often. Called in an effect.
    pub fn keep_asking(self) {
        spawn_local(async move {
            let mut pause = FIRST_PAUSE;
            while self.list.try_with_untracked(|list| list.trouble.is_some() || list.models.is_empty()) == Some(true) {
                TimeoutFuture::new(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                if browser::is_looked_at() {
                    self.ask().await;
                }
            }
        });
    }

    async fn ask(self) {
        if self.asking.try_set(true).is_some() {
            return;
        }
        // While nothing can be asked, what is known stays.
        if let Ok(list) = api::models().await
            && self.list.try_with_untracked(|known| *known != list) == Some(true)
        {
            let _ = self.list.try_set(list);
        }
        let _ = self.asking.try_set(false);
    }
}

/// Shows what is on offer, and keeps `model` at what is chosen.
#[component]
pub fn ModelSelect(menu: OfferedModels, model: RwSignal<String>) -> impl IntoView {
    let node = NodeRef::<html::Select>::new();
    // What was chosen before scripts were here stays chosen; later the menu follows what is chosen elsewhere.
    Effect::new(move |before: Option<()>| {
        let Some(select) = node.get() else { return };
        menu.list.track();
        let chosen = menu.chosen([model.get()]);
        match before {
            None if !select.value().is_empty() => model.set(select.value()),
            _ => {
                select.set_value(&chosen);
                if chosen != model.get_untracked() {
                    model.set(chosen);
                }
            }
        }
    });
    let choose = move |_| {
        if let Some(select) = node.get_untracked() {
            model.set(select.value());
            menu.keep(&select.value());
        }
    };
    view! {
        <select node_ref=node name="model" aria-label=t().models.menu_label hidden=move || menu.is_empty() on:change=choose>
            {move || options(menu.list.get().models, &model.get_untracked())}
        </select>
    }
}

/// In the place of a composer's menu that would be empty: what was tried, and what is done about it.
#[component]
pub fn NoModels(menu: OfferedModels) -> impl IntoView {
    let why = move || menu.trouble().unwrap_or_else(|| t().models.none_reason.into());
    let again = move |_| spawn_local(menu.ask());
    view! {
        <div class="no-models" role="note" hidden=move || !menu.is_empty()>
            <div>
                <strong>{t().models.none_heading}</strong>
                <p>{why}</p>
                <p class="aside">{t().models.none_hint}</p>
            </div>
            <button type="button" disabled=move || menu.asking.get() on:click=again>
                {t().models.ask_again}
            </button>
        </div>
    }
}

/// The menu's entries: under their providers' names where there are several.
fn options(models: Vec<ModelChoice>, chosen: &str) -> impl IntoView + use<> {
    let groups: Vec<&[ModelChoice]> = models.chunk_by(|a, b| a.provider == b.provider).collect();
    let several = groups.len() > 1;
    let group = |models: &[ModelChoice]| {
        let label = models[0].provider.clone();
        let options = models.iter().map(|model| option(model.clone(), chosen)).collect_view();
        if several { view! { <optgroup label=label>{options}</optgroup> }.into_any() } else { options.into_any() }
    };
    groups.into_iter().map(group).collect_view()
}

fn option(model: ModelChoice, chosen: &str) -> impl IntoView + use<> {
    let selected = model.key == chosen;
    view! {
        <option value=model.key selected=selected>
            {model.name}
        </option>
    }
}
