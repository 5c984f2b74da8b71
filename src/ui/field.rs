//! A field in which text is written, by UTF-16 units as browsers count. Called in event handlers, which run only there.

use std::ops::Range;

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlTextAreaElement;

/// How long a text is.
pub fn length(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

/// Where the cursor is; none while something is selected.
pub fn cursor(field: &HtmlTextAreaElement) -> Option<u32> {
    let (start, end) = (field.selection_start().ok()??, field.selection_end().ok()??);
    (start == end).then_some(start)
}

/// Some of what is written, without a copy of the rest.
pub fn slice(field: &HtmlTextAreaElement, from: u32, to: u32) -> String {
    let value = js_sys::Reflect::get(field, &"value".into()).ok().and_then(|value| value.dyn_into().ok());
    value.map(|value: js_sys::JsString| value.slice(from, to).into()).unwrap_or_default()
}

/// Writes in the place of this range as by hand, so that it can be undone.
pub fn replace(field: &HtmlTextAreaElement, range: Range<u32>, text: &str) {
    let _ = field.focus();
    let _ = field.set_selection_range(range.start, range.end);
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    let written = match text {
        "" => document.exec_command("delete"),
        text => document.exec_command_with_show_ui_and_value("insertText", false, text),
    };
    if written != Ok(true) {
        let _ = field.set_range_text_with_start_and_end(text, range.start, range.end);
    }
}
