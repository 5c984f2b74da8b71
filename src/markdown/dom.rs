//! A [`Patch`] on the page: block number n of the text is child number n of its element.

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlTemplateElement, Node, Text};

use super::{Change, Patch};

/// How long a run of plain text gets, in UTF-16 units, before the next one begins.
const RUN: u32 = 2_000;

/// Brings the element's children in step. Costs the patch's own size.
pub fn apply(element: &Element, patch: Patch) {
    match patch.change {
        Change::Nothing => {}
        Change::Code(text) => {
            let block = element.children().item(patch.keep as u32);
            if let Some(code) = block.and_then(|block| block.query_selector("code").ok().flatten()) {
                append_text(&code, &text);
            }
        }
        Change::Blocks(blocks) => replace_after(element, patch.keep, &blocks.concat()),
    }
}

/// Appends to the last text node, which is cheaper than a node a piece, or than setting the whole.
///
/// A browser lays a text out again from its beginning for each word: what has grown long is left alone, and goes on
/// at the next line in a `.run`, a block of its own.
pub fn append_text(element: &Element, text: &str) {
    let run = element.last_element_child();
    let last = run.as_ref().unwrap_or(element).last_child().and_then(|last| last.dyn_into::<Text>().ok());
    let (here, next) = match &last {
        Some(last) => text.split_at(line_end(last, text).unwrap_or(text.len())),
        None => (text, ""),
    };
    match last {
        _ if here.is_empty() => {}
        Some(last) => drop(last.append_data(here)),
        None => drop(element.append_with_str_1(here)),
    }
    if !next.is_empty()
        && let Ok(run) = document().create_element("span")
    {
        run.set_class_name("run");
        run.set_text_content(Some(next));
        let _ = element.append_child(&run);
    }
}

/// The byte of `more` from which a new run begins, if `text` is long enough.
fn line_end(text: &Text, more: &str) -> Option<usize> {
    let length = text.length();
    if length < RUN {
        return None;
    }
    match text.substring_data(length - 1, 1).as_deref() {
        Ok("\n") => Some(0),
        _ => more.find('\n').map(|at| at + 1),
    }
}

/// Puts `html` in the place of all children from `keep` on. Nodes that are already as they should be stay, so that a
/// selection in the open block survives its growth.
fn replace_after(element: &Element, keep: usize, html: &str) {
    let Some(template) =
        (document().create_element("template").ok()).and_then(|node| node.dyn_into::<HtmlTemplateElement>().ok())
    else {
        return;
    };
    template.set_inner_html(html);
    let kept = element.children().item(keep as u32).map(Node::from);
    morph(element, kept, template.content().first_child());
}

/// Makes the siblings from `old` on like those from `new` on, under `parent`.
fn morph(parent: &Node, mut old: Option<Node>, mut new: Option<Node>) {
    while let Some(wanted) = new {
        new = wanted.next_sibling();
        let Some(here) = old else {
            let _ = parent.append_child(&wanted);
            continue;
        };
        old = here.next_sibling();
        if !become_like(&here, &wanted) {
            let _ = parent.replace_child(&wanted, &here);
        }
    }
    while let Some(surplus) = old {
        old = surplus.next_sibling();
        let _ = parent.remove_child(&surplus);
    }
}

/// Makes one node like another, if they are of a kind.
fn become_like(here: &Node, wanted: &Node) -> bool {
    if let (Some(here), Some(wanted)) = (here.dyn_ref::<Text>(), wanted.dyn_ref::<Text>()) {
        let (before, after) = (here.data(), wanted.data());
        match after.strip_prefix(&before) {
            Some("") => {}
            Some(more) => drop(here.append_data(more)),
            None => here.set_data(&after),
        }
        return true;
    }
    let (Some(here), Some(wanted)) = (here.dyn_ref::<Element>(), wanted.dyn_ref::<Element>()) else {
        return false;
    };
    let alike =
        here.clone_node().is_ok_and(|shell| wanted.clone_node().is_ok_and(|other| shell.is_equal_node(Some(&other))));
    if alike {
        morph(here, here.first_child(), wanted.first_child());
    }
    alike
}
