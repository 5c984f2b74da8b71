//! The models that are asked beside the chosen one: a menu to add some, and a button for each to leave it out again.

use leptos::prelude::*;

use super::{
    api::{MAX_OTHERS, ModelChoice},
    model_menu::OfferedModels,
};
use crate::{
    language::t,
    ui::{icon, menu::Menu},
};

#[component]
pub fn OtherModels(menu: OfferedModels, model: RwSignal<String>, others: RwSignal<Vec<String>>) -> impl IntoView {
    // One that is chosen as the first, or is not on offer any more, is none of the others.
    Effect::new(move |_| {
        let (first, offered) = (model.get(), menu.models());
        let is_other = |key: &String| *key != first && offered.iter().any(|model| model.key == *key);
        if !others.read_untracked().iter().all(is_other) {
            others.update(|others| others.retain(is_other));
        }
    });
    let free = Memo::new(move |_| {
        let (first, others) = (model.read(), others.read());
        let is_free = |choice: &ModelChoice| choice.key != *first && !others.contains(&choice.key);
        let free: Vec<ModelChoice> = menu.models().into_iter().filter(is_free).collect();
        if others.len() < MAX_OTHERS { free } else { vec![] }
    });
    let name = move |key: &str| {
        menu.models().iter().find(|model| model.key == key).map_or_else(|| key.to_owned(), |model| model.name.clone())
    };
    let remove = move |key: &str| others.update(|others| others.retain(|other| other != key));
    let chip = move |key: String| {
        let (name, label) = (name(&key), (t().composer.do_not_ask)(&name(&key)));
        view! {
            <button type="button" class="also-asked" aria-label=label.clone() title=label on:click=move |_| remove(&key)>
                <span>{name}</span>
                <icon::Icon path=icon::CLOSE />
            </button>
        }
    };
    let item = move |choice: ModelChoice| {
        let key = StoredValue::new(choice.key);
        view! {
            <button type="button" on:click=move |_| others.update(|others| others.push(key.get_value()))>
                {choice.name}
            </button>
        }
    };
    view! {
        <For each=move || others.get() key=String::clone let(key)>{chip(key)}</For>
        <Show when=move || !free.read().is_empty()>
            <Menu id="ask-others".into() label=t().composer.ask_others face=|| view! { <icon::Icon path=icon::PLUS /> }>
                <For each=move || free.get() key=|choice| choice.key.clone() let(choice)>{item(choice)}</For>
            </Menu>
        </Show>
    }
}
