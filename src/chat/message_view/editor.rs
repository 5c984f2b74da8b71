//! Another version of one's own message, written in its place. What is typed is kept until it is sent or left.

use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    chat::{api, api::Sending, draft::focus_composer, thread::Thread},
    conversation::LONGEST_MESSAGE,
    error::Failure,
    ids::{MessageId, mint},
    language::t,
    message::Message,
    steering::options::Options,
    text::in_textarea,
    ui::{Notice, browser, drafts},
};

/// The key of what is typed in place of a message begins like this.
const DRAFTS: &str = "edit:";

#[component]
pub(super) fn Editor(thread: Thread, signal: RwSignal<Message>, id: MessageId) -> impl IntoView {
    let edit = Edit::new(thread, id);
    let text = drafts::read(&edit.draft()).unwrap_or_else(|| signal.with_untracked(Message::text));
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
            edit.send();
        }
        _ => {}
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        edit.send();
    };
    view! {
        <form class="editor" on:submit=submit>
            <Notice text=edit.failure />
            <textarea
                node_ref=edit.field
                dir="auto"
                readonly=move || edit.sending.get()
                aria-label=t().message.edit_label
                on:input=move |_| drafts::keep(&edit.draft(), &edit.value())
                on:keydown=keydown
            >
                {in_textarea(&text)}
            </textarea>
            <div class="row">
                <button type="button" on:click=move |_| edit.leave()>
                    {t().message.leave_edit}
                </button>
                <button class="primary" disabled=move || edit.sending.get()>
                    {t().message.send_edit}
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
    of: MessageId,
    field: NodeRef<html::Textarea>,
    failure: RwSignal<Option<String>>,
    sending: RwSignal<bool>,
}

impl Edit {
    fn new(thread: Thread, of: MessageId) -> Edit {
        let (failure, sending) = (RwSignal::new(None), RwSignal::new(false));
        Edit { thread, of, field: NodeRef::new(), failure, sending }
    }

    fn draft(self) -> String {
        format!("{DRAFTS}{}", self.of)
    }

    /// The key of what was sent last, and under which id: the same words are the same message, also after a reload.
    fn sent(self) -> String {
        format!("sent-edit:{}", self.of)
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
        self.forget();
        // By now another one may be open.
        if self.thread.editing.get_untracked() == Some(self.of) {
            self.thread.editing.set(None);
            focus_composer();
        }
    }

    fn forget(self) {
        drafts::keep(&self.draft(), "");
        drafts::keep(&self.sent(), "");
    }

    fn send(self) {
        let text = self.value();
        if self.sending.get_untracked() {
            return;
        }
        if text.trim().is_empty() || text.len() > LONGEST_MESSAGE {
            let why = if text.trim().is_empty() { Failure::Empty } else { Failure::TooLong };
            return self.failure.set(Some(why.to_string()));
        }
        let edit = self.sending(text);
        let id = edit.id;
        self.failure.set(None);
        self.sending.set(true);
        spawn_local(async move {
            let sent = api::send_message(edit).await;
            // Also where the page was left meanwhile.
            if sent.is_ok() {
                self.forget();
            }
            if self.sending.try_set(false).is_some() {
                return;
            }
            match sent {
                Ok(sent) => {
                    self.leave();
                    // It may have arrived with an earlier try, which brought its rows.
                    if sent.metas.is_empty() {
                        self.thread.comes_back(id);
                    } else {
                        self.thread.asked_for(sent);
                    }
                }
                Err(why) => self.failure.set(Some(why.to_string())),
            }
        });
    }

    fn sending(self, text: String) -> Sending {
        let before =
            drafts::read(&self.sent()).and_then(|sent| serde_json::from_str::<(MessageId, String)>(&sent).ok());
        let id = before.filter(|(_, before)| *before == text).map_or_else(mint, |(id, _)| id);
        drafts::keep(&self.sent(), &serde_json::to_string(&(id, &text)).unwrap_or_default());
        Sending {
            conversation: self.thread.id,
            opens: false,
            parent: self.thread.branch.with_untracked(|branch| branch.get(self.of).and_then(|meta| meta.parent)),
            edits: Some(self.of),
            id,
            text,
            model: self.thread.model.get_untracked(),
            others: vec![],
            temporary: false,
            options: Options::default(),
        }
    }
}

/// The message of this conversation that was being edited when the page was left, if it is shown.
pub fn left_open(thread: Thread) -> Option<MessageId> {
    let keys = drafts::keys(DRAFTS);
    keys.iter().filter_map(|key| key.strip_prefix(DRAFTS)?.parse().ok()).find(|id| thread.has(*id))
}
