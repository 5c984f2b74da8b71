//! Small things that a browser keeps for a page. Called in effects and event handlers, which run only there.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::Storage;

/// A typed text that survives a reload.
pub fn draft(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps a typed text, or forgets it if it is empty. A browser that keeps nothing is no error: then it is just gone on reload.
pub fn keep_draft(key: &str, text: &str) {
    if let Some(storage) = storage() {
        let _ = match text.is_empty() {
            true => storage.remove_item(key),
            false => storage.set_item(key, text),
        };
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

/// A choice that the server shall know when it renders the next page. For a year.
pub fn keep_cookie(name: &str, value: &str) {
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"));
}

/// Puts text on the clipboard.
pub async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
}
