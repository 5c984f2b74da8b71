//! What was done just now, in a line at the foot of the page, with a way to undo it for a while.

use std::time::Duration;

use leptos::prelude::*;

use crate::{language::t, ui::icon};

/// How long one stands. The server keeps what can be undone a little longer.
pub const TOAST_TIMEOUT: Duration = Duration::from_secs(10);
/// The oldest goes when there are more.
const MAX_TOASTS: usize = 3;

/// All of a page. Copied freely: it is handles.
#[derive(Clone, Copy, Default)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    count: StoredValue<u32>,
}

#[derive(Clone)]
struct Toast {
    number: u32,
    text: String,
    undo: Option<Callback<()>>,
}

impl Toasts {
    /// Shows a sentence, with what its Undo button does, if it can be undone.
    pub fn show(self, text: String, undo: Option<Callback<()>>) {
        self.count.update_value(|count| *count += 1);
        let number = self.count.get_value();
        self.shown.update(|shown| {
            shown.push(Toast { number, text, undo });
            let over = shown.len().saturating_sub(MAX_TOASTS);
            shown.drain(..over);
        });
        set_timeout(move || self.remove(number), TOAST_TIMEOUT);
    }

    fn remove(self, number: u32) {
        let _ = self.shown.try_update(|shown| shown.retain(|toast| toast.number != number));
    }
}

/// The region. Once a page.
#[component]
pub fn ToastRegion(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="toasts" role="region" aria-label=t().page.toasts_label>
            <For each=move || toasts.shown.get() key=|toast| toast.number let(toast)>
                <ToastView toasts toast />
            </For>
        </div>
    }
}

#[component]
fn ToastView(toasts: Toasts, toast: Toast) -> impl IntoView {
    let Toast { number, text, undo } = toast;
    let undone = undo.map(|undo| {
        let press = move |_| {
            toasts.remove(number);
            undo.run(());
        };
        view! {
            <button type="button" on:click=press>
                {t().page.undo}
            </button>
        }
    });
    view! {
        <div class="toast">
            <p role="status">{text}</p>
            {undone}
            <button
                type="button"
                class="icon-button"
                aria-label=t().page.dismiss
                title=t().page.dismiss
                on:click=move |_| toasts.remove(number)
            >
                <icon::Icon path=icon::CLOSE />
            </button>
        </div>
    }
}
