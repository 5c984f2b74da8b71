//! Pieces of page that know nothing of chat.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::language::t;

pub mod browser;
pub mod dialog;
pub mod drafts;
pub mod field;
pub mod icon;
pub mod menu;
pub mod status;
pub mod time;
pub mod toast;

/// A page that is not there. `alone`: no heading stands above it.
#[component]
pub fn NotFound(#[prop(optional)] alone: bool) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text=t().not_found.title />
        <div class="empty">
            {if alone {
                view! { <h1>{t().not_found.heading}</h1> }.into_any()
            } else {
                view! { <h2>{t().not_found.heading}</h2> }.into_any()
            }}
            <p>{t().not_found.hint}</p>
            <a class="button" href="/">
                {t().not_found.new_chat}
            </a>
        </div>
    }
}

/// Something that went wrong, in place.
#[component]
pub fn Notice(#[prop(into)] text: Signal<Option<String>>) -> impl IntoView {
    view! { <p class="notice" role="alert" hidden=move || text.read().is_none()>{move || text.get()}</p> }
}
