//! Where a message is written. What is typed here is never lost: it goes only when it is on its way, and comes back if
//! the server does not take it.

mod field;
mod prompts;
mod selected;
mod send;

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::{
    api::PageData,
    branch::Branch,
    draft::focus_composer,
    gauge::Gauge,
    model_menu::{ModelSelect, NoModels},
    other_models::OtherModels,
    page_context::PageContext,
    sidebar_lists::SidebarContext,
    steering::new_chat::NewChatOptions,
    temporary::TemporaryChoice,
    thread::Thread,
};
use crate::{
    ids::{ConversationId, MessageId},
    language::t,
    text::in_textarea,
    ui::{browser, drafts},
};
use field::Field;
use prompts::{PromptList, PromptMenu};
use send::{SendOrStop, sender, why_not};

/// `thread`: the conversation that it continues with; none for a new one, which has `new`.
#[component]
pub fn Composer(
    page_data: PageData,
    thread: Option<Thread>,
    #[prop(optional)] new: Option<NewChatOptions>,
) -> impl IntoView {
    // Why the form came back is shown on the page that it came back to, not on the next.
    let page: PageContext = expect_context();
    let PageContext { answered, menu, .. } = page;
    let refusal = page_data.refusal.filter(|_| !answered.get_value()).unwrap_or_default();
    Effect::new(move |_| answered.set_value(true));
    let field = Field::new((thread, new), page, &refusal.message);
    let prompts = PromptMenu::new(field, page_data.person.name);
    let running = Memo::new(move |_| thread.and_then(Thread::running));
    let why_not = why_not(field, menu);
    let open = opener();
    bring_back(field);
    keep_as_chosen(field);
    take_back(field);
    take_returned(field);
    take_quoted(field);
    notice_arrival(field, open.clone());
    let send = sender(field, why_not, open);
    let submit = {
        let send = send.clone();
        move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            send();
        }
    };
    let keydown = keys(field, prompts, send);
    let action = field.place.map_or_else(|| "/".into(), |id| format!("/c/{id}"));
    let ids = (field.place.unwrap_or(page_data.fresh.0), page_data.fresh.1);
    let is_temporary = move || thread.map_or(field.temporary, |thread| thread.temporary).get();
    view! {
        <form class="composer" class:temporary=is_temporary method="post" action=action on:submit=submit>
            <NoModels menu />
            {move || {
                let trouble = menu.trouble().filter(|_| !menu.is_empty());
                trouble.map(|trouble| view! { <p class="notice" role="note">{trouble}</p> })
            }}
            <crate::ui::Notice text=field.failure />
            <FormFields ids thread />
            <PromptList menu=prompts />
            <TextField field prompts refused=refusal.text keydown />
            <div class="row">
                <div class="models">
                    <ModelSelect menu model=field.model />
                    <OtherModels menu model=field.model others=field.others />
                </div>
                <Gauge thread menu model=field.model typed=field.typed />
                <SendOrStop thread running why_not failure=field.failure />
            </div>
        </form>
    }
    .into_any()
}

/// `refused`: what was typed when the form came back.
#[component]
fn TextField(
    field: Field,
    prompts: PromptMenu,
    refused: String,
    keydown: impl Fn(web_sys::KeyboardEvent) + 'static,
) -> impl IntoView {
    let typed = move |_| {
        field.keep_typed();
        prompts.look();
    };
    let left = move |_| {
        field.flush();
        prompts.leave();
    };
    Effect::new(move |_| {
        let hidden = window_event_listener(leptos::ev::pagehide, move |_| field.flush());
        on_cleanup(move || hidden.remove());
    });
    on_cleanup(move || field.flush());
    view! {
        <textarea
            node_ref=field.node
            name="text"
            rows="1"
            dir="auto"
            aria-label=t().composer.message_label
            placeholder=t().composer.placeholder
            enterkeyhint="send"
            aria-autocomplete="list"
            aria-controls=move || prompts.list()
            aria-activedescendant=move || prompts.active()
            on:input=typed
            on:keydown=keydown
            on:keyup=move |_| prompts.look_again()
            on:click=move |_| prompts.look_again()
            on:blur=left
        >
            {in_textarea(&refused)}
        </textarea>
    }
}

/// What a form without scripts sends beside the text. With scripts, each send has ids of its own.
#[component]
fn FormFields(ids: (ConversationId, MessageId), thread: Option<Thread>) -> impl IntoView {
    let parent = thread.and_then(|thread| thread.branch.with_untracked(Branch::leaf));
    view! {
        <input type="hidden" name="conversation" value=ids.0.to_string() />
        <input type="hidden" name="id" value=ids.1.to_string() />
        <input type="hidden" name="parent" value=parent.map(|id| id.to_string()).unwrap_or_default() />
        {thread
            .is_none()
            .then(|| {
                view! {
                    <noscript>
                        <TemporaryChoice />
                    </noscript>
                }
            })}
    }
}

/// What stood here before the new conversation was to be temporary, or was not to be any more, is kept as it is to be now.
fn keep_as_chosen(field: Field) {
    Effect::new(move |before: Option<bool>| {
        let now = field.temporary.get();
        if field.place.is_none() && before.is_some_and(|before| before != now) && field.node.get_untracked().is_some() {
            field.keep();
        }
        now
    });
}

/// The list of prompts comes first, while it is open. Enter sends; Up in an empty field edits one's last message, first of those that wait.
fn keys(field: Field, prompts: PromptMenu, send: impl Fn() + 'static) -> impl Fn(web_sys::KeyboardEvent) {
    move |event| match &*event.key() {
        _ if prompts.keydown(&event) => {}
        // While an input method composes, Enter chooses a word.
        "Enter" if !event.shift_key() && !browser::is_composing(&event) => {
            event.prevent_default();
            send();
        }
        "ArrowUp" if is_plain(&event) && field.value().is_empty() => {
            let Some(thread) = field.thread else { return };
            if let Some(last) = thread.last_queued() {
                event.prevent_default();
                thread.queue.edit(last);
            } else if let Some(last) = thread.last_own() {
                event.prevent_default();
                thread.editing.set(Some(last));
            }
        }
        _ => {}
    }
}

/// Without a key that changes its meaning.
fn is_plain(event: &web_sys::KeyboardEvent) -> bool {
    !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() || browser::is_composing(event))
}

/// What was typed before scripts were here stays; else what was typed before the reload comes back.
fn bring_back(field: Field) {
    let PageContext { inherited, .. } = expect_context();
    Effect::new(move |before: Option<()>| {
        inherited.track();
        let Some(node) = field.node.get() else { return };
        let typed = node.value();
        if let Some(kept) = drafts::read(&field.draft()).filter(|kept| *kept != typed) {
            if typed.is_empty() || kept.starts_with(&typed) {
                node.set_value(&kept);
            } else if before.is_some() {
                // It was inherited while something else was typed.
                field.write(&drafts::joined([typed, kept]));
            }
        }
        field.weigh(&node.value());
        // After a navigation it is only put into the page after this.
        if before.is_none() {
            request_animation_frame(focus_composer);
        }
    });
}

/// What the server does not take comes back.
fn take_back(field: Field) {
    let sidebar = use_context::<SidebarContext>();
    Effect::new(move |_| {
        // Where a conversation is not loaded yet, it may turn out to have it.
        if field.thread.is_some_and(|thread| !thread.is_ready() || !thread.queue.is_loaded())
            || field.node.get().is_none()
        {
            return;
        }
        let refused =
            field.outbox.with(|all| all.refused(field.place).map(|(sending, why)| (sending.clone(), why.cloned())));
        let Some((sending, why)) = refused else { return };
        if field.thread.is_none() && is_listed(sidebar, sending.conversation) {
            field.outbox.forget(sending.id);
        } else {
            field.hand_back(sending, why);
        }
    });
}

/// What was typed in place of a row of the queue comes here, if the row was removed meanwhile.
fn take_returned(field: Field) {
    let Some(thread) = field.thread else { return };
    Effect::new(move |_| {
        if field.node.get().is_some()
            && let Some(typed) = thread.queue.returned.get()
        {
            field.write(&drafts::joined([typed, field.value()]));
            field.failure.set(Some(t().queue.returned.into()));
            thread.queue.returned.set(None);
        }
    });
}

/// What is quoted of a reply comes behind what is typed, with the cursor below it.
fn take_quoted(field: Field) {
    let Some(thread) = field.thread else { return };
    Effect::new(move |_| {
        if let Some(node) = field.node.get()
            && let Some(quoted) = thread.quoted.get()
        {
            thread.quoted.set(None);
            let typed = field.value();
            let typed = typed.trim_end();
            field.write(&if typed.is_empty() { quoted } else { format!("{typed}\n\n{quoted}") });
            let _ = node.focus();
            let end = node.value().encode_utf16().count() as u32;
            let _ = node.set_selection_range(end, end);
            node.set_scroll_top(node.scroll_height());
        }
    });
}

/// What the list brings has arrived, though no answer said so.
fn notice_arrival(field: Field, open: impl Fn(ConversationId) + 'static) {
    let sidebar = use_context::<SidebarContext>();
    Effect::new(move |_| {
        let Some(asked) = field.outbox.with(|all| all.unsure(field.place).cloned()) else { return };
        let arrived = match field.thread {
            Some(thread) => thread.has(asked.id) || thread.queue.has(asked.id),
            None => is_listed(sidebar, asked.conversation),
        };
        if arrived && field.node.get_untracked().is_some() && field.take_out(&asked) && field.thread.is_none() {
            open(asked.conversation);
        }
    });
}

fn is_listed(sidebar: Option<SidebarContext>, conversation: ConversationId) -> bool {
    sidebar.is_some_and(|sidebar| sidebar.lists(conversation))
}

fn opener() -> impl Fn(ConversationId) + Clone + 'static {
    let navigate = use_navigate();
    move |conversation| navigate(&format!("/c/{conversation}"), Default::default())
}
