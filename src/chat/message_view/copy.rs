//! Copying a message, and a code block in it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsCast};

use crate::{
    language::t,
    message::Message,
    ui::{browser, icon, status::announce},
};

/// How long a button shows that it has copied, in milliseconds.
const TICK: u32 = 1_500;

/// Copies the message as it was written, and shows a tick for a moment.
#[component]
pub(super) fn Copy(signal: RwSignal<Message>) -> impl IntoView {
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let text = signal.read_untracked().text();
        spawn_local(async move {
            let done = browser::copy(&text).await;
            announce(copied_or_not(done));
            copied.try_set(Some(done));
            TimeoutFuture::new(TICK).await;
            copied.try_set(None);
        });
    };
    let path = move || match copied.get() {
        None => icon::COPY,
        Some(true) => icon::TICK,
        Some(false) => icon::CLOSE,
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=t().message.copy
            title=move || copied.get().map_or(t().message.copy, copied_or_not)
            data-copied=move || copied.get().map(|done| done.to_string())
            on:click=copy
        >
            {move || view! { <icon::Icon path=path() /> }}
        </button>
    }
}

/// The Copy button of a code block, which is part of the rendered text and so has no handler of its own.
pub(super) fn copy_code(event: web_sys::MouseEvent) {
    let button = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .filter(|target| target.has_attribute("data-copy"));
    let Some(button) = button else { return };
    let code = button.closest(".code").ok().flatten().and_then(|block| block.query_selector("code").ok().flatten());
    let Some(text) = code.and_then(|code| code.text_content()) else { return };
    spawn_local(async move {
        let word = copied_or_not(browser::copy(&text).await);
        announce(word);
        button.set_text_content(Some(word));
        TimeoutFuture::new(TICK).await;
        button.set_text_content(Some(t().markdown.copy_code));
    });
}

fn copied_or_not(copied: bool) -> &'static str {
    if copied { t().message.copied } else { t().message.not_copied }
}
