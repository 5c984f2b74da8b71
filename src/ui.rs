//! Pieces of page that know nothing of chat.

use leptos::prelude::*;
use leptos_meta::Title;

pub mod browser;
pub mod dialog;
pub mod drafts;
pub mod icon;
pub mod status;

/// A page that is not there.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <div class="empty">
            <h2>{"There is nothing here"}</h2>
            <p>{"It may have been deleted, or the address is not quite right."}</p>
            <a class="button" href="/">
                {"New chat"}
            </a>
        </div>
    }
}

/// Something that went wrong, in place.
#[component]
pub fn Notice(#[prop(into)] text: Signal<Option<String>>) -> impl IntoView {
    view! { <p class="notice" role="alert" hidden=move || text.read().is_none()>{move || text.get()}</p> }
}
