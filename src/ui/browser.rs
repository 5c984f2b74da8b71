//! Small things that a browser keeps for a page. Called in effects and event handlers, which run only there.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{HtmlElement, HtmlTextAreaElement, Storage};

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

/// Forgets all that was typed here.
pub fn forget_drafts() {
    if let Some(storage) = storage() {
        let _ = storage.clear();
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

/// A choice that the server shall know when it renders the next page. For a year.
pub fn keep_cookie(name: &str, value: &str) {
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    let value = js_sys::encode_uri_component(value);
    let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"));
}

/// Puts text on the clipboard, and says whether that worked.
pub async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // On plain `http://` a page has none.
    let written =
        !clipboard.is_undefined() && wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok();
    written || copy_selection(text).unwrap_or(false)
}

/// The older way: a selection is copied as by hand.
fn copy_selection(text: &str) -> Option<bool> {
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    let focused = document.active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let field = document.create_element("textarea").ok()?.unchecked_into::<HtmlTextAreaElement>();
    field.set_class_name("visually-hidden");
    field.set_value(text);
    document.body()?.append_child(&field).ok()?;
    let _ = field.focus();
    field.select();
    let copied = document.exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(focused) = focused {
        let _ = focused.focus();
    }
    Some(copied)
}
