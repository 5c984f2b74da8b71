//! What one can do with words that are selected in a reply: a small toolbar beside them.

mod field;

use gloo_timers::future::TimeoutFuture;
use leptos::{ev, html, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{
    selection::{Selected, SelectedRange, place, quotation},
    thread::Thread,
};
use crate::{
    language::t,
    ui::{
        browser::{self, DocumentListener},
        icon,
        status::announce,
        toast::Toasts,
    },
};
use field::Field;

/// How long a button shows that it has copied, in milliseconds.
const TICK: u32 = 1_500;

/// A toolbar, and what it is for. Copied freely: it is handles.
#[derive(Clone, Copy)]
struct Toolbar {
    thread: Thread,
    node: NodeRef<html::Div>,
    selected: StoredValue<Option<SelectedRange>, LocalStorage>,
    is_open: RwSignal<bool>,
    /// Changes with what is selected.
    changed: RwSignal<()>,
    /// What the field is for that stands in the place of the buttons.
    field: RwSignal<Option<(Purpose, Selected)>>,
    /// Whether a button of the mouse is down, and the selection is still being made.
    is_selecting: StoredValue<bool>,
    listeners: StoredValue<Option<[DocumentListener; 2]>, LocalStorage>,
}

/// What is typed for in the toolbar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Ask,
    Continue,
}

/// Listens while the conversation is there. It stands in the column of messages.
#[component]
pub fn SelectionToolbar(thread: Thread) -> impl IntoView {
    // Only a browser has selections.
    let toolbar = RwSignal::new(None);
    Effect::new(move |_| {
        let here = Toolbar::new(thread);
        here.listen();
        toolbar.set(Some(here));
    });
    // A change of what is selected leaves the toolbar, and the cursor in it, as they are.
    let is_open = Memo::new(move |_| toolbar.get().is_some_and(|toolbar| toolbar.is_open.get()));
    let open = move || is_open.get().then(|| toolbar.get_untracked()).flatten();
    move || open().map(|toolbar| view! { <ToolbarView toolbar /> })
}

#[component]
fn ToolbarView(toolbar: Toolbar) -> impl IntoView {
    // What is shown changes its size.
    Effect::new(move |_| {
        toolbar.field.track();
        request_animation_frame(move || toolbar.place());
    });
    let contents = move || match toolbar.field.get() {
        None => view! { <Buttons toolbar /> }.into_any(),
        Some((purpose, selected)) => {
            let leave = Callback::new(move |sent| toolbar.leave_field(sent));
            view! { <Field thread=toolbar.thread purpose selected leave /> }.into_any()
        }
    };
    view! {
        <div
            node_ref=toolbar.node
            class="selection-toolbar"
            role="toolbar"
            aria-label=t().selection.label
            on:mousedown=keep_selection
            on:keydown=move |event| toolbar.keydown(&event)
        >
            {contents}
        </div>
    }
    .into_any()
}

#[component]
fn Buttons(toolbar: Toolbar) -> impl IntoView {
    let quote = move |_| {
        if let Some(selected) = toolbar.read() {
            toolbar.close();
            toolbar.thread.quoted.set(Some(quotation(&selected.markdown)));
        }
    };
    let ask = move |_| toolbar.field.set(toolbar.read().map(|selected| (Purpose::Ask, selected)));
    let toasts: Toasts = expect_context();
    let begin = move |_| match toolbar.read() {
        Some(selected) if selected.from.is_none() => toasts.show(t().selection.nothing_before.into(), None),
        selected => toolbar.field.set(selected.map(|selected| (Purpose::Continue, selected))),
    };
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let Some(selected) = toolbar.read() else { return };
        spawn_local(async move {
            let done = browser::copy(&selected.markdown).await;
            announce(if done { t().message.copied } else { t().message.not_copied });
            copied.try_set(Some(done));
            TimeoutFuture::new(TICK).await;
            copied.try_set(None);
        });
    };
    let copy_icon = move || match copied.get() {
        None => icon::COPY,
        Some(true) => icon::TICK,
        Some(false) => icon::CLOSE,
    };
    let texts = &t().selection;
    view! {
        <button type="button" on:click=quote>
            <icon::Icon path=icon::QUOTE />
            {texts.quote}
        </button>
        <button type="button" on:click=ask>
            <icon::Icon path=icon::ASK />
            {texts.ask}
        </button>
        <button type="button" on:click=copy data-copied=move || copied.get().map(|done| done.to_string())>
            {move || view! { <icon::Icon path=copy_icon() /> }}
            {texts.copy}
        </button>
        <Show when=move || toolbar.can_continue()>
            <button type="button" on:click=begin>
                <icon::Icon path=icon::CONTINUE />
                {texts.continue_from}
            </button>
        </Show>
    }
}

impl Toolbar {
    fn new(thread: Thread) -> Toolbar {
        Toolbar {
            thread,
            node: NodeRef::new(),
            selected: StoredValue::new_local(None),
            is_open: RwSignal::new(false),
            changed: RwSignal::new(()),
            field: RwSignal::new(None),
            is_selecting: StoredValue::new(false),
            listeners: StoredValue::new_local(None),
        }
    }

    fn listen(self) {
        let changed = DocumentListener::new("selectionchange", move || self.selection_changed());
        let down = window_event_listener(ev::pointerdown, move |event| {
            self.is_selecting.set_value(event.pointer_type() == "mouse" && !self.has(event.target()));
        });
        let up = window_event_listener(ev::pointerup, move |_| {
            if self.is_selecting.get_value() {
                self.is_selecting.set_value(false);
                self.selection_changed();
            }
        });
        let keys = window_event_listener(ev::keydown, move |event| self.shortcut(&event));
        let resized = window_event_listener(ev::resize, move |_| self.place());
        // Of the scroller, which does not bubble.
        let scrolled = DocumentListener::new("scroll", move || self.place());
        self.listeners.set_value(Some([changed, scrolled]));
        on_cleanup(move || {
            down.remove();
            up.remove();
            keys.remove();
            resized.remove();
        });
    }

    /// Shows the toolbar for what is selected, once that is made; hides it without.
    fn selection_changed(self) {
        request_animation_frame(move || {
            // The cursor in the field is a selection, too.
            if self.field.try_get_untracked() != Some(None) || self.is_selecting.get_value() {
                return;
            }
            let selected = SelectedRange::now();
            self.is_open.set(selected.is_some());
            self.selected.set_value(selected);
            self.changed.set(());
        });
    }

    fn place(self) {
        let Some(node) = self.node.try_get_untracked().flatten() else { return };
        let column: Option<Element> = node.closest(".column").ok().flatten();
        let around = column.as_ref().and_then(|column| column.parent_element());
        self.selected.with_value(|selected| {
            if let (Some(selected), Some(column), Some(around)) = (selected, column, around) {
                place(&node, selected, &column, &around);
            }
        });
    }

    fn read(self) -> Option<Selected> {
        self.selected.with_value(|selected| selected.as_ref()?.read(self.thread))
    }

    /// Whether what is selected is text of a reply that has ended, or of one that is the reader's own.
    fn can_continue(self) -> bool {
        self.changed.track();
        let found = self.selected.with_value(|selected| selected.as_ref().map(|it| (it.message(), it.is_text())));
        let Some((Some(id), true)) = found else { return false };
        self.thread.has_ended(id) || self.thread.is_own_reply(id)
    }

    fn has(self, target: Option<web_sys::EventTarget>) -> bool {
        let node = self.node.try_get_untracked().flatten();
        let target = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        node.is_some_and(|node| node.contains(target.as_ref()))
    }

    /// Mod+Shift+9, as mail and chat programs have it for a quotation, brings the cursor here.
    fn shortcut(self, event: &KeyboardEvent) {
        let is_mod = event.ctrl_key() || event.meta_key();
        if is_mod && event.shift_key() && event.code() == "Digit9" && self.is_open.get_untracked() {
            event.prevent_default();
            browser::focus(".selection-toolbar button, .selection-toolbar textarea");
        } else if event.key() == "Escape" && self.field.get_untracked().is_none() && self.is_open.get_untracked() {
            if self.has(document().active_element().map(Into::into)) {
                browser::focus(".scroller");
            }
            self.is_open.set(false);
        }
    }

    /// The arrows go from button to button.
    fn keydown(self, event: &KeyboardEvent) {
        if self.field.get_untracked().is_some() {
            return;
        }
        let step = match &*event.key() {
            "ArrowRight" | "ArrowDown" => 1,
            "ArrowLeft" | "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        let Some(buttons) = self.node.get_untracked().map(|node| node.get_elements_by_tag_name("button")) else {
            return;
        };
        let (count, focused) = (buttons.length() as i32, document().active_element());
        let here = (0..count).find(|at| buttons.item(*at as u32) == focused).unwrap_or(0);
        let next = buttons.item((here + step).rem_euclid(count.max(1)) as u32);
        if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
            let _ = next.focus();
        }
    }

    /// Back to the buttons and the words; or, once what was typed is sent, to neither.
    fn leave_field(self, sent: bool) {
        self.field.set(None);
        if sent {
            return self.close();
        }
        self.selected.with_value(|selected| selected.iter().for_each(SelectedRange::restore));
        request_animation_frame(|| browser::focus(".selection-toolbar button"));
    }

    fn close(self) {
        self.is_open.set(false);
        if let Ok(Some(selection)) = window().get_selection() {
            let _ = selection.remove_all_ranges();
        }
    }
}

/// A press on a button takes neither the selection nor the cursor away.
fn keep_selection(event: web_sys::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if target.is_none_or(|target| target.closest("textarea").ok().flatten().is_none()) {
        event.prevent_default();
    }
}
