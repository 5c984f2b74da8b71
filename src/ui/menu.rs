//! A button that opens a few others: the browser's own popover, which Escape, a press elsewhere and a press on any of them
//! close, and which gives the cursor back.

use leptos::{html, prelude::*};

use super::icon;

/// `id` is the panel's, unique on the page. The children are made when it is opened first.
#[component]
pub fn Menu(id: String, label: &'static str, children: ChildrenFn) -> impl IntoView {
    let (button, panel) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let was_opened = RwSignal::new(false);
    let open = move |_| {
        was_opened.set(true);
        if let (Some(button), Some(panel)) = (button.get_untracked(), panel.get_untracked()) {
            let _ = panel.set_attribute("style", &place(&button.get_bounding_client_rect()));
        }
    };
    let close = move |_| drop(panel.get_untracked().map(|panel| panel.hide_popover()));
    view! {
        <button
            node_ref=button
            type="button"
            class="icon-button"
            aria-label=label
            title=label
            popovertarget=id.clone()
            on:click=open
        >
            <icon::Icon path=icon::MORE />
        </button>
        <div node_ref=panel id=id class="menu-panel" popover="auto" role="group" aria-label=label on:click=close>
            <Show when=move || was_opened.get()>{children()}</Show>
        </div>
    }
}

/// Where the panel stands: at the button's edge, on the side of it where there is more room.
fn place(button: &web_sys::DomRect) -> String {
    let size = |size: Result<wasm_bindgen::JsValue, _>| size.ok().and_then(|size| size.as_f64()).unwrap_or_default();
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    let (left, right) = (button.left(), width - button.right());
    let (above, below) = (button.top(), height - button.bottom());
    let across = if left < right { format!("left:{}px", left.max(0.0)) } else { format!("right:{}px", right.max(0.0)) };
    let along = if below < above {
        format!("bottom:{}px;max-height:{above}px", height - button.top())
    } else {
        format!("top:{}px;max-height:{below}px", button.bottom())
    };
    format!("inset:auto;{across};{along}")
}
