//! Small things that a browser keeps for a page. Called in effects and event handlers, which run only there.

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use web_sys::{HtmlElement, HtmlTextAreaElement};

/// Whether somebody may be looking at this page.
pub fn is_looked_at() -> bool {
    !document().hidden()
}

/// Gives the cursor to the first element of this kind, if there is one that can take it.
pub fn focus(selector: &str) {
    let element = document().query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Whether nothing has the cursor: what had it has gone.
pub fn has_no_cursor() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// A link that is called a button is pressed by Space, too.
pub fn press(event: web_sys::KeyboardEvent) {
    if event.key() == " " {
        event.prevent_default();
        event_target::<HtmlElement>(&event).click();
    }
}

/// Whether an input method composes, whose keys Enter and the arrows then are. Safari has the Enter that ends it come after
/// that, under a number of its own.
pub fn is_composing(event: &web_sys::KeyboardEvent) -> bool {
    const OF_INPUT_METHOD: u32 = 229;
    event.is_composing() || event.key_code() == OF_INPUT_METHOD
}

/// Scrolls no further than is needed to see it.
pub fn scroll_to_nearest(element: &web_sys::Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Whether writing takes room from the page: a finger brings a keyboard up with the cursor.
pub fn is_touched() -> bool {
    (window().match_media("(pointer: coarse)").ok().flatten()).is_some_and(|query| query.matches())
}

/// A choice that the server shall know when it renders the next page. For a year.
pub fn keep_cookie(name: &str, value: &str) {
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    let value = js_sys::encode_uri_component(value);
    let _ = document.set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"));
}

/// Calls back on an event of the document, or of an element in it, until it is dropped.
pub struct DocumentListener {
    name: &'static str,
    call: Closure<dyn Fn()>,
}

impl DocumentListener {
    pub fn new(name: &'static str, call: impl Fn() + 'static) -> DocumentListener {
        let call = Closure::<dyn Fn()>::new(call);
        let function = call.as_ref().unchecked_ref();
        let _ = document().add_event_listener_with_callback_and_bool(name, function, true);
        DocumentListener { name, call }
    }
}

impl Drop for DocumentListener {
    fn drop(&mut self) {
        let function = self.call.as_ref().unchecked_ref();
        let _ = document().remove_event_listener_with_callback_and_bool(self.name, function, true);
    }
}

/// Sends something to the server as the page goes.
pub fn send_last(address: &str, text: &str) {
    let _ = window().navigator().send_beacon_with_opt_str(address, Some(text));
}

/// Puts text on the clipboard, and returns whether that worked.
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
