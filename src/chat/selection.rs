//! What is selected in a reply: from the page's words to the bytes of the message.

use std::ops::Range;

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, JsValue},
};
use web_sys::{Element, Node};

use super::thread::Thread;
use crate::{
    ids::MessageId,
    markdown::{SourceMap, excerpt},
    message::{Kind, Position, Role},
    ui::browser,
};

/// The texts of replies, and what stands in one beside its words.
const PART: &str = "article[data-role=assistant] [data-part]";
const NO_WORDS: &str = ".code-bar, .host";
/// What no message has written, and what its words stand in.
const NO_TEXT: &str = ".code-bar, .host, .actions, .writer, .selection-toolbar, button, summary, form";
const BLOCKS: &str = "article, h1, h2, h3, h4, h5, h6, li, p, pre, tr";

/// Words of one part of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    pub message: MessageId,
    /// Where they begin in the message; none where no words come before that could be continued.
    pub from: Option<Position>,
    /// Their Markdown.
    pub markdown: String,
}

/// The range of what is selected, and the part in which all of it is.
pub struct SelectedRange {
    part: Element,
    range: web_sys::Range,
}

impl SelectedRange {
    /// What is selected now, if it is in one part of a reply. A selection of a paragraph often ends where the next element
    /// begins.
    pub fn now() -> Option<SelectedRange> {
        SelectedRange::of(&selected_range()?)
    }

    /// The same of what was selected once.
    pub fn of(all: &web_sys::Range) -> Option<SelectedRange> {
        let part = [all.start_container(), all.end_container()].into_iter().find_map(|node| part_of(&node.ok()?))?;
        let range = all.clone_range();
        let bounds = document().create_range().ok()?;
        bounds.select_node_contents(&part).ok()?;
        if range.compare_boundary_points(web_sys::Range::START_TO_START, &bounds).ok()? < 0 {
            range.set_start(&part, 0).ok()?;
        }
        if range.compare_boundary_points(web_sys::Range::END_TO_END, &bounds).ok()? > 0 {
            range.set_end(&part, part.child_nodes().length()).ok()?;
        }
        let (words, all) = (words(&range), words(all));
        (!words.trim().is_empty() && words.trim() == all.trim()).then_some(SelectedRange { part, range })
    }

    /// The message in which it is.
    pub fn message(&self) -> Option<MessageId> {
        self.part.closest("article").ok()??.id().parse().ok()
    }

    /// Whether it is in the answer, and not in the thinking before it.
    pub fn is_text(&self) -> bool {
        self.part.get_attribute("data-part").as_deref() == Some("text")
    }

    pub fn rect(&self) -> web_sys::DomRect {
        self.range.get_bounding_client_rect()
    }

    /// Selects it again, such as after a field had the cursor.
    pub fn restore(&self) {
        if let Ok(Some(selection)) = window().get_selection() {
            let _ = selection.remove_all_ranges();
            let _ = selection.add_range(&self.range);
        }
    }

    /// Which bytes of the message it is.
    pub fn read(&self, thread: Thread) -> Option<Selected> {
        let id = self.message()?;
        let index: usize = self.part.get_attribute("data-index")?.parse().ok()?;
        let message = thread.message(id, Role::Assistant).message;
        message.with_untracked(|message| {
            let part = message.parts.get(index)?;
            let growing = !message.status.is_final() && index + 1 == message.parts.len();
            let is_text = part.kind == Kind::Text;
            let source = if is_text { self.of_markdown(&part.text, growing)? } else { self.of_plain()? };
            let from = Position { epoch: message.epoch, parts: index + 1, at: source.start, ended: false };
            let earlier = message.parts[..index].iter().filter(|part| part.kind == Kind::Text);
            let has_words = |text: &str| !text.trim().is_empty();
            let follows =
                is_text && (has_words(&part.text[..source.start]) || earlier.map(|part| &*part.text).any(has_words));
            let markdown = if is_text { excerpt(&part.text, source) } else { part.text.get(source)?.trim().to_owned() };
            Some(Selected { message: id, from: follows.then_some(from), markdown })
        })
    }

    fn of_markdown(&self, text: &str, growing: bool) -> Option<Range<usize>> {
        let map = SourceMap::new(text, growing);
        let (block, at) = self.place(self.range.start_container(), self.range.start_offset())?;
        let start = map.start(block, at);
        let (block, at) = self.place(self.range.end_container(), self.range.end_offset())?;
        let end = map.end(block, at);
        (start < end).then_some(start..end)
    }

    fn of_plain(&self) -> Option<Range<usize>> {
        let end = |node, offset| Some(length_up_to(&self.part, &node, offset));
        let start = end(self.range.start_container().ok()?, self.range.start_offset().ok()?)??;
        let end = end(self.range.end_container().ok()?, self.range.end_offset().ok()?)??;
        Some(start..end)
    }

    /// The block of a place, and how many bytes are shown of that before it.
    fn place(&self, node: Result<Node, JsValue>, offset: Result<u32, JsValue>) -> Option<(usize, usize)> {
        let (node, offset) = (node.ok()?, offset.ok()?);
        if node == *self.part {
            return Some((offset as usize, 0));
        }
        let mut block: Element = match node.dyn_ref::<Element>() {
            Some(element) => element.clone(),
            None => node.parent_element()?,
        };
        while block.parent_element()? != self.part {
            block = block.parent_element()?;
        }
        let at = length_up_to(&block, &node, offset)?;
        let index = std::iter::successors(block.previous_element_sibling(), Element::previous_element_sibling).count();
        Some((index, at))
    }
}

/// All that is selected on the page, unless that is nothing.
pub fn selected_range() -> Option<web_sys::Range> {
    let selection = window().get_selection().ok()??;
    if selection.is_collapsed() || selection.range_count() == 0 {
        return None;
    }
    selection.get_range_at(0).ok()
}

/// The words of a range that may reach over several messages, each block of them in a line.
pub fn text_of(range: &web_sys::Range) -> Option<String> {
    let contents = range.clone_contents().ok()?;
    remove_all(&contents, NO_TEXT);
    let blocks = contents.query_selector_all(BLOCKS).ok()?;
    for at in 0..blocks.length() {
        let end = document().create_text_node("\n");
        let _ = blocks.item(at)?.append_child(&end);
    }
    contents.text_content().map(|text| text.trim().to_owned())
}

fn part_of(node: &Node) -> Option<Element> {
    let element = node.dyn_ref::<Element>().cloned().or_else(|| node.parent_element())?;
    element.closest(PART).ok()?
}

fn words(range: &web_sys::Range) -> String {
    range.unchecked_ref::<js_sys::Object>().to_string().into()
}

/// How many bytes are shown of an element before a place in it.
fn length_up_to(element: &Element, node: &Node, offset: u32) -> Option<usize> {
    let range = document().create_range().ok()?;
    range.set_start(element, 0).ok()?;
    range.set_end(node, offset).ok()?;
    let before = range.clone_contents().ok()?;
    remove_all(&before, NO_WORDS);
    Some(before.text_content().unwrap_or_default().len())
}

fn remove_all(contents: &web_sys::DocumentFragment, selector: &str) {
    let Ok(found) = contents.query_selector_all(selector) else { return };
    for at in 0..found.length() {
        if let Some(element) = found.item(at).and_then(|node| node.dyn_into::<Element>().ok()) {
            element.remove();
        }
    }
}

/// The words as a quotation, with room for what is said to them.
pub fn quotation(markdown: &str) -> String {
    let lines = markdown.trim().lines().map(|line| format!("> {line}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n") + "\n\n"
}

/// Puts the toolbar of a selection above it, or below where there is no room or a finger has the browser's own there; always
/// inside `around`. It is placed in `column`, so that it moves with the words.
pub fn place(toolbar: &web_sys::HtmlElement, selected: &SelectedRange, column: &Element, around: &Element) {
    /// What is left free between the toolbar and the words, and below a finger's handles, in CSS pixels.
    const GAP: f64 = 8.0;
    const HANDLES: f64 = 32.0;
    let (words, column, around) =
        (selected.rect(), column.get_bounding_client_rect(), around.get_bounding_client_rect());
    let size = toolbar.get_bounding_client_rect();
    let above = words.top() - size.height() - GAP;
    let below = words.bottom() + if browser::is_touched() { HANDLES } else { GAP };
    let is_above = !browser::is_touched() && above >= around.top() + GAP;
    let lowest = around.bottom() - size.height() - GAP;
    let top = if is_above { above } else { below }.min(lowest).max(around.top() + GAP);
    let rightmost = around.right() - size.width() - GAP;
    let left = (words.left() + (words.width() - size.width()) / 2.0).min(rightmost).max(around.left() + GAP);
    let style = web_sys::HtmlElement::style(toolbar);
    for (name, pixels) in [("top", top - column.top()), ("left", left - column.left())] {
        let _ = style.set_property(name, &format!("{pixels}px"));
    }
}
