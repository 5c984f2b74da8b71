//! A button that opens a few others: the browser's own popover, which Escape, a press elsewhere and a press on any of them
//! close, and which gives the cursor back.

use leptos::{html, prelude::*};

use super::icon;

/// What the panel leaves free of the window above and below it, in CSS pixels.
const EDGE: f64 = 16.0;

/// `id` is the panel's, unique on the page; `face` what stands on the button, in place of three dots. The children are made when it is opened first.
#[component]
pub fn Menu(
    id: String,
    #[prop(into)] label: Signal<String>,
    #[prop(into, default = (|| view! { <icon::Icon path=icon::MORE /> }).into())] face: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let (button, panel) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let was_opened = RwSignal::new(false);
    let open = move |_| {
        was_opened.set(true);
        if let (Some(button), Some(panel)) = (button.get_untracked(), panel.get_untracked()) {
            place(&web_sys::HtmlElement::style(&panel), &button.get_bounding_client_rect());
        }
    };
    let close = move |_| drop(panel.get_untracked().map(|panel| panel.hide_popover()));
    view! {
        <button
            node_ref=button
            type="button"
            class="icon-button"
            aria-label=move || label.get()
            title=move || label.get()
            popovertarget=id.clone()
            on:click=open
        >
            {face.run()}
        </button>
        <div node_ref=panel id=id class="menu-panel" popover="auto" role="group" aria-label=move || label.get() on:click=close>
            <Show when=move || was_opened.get()>{children()}</Show>
        </div>
    }
}

/// Puts the panel at the button's edge, on the side of it where there is more room.
fn place(panel: &web_sys::CssStyleDeclaration, button: &web_sys::DomRect) {
    let size = |size: Result<wasm_bindgen::JsValue, _>| size.ok().and_then(|size| size.as_f64()).unwrap_or_default();
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    let set = |name, pixels: f64| drop(panel.set_property(name, &format!("{}px", pixels.max(0.0))));
    let _ = panel.set_property("inset", "auto");
    match (button.left(), width - button.right()) {
        (left, right) if left < right => set("left", left),
        (_, right) => set("right", right),
    }
    match (button.top(), height - button.bottom()) {
        (above, below) if below < above => {
            set("bottom", height - button.top());
            set("max-height", above - EDGE);
        }
        (_, below) => {
            set("top", button.bottom());
            set("max-height", below - EDGE);
        }
    }
}
