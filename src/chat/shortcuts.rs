//! Keys that work anywhere in the chat, and the dialog that names them all.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{language::t, ui::dialog::Dialog};

/// Listens while the page of the chat is there, and shows all keys when Mod+/ asks for them.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let open = RwSignal::new(false);
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let keys = window_event_listener(leptos::ev::keydown, move |event| {
            // Mod: Ctrl, or Command on a Mac.
            if !(event.ctrl_key() || event.meta_key()) || event.is_composing() || event.alt_key() {
                return;
            }
            match &*event.key() {
                "/" => {
                    event.prevent_default();
                    open.update(|open| *open = !*open);
                }
                "O" | "o" if event.shift_key() => {
                    event.prevent_default();
                    navigate("/", NavigateOptions::default());
                }
                _ => {}
            }
        });
        on_cleanup(move || keys.remove());
    });
    let texts = &t().shortcuts;
    view! {
        <Dialog open label=texts.heading>
            <dl class="shortcuts">
                {texts
                    .keys
                    .iter()
                    .map(|(keys, what)| {
                        view! {
                            <dt>
                                <kbd>{*keys}</kbd>
                            </dt>
                            <dd>{*what}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
            <div class="row">
                <button type="button" on:click=move |_| open.set(false)>
                    {texts.close}
                </button>
            </div>
        </Dialog>
    }
    .into_any()
}
