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
    view! {
        <dialog node_ref=node aria-label=label on:close=move |_| open.set(false)>
            <h2>{title}</h2>
            {children()}
        </dialog>
    }
}
