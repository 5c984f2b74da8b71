//! What tests read of a page beside what it shows. In the builds for them alone (feature `inspect`).

use js_sys::Reflect;
use leptos::{
    html,
    prelude::*,
    wasm_bindgen::{JsValue, closure::Closure},
};

use crate::message::Message;

/// Puts a `source()` on the element of a part, which returns the part's text as the signal has it, byte for byte.
pub fn expose_source(signal: RwSignal<Message>, index: usize, node: NodeRef<html::Div>) {
    Effect::new(move |_| {
        let Some(node) = node.get() else { return };
        let source = move || {
            let text = signal.try_with_untracked(|message| message.parts.get(index).map(|part| part.text.clone()));
            text.flatten().unwrap_or_default()
        };
        let source: JsValue = Closure::<dyn Fn() -> String>::new(source).into_js_value();
        let _ = Reflect::set(&node, &"source".into(), &source);
    });
}
