//! What is selected in the conversation, or was when the cursor came into the composer, which takes a selection away.

use leptos::{prelude::*, wasm_bindgen::JsCast};

use crate::{
    chat::{
        selection::{SelectedRange, selected_range, text_of},
        thread::Thread,
    },
    ui::browser::DocumentListener,
};

/// The messages; what stands around them is not meant.
const CONVERSATION: &str = ".scroller";

/// Handles; copied freely.
#[derive(Clone, Copy)]
pub struct ConversationSelection {
    thread: Option<Thread>,
    range: StoredValue<Option<web_sys::Range>, LocalStorage>,
}

impl ConversationSelection {
    /// Follows what is selected from now on. Called in an effect.
    pub fn listening(thread: Option<Thread>) -> ConversationSelection {
        let selection = ConversationSelection { thread, range: StoredValue::new_local(None) };
        if thread.is_some() {
            // It listens for as long as its owner is there.
            StoredValue::new_local(DocumentListener::new("selectionchange", move || selection.changed()));
        }
        selection
    }

    fn changed(self) {
        match selected_range().filter(is_in_conversation) {
            Some(range) => self.range.set_value(Some(range)),
            // The cursor in the field takes the selection away, and nobody meant that.
            None if is_typing() => {}
            None => self.range.set_value(None),
        }
    }

    /// Once the cursor has left the field, what was selected before it came counts no more; another window takes nothing.
    pub fn forget(self) {
        if document().has_focus().unwrap_or(true) {
            self.range.set_value(None);
        }
    }

    /// Its Markdown where it is in one reply, else its words; empty if there is none.
    pub fn text(self) -> String {
        self.range.with_value(|range| {
            let (Some(range), Some(thread)) = (range, self.thread) else { return String::new() };
            let selected = SelectedRange::of(range).and_then(|selected| selected.read(thread));
            selected.map(|selected| selected.markdown).or_else(|| text_of(range)).unwrap_or_default()
        })
    }
}

fn is_in_conversation(range: &web_sys::Range) -> bool {
    let Ok(around) = range.common_ancestor_container() else { return false };
    let element = around.dyn_ref::<web_sys::Element>().cloned().or_else(|| around.parent_element());
    element.is_some_and(|element| element.closest(CONVERSATION).is_ok_and(|found| found.is_some()))
}

fn is_typing() -> bool {
    document().active_element().is_some_and(|element| element.matches(".composer textarea").unwrap_or(false))
}
