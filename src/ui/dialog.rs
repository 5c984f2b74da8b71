//! A modal question, on the browser's own `<dialog>`: focus stays in it, Escape closes it.

use leptos::{html, prelude::*};

/// Shows `children` over the page while `open`.
#[component]
pub fn Dialog(open: RwSignal<bool>, #[prop(into)] label: String, children: Children) -> impl IntoView {
    let title = label.clone();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match open.get() {
            // It can only fail where it is open already.
            true if !dialog.open() => drop(dialog.show_modal()),
            false if dialog.open() => dialog.close(),
            _ => {}
        }
    });
    // The browser tells of a closing a little later; by then it may have been opened again, or be gone.
    let closed = move |_| {
        if node.try_get_untracked().flatten().is_some_and(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    view! {
        <dialog node_ref=node aria-label=label on:close=closed>
            <h2>{title}</h2>
            {children()}
        </dialog>
    }
}
