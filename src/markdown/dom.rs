//! A [`Patch`] on the page: block number n of the text is child number n of its element.

use leptos::{prelude::document, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlTemplateElement, Node, Text};

use super::{Edit, Level, Patch, TailChange, trusted};

/// How long a text gets, in UTF-16 units, before its last line begins a run; and how far back that line is looked for.
const RUN: u32 = 2_000;

/// Brings the element's children in step. Costs the patch's own size.
pub fn apply(element: &Element, Patch { keep, change }: Patch) {
    if let TailChange::Code(text) = change {
        if let Some(code) = part(element, keep, "code") {
            append_text(&code, &text);
        }
        return;
    }
    join_runs(element, keep);
    match change {
        TailChange::Blocks(blocks) => replace_from(element, child(element, keep).map(Node::from), &blocks.concat()),
        TailChange::End(edit, blocks) => {
            let Some(block) = child(element, keep) else { return };
            let after = block.next_sibling();
            edit_end(block, edit);
            replace_from(element, after, &blocks.concat());
        }
        TailChange::Code(_) | TailChange::Nothing => {}
    }
}

fn child(element: &Element, index: usize) -> Option<Element> {
    element.children().item(index as u32)
}

/// What in the block of this number the selector names.
fn part(element: &Element, block: usize, selector: &str) -> Option<Element> {
    child(element, block)?.query_selector(selector).ok().flatten()
}

/// If the last block that stays is code that came in runs, makes it one text again, as the server renders it.
fn join_runs(element: &Element, keep: usize) {
    let code = keep.checked_sub(1).and_then(|last| part(element, last, "code:has(> .run)"));
    if let Some(code) = code {
        join(&code);
    }
}

fn join(code: &Element) {
    code.set_text_content(code.text_content().as_deref());
}

/// Changes what stands at the end of a block.
fn edit_end(block: Element, Edit { appends, text, levels }: Edit) {
    let Some((inner, outer)) = levels.split_first() else { return };
    let mut elements = vec![block];
    for level in outer.iter().rev() {
        let Some(next) = elements.last().and_then(|element| child_from_end(element, level.old)) else { return };
        elements.push(next);
    }
    let Some(element) = elements.pop() else { return };
    if element.last_element_child().is_some_and(|last| last.class_name() == "run") {
        join(&element);
    }
    if appends {
        append_to_last_text(&element, &text);
        replace_from(&element, None, &inner.html);
    } else {
        let kept = child_from_end(&element, inner.old);
        let from = kept.map_or_else(|| element.first_child(), |kept| kept.next_sibling());
        replace_from(&element, from, &inner.html);
    }
    let mut inside = element;
    for Level { html, .. } in outer {
        let Some(element) = elements.pop() else { return };
        replace_from(&element, inside.next_sibling(), html);
        inside = element;
    }
}

/// The child element that so many others follow.
fn child_from_end(element: &Element, following: usize) -> Option<Element> {
    (0..following).try_fold(element.last_element_child()?, |child, _| child.previous_element_sibling())
}

/// Appends to the text that the element ends with, which is cheaper than another node and leaves a selection alone.
fn append_to_last_text(element: &Element, text: &str) {
    if text.is_empty() {
        return;
    }
    match element.last_child().and_then(|last| last.dyn_into::<Text>().ok()) {
        Some(last) => drop(last.append_data(text)),
        None => drop(element.append_with_str_1(text)),
    }
}

/// Appends to the last text node, which is cheaper than a node a piece, or than setting the whole.
///
/// A browser lays a text out again from its beginning for each word: once it is long, its last line continues in a `.run`,
/// a block of its own.
pub fn append_text(element: &Element, text: &str) {
    if text.is_empty() {
        return;
    }
    let run = element.last_element_child();
    let last = run.as_ref().unwrap_or(element).last_child().and_then(|last| last.dyn_into::<Text>().ok());
    match last {
        Some(last) => drop(last_line(element, &last).unwrap_or(last).append_data(text)),
        None => drop(element.append_with_str_1(text)),
    }
}

/// The last line of a text that is long, in a run of its own.
fn last_line(element: &Element, text: &Text) -> Option<Text> {
    let length = text.length();
    let from = length.checked_sub(RUN)?;
    let tail = text.substring_data(from, RUN).ok()?;
    let before = tail.rfind('\n')? + 1;
    let run = document().create_element("span").ok()?;
    run.set_class_name("run");
    let line = text.split_text(from + tail[..before].encode_utf16().count() as u32).ok()?;
    run.append_child(&line).ok()?;
    element.append_child(&run).ok()?;
    Some(line)
}

/// Puts `html` in the place of all children from `old` on. Nodes that are already as they should be stay, so that a
/// selection in the open block survives its growth.
fn replace_from(element: &Element, old: Option<Node>, html: &str) {
    if html.is_empty() {
        return morph(element, old, None);
    }
    let Some(template) =
        (document().create_element("template").ok()).and_then(|node| node.dyn_into::<HtmlTemplateElement>().ok())
    else {
        return;
    };
    trusted::set_html(&template, html);
    morph(element, old, template.content().first_child());
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
