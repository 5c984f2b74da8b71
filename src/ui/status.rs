//! What a screen reader announces: one region for the whole page, so that nothing of it stays in the reading order.

use leptos::prelude::*;

/// The region. Once a page.
#[component]
pub fn StatusRegion() -> impl IntoView {
    view! { <div id="status" class="visually-hidden" role="status"></div> }
}

/// Has a screen reader say this, once it has nothing else to say. Called in effects and event handlers.
pub fn announce(text: &str) {
    if let Some(region) = document().get_element_by_id("status") {
        region.set_text_content(Some(text));
    }
}
