//! A row of the queue, edited in its place. What is typed is kept until it is saved or left.

use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    chat::{api, draft::focus_composer, model_menu::OfferedModels, queue::text, thread::Thread},
    conversation::{LONGEST_MESSAGE, queue::Queued},
    error::Failure,
    ids::MessageId,
    language::t,
    text::in_textarea,
    ui::{Notice, browser},
};

#[component]
pub(super) fn QueueEditor(thread: Thread, menu: OfferedModels, row: Memo<Queued>) -> impl IntoView {
    let edit = Edit::new(thread, menu, row.get_untracked());
    let typed = edit.thread.queue.draft(edit.id()).unwrap_or_else(|| row.with_untracked(text));
    Effect::new(move |_| edit.take_cursor());
    let keydown = move |event: web_sys::KeyboardEvent| match &*event.key() {
        // While an input method composes, both keys are its own.
        _ if browser::is_composing(&event) => {}
        "Escape" => {
            event.stop_propagation();
            edit.leave();
        }
        "Enter" if !event.shift_key() => {
            event.prevent_default();
            edit.save();
        }
        _ => {}
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        edit.save();
    };
    view! {
        <form class="editor" class:outdated=move || edit.is_outdated.get() on:submit=submit>
            <Notice text=edit.failure />
            <textarea
                node_ref=edit.field
                dir="auto"
                aria-label=t().queue.edit_label
                on:input=move |_| thread.queue.keep_draft(edit.id(), &edit.value())
                on:keydown=keydown
            >
                {in_textarea(&typed)}
            </textarea>
            <div class="row">
                <button type="button" on:click=move |_| edit.leave()>
                    {t().queue.leave_edit}
                </button>
                <button class="primary" disabled=move || edit.saving.get()>
                    {t().queue.save}
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// Copied freely: it is handles.
#[derive(Clone, Copy)]
struct Edit {
    thread: Thread,
    menu: OfferedModels,
    /// The row as the person saw it when they began, or was shown it since.
    seen: StoredValue<Queued>,
    field: NodeRef<html::Textarea>,
    failure: RwSignal<Option<String>>,
    saving: RwSignal<bool>,
    /// Whether somebody else has changed the row, whose words are shown beside what is typed then.
    is_outdated: RwSignal<bool>,
}

impl Edit {
    fn new(thread: Thread, menu: OfferedModels, row: Queued) -> Edit {
        let (failure, seen) = (RwSignal::new(None), StoredValue::new(row));
        let (saving, is_outdated) = (RwSignal::new(false), RwSignal::new(false));
        Edit { thread, menu, seen, field: NodeRef::new(), failure, saving, is_outdated }
    }

    fn id(self) -> MessageId {
        self.seen.with_value(|row| row.id)
    }

    fn value(self) -> String {
        self.field.get_untracked().map(|field| field.value()).unwrap_or_default()
    }

    fn take_cursor(self) {
        if let Some(field) = self.field.get() {
            let end = field.value().encode_utf16().count() as u32;
            let _ = field.focus();
            let _ = field.set_selection_range(end, end);
        }
    }

    fn leave(self) {
        self.thread.queue.leave_edit(self.id());
        focus_composer();
    }

    fn save(self) {
        let words = self.value();
        if self.saving.get_untracked() {
            return;
        }
        if words.trim().is_empty() || words.len() > LONGEST_MESSAGE {
            let why = if words.trim().is_empty() { Failure::Empty } else { Failure::TooLong };
            return self.failure.set(Some(why.to_string()));
        }
        self.failure.set(None);
        self.saving.set(true);
        spawn_local(async move {
            let saved = self.replace(words).await;
            if self.saving.try_set(false).is_some() {
                return;
            }
            match saved {
                Ok(()) => self.leave(),
                Err(why) => self.failure.set(Some(why)),
            }
        });
    }

    /// Replaces the row's words, unless somebody else was faster to do so: then their words are shown, and why.
    async fn replace(self, words: String) -> Result<(), String> {
        loop {
            let Some(seen) = self.seen.try_get_value() else { return Ok(()) };
            // The row's own model, if that can still be asked.
            let model = self.menu.chosen([seen.model.clone(), self.thread.model.get_untracked()]);
            let failure = match api::edit_queued(seen.id, seen.rev, words.clone(), model).await {
                Ok(row) => {
                    row.into_iter().for_each(|row| self.thread.queue.take(row));
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let page = if failure == Failure::Changed { api::queue(self.thread.id).await.ok() } else { None };
            let Some(newer) = page.and_then(|page| page.rows.into_iter().find(|row| row.id == seen.id)) else {
                return Err(failure.to_string());
            };
            let is_same = text(&newer) == text(&seen);
            self.seen.try_set_value(newer.clone());
            self.thread.queue.take(newer);
            // Else it only waits for something else by now.
            if !is_same {
                self.is_outdated.try_set(true);
                return Err(t().queue.edited_elsewhere.into());
            }
        }
    }
}
