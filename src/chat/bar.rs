//! What stands over a conversation, and in the place of one.

use leptos::prelude::*;

use super::page_context::PageContext;
use crate::{error::Failure, language::t, ui::icon};

/// In the place of what could not be loaded.
#[component]
pub fn Trouble(failure: Failure) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="notice" role="alert">
                {failure.to_string()}
            </p>
            <a class="button" href="" rel="external">
                {t().page.reload}
            </a>
        </div>
    }
}

/// The bar over a conversation: the way to the drawer, and what the conversation is called.
#[component]
pub fn Bar(#[prop(into)] title: Signal<String>, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let PageContext { drawer, .. } = expect_context();
    view! {
        <header class="bar">
            <button
                type="button"
                class="icon-button menu"
                aria-label=t().page.open_sidebar title=t().page.open_sidebar
                aria-expanded=move || drawer.get().to_string()
                on:click=move |_| drawer.update(|open| *open = !*open)
            >
                <icon::Icon path=icon::MENU />
            </button>
            <h1 dir="auto">{title}</h1>
            {children.map(|children| children())}
        </header>
    }
}

/// Opens a dialog. `mark`: what it has set, for people, if it has set something.
#[component]
pub fn BarButton(
    label: &'static str,
    path: &'static str,
    open: RwSignal<bool>,
    #[prop(optional, into)] mark: Signal<Option<&'static str>>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            class:marked=move || mark.get().is_some()
            aria-label=label
            title=move || mark.get().unwrap_or(label)
            on:click=move |_| open.set(true)
        >
            <icon::Icon path />
        </button>
    }
}
