//! Where a message is written. What is typed here is never lost: it goes only when it is on its way, and comes back if
//! the server does not take it.

mod field;

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::{
    api::{self, PageData},
    branch::Branch,
    conversation_list::SidebarList,
    draft::focus_composer,
    model_menu::{ModelSelect, NoModels},
    outbox::pending_sends::PendingSends,
    page_context::PageContext,
    thread::Thread,
};
use crate::{
    ids::{ConversationId, MessageId},
    language::t,
    text::in_textarea,
    ui::{drafts, icon, status::announce},
};
use field::Field;

/// `thread`: the conversation that it continues with; none for a new one.
#[component]
pub fn Composer(page_data: PageData, thread: Option<Thread>) -> impl IntoView {
    // Why the form came back is shown on the page that it came back to, not on the next.
    let PageContext { answered, menu, outbox, .. } = expect_context();
    let refusal = page_data.refusal.filter(|_| !answered.get_value()).unwrap_or_default();
    Effect::new(move |_| answered.set_value(true));
    let field = Field::new(thread, menu, outbox, &refusal.message);
    let running = Memo::new(move |_| thread.and_then(Thread::running));
    let is_sending = move || {
        let is_sending = |all: &PendingSends| Some(all.is_sending(all.pending(field.place?)?.id));
        outbox.with(is_sending).unwrap_or(false)
    };
    // What is not loaded has no leaf yet that a message could follow.
    let is_loading = move || thread.is_some_and(|thread| !thread.is_ready());
    let cannot_send = Memo::new(move |_| is_loading() || is_sending() || menu.is_empty());
    let open = opener();
    bring_back(field);
    take_back(field);
    take_returned(field);
    notice_arrival(field, open.clone());
    let send = sender(field, cannot_send, open);
    let submit = {
        let send = send.clone();
        move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            send();
        }
    };
    let keydown = keys(field, send);
    let action = field.place.map_or_else(|| "/".into(), |id| format!("/c/{id}"));
    let ids = (field.place.unwrap_or(page_data.fresh.0), page_data.fresh.1);
    view! {
        <form class="composer" method="post" action=action on:submit=submit>
            <NoModels menu />
            {move || {
                let trouble = menu.trouble().filter(|_| !menu.is_empty());
                trouble.map(|trouble| view! { <p class="notice" role="note">{trouble}</p> })
            }}
            <crate::ui::Notice text=field.failure />
            <FormIds ids thread />
            <textarea
                node_ref=field.node
                name="text"
                rows="1"
                dir="auto"
                aria-label=t().composer.message_label
                placeholder=t().composer.placeholder
                enterkeyhint="send"
                on:input=move |_| field.keep()
                on:keydown=keydown
            >
                {in_textarea(&refusal.text)}
            </textarea>
            <div class="row">
                <ModelSelect menu model=field.model />
                <SendOrStop running cannot_send failure=field.failure />
            </div>
        </form>
    }
    .into_any()
}

/// What a form without scripts sends beside the text. With scripts, each send has ids of its own.
#[component]
fn FormIds(ids: (ConversationId, MessageId), thread: Option<Thread>) -> impl IntoView {
    let parent = thread.and_then(|thread| thread.branch.with_untracked(Branch::leaf));
    view! {
        <input type="hidden" name="conversation" value=ids.0.to_string() />
        <input type="hidden" name="id" value=ids.1.to_string() />
        <input type="hidden" name="parent" value=parent.map(|id| id.to_string()).unwrap_or_default() />
    }
}

/// Enter sends; Up in an empty field edits one's last message, first of those that wait.
fn keys(field: Field, send: impl Fn() + 'static) -> impl Fn(web_sys::KeyboardEvent) {
    move |event| match &*event.key() {
        // While an input method composes, Enter chooses a word.
        "Enter" if !event.shift_key() && !event.is_composing() => {
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
    !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() || event.is_composing())
}

/// Sends what is typed, or queues it behind the reply that runs; if that can be done now.
fn sender(
    field: Field,
    cannot_send: Memo<bool>,
    open: impl Fn(ConversationId) + Clone + 'static,
) -> impl Fn() + Clone + 'static {
    move || {
        if cannot_send.get_untracked() {
            return;
        }
        let Some(sending) = field.take() else { return };
        let conversation = sending.conversation;
        field.failure.set(None);
        match field.queues_after() {
            Some(after) => {
                field.outbox.queue(sending, after);
                announce(t().queue.announce_queued);
            }
            None => field.outbox.send(sending),
        }
        field.write("");
        match field.place {
            Some(_) => focus_composer(),
            None => open(conversation),
        }
    }
}

/// One button: Send, or Stop while a reply runs; then another one queues what is typed.
#[component]
fn SendOrStop(
    running: Memo<Option<MessageId>>,
    cannot_send: Memo<bool>,
    failure: RwSignal<Option<String>>,
) -> impl IntoView {
    let stop = move |_| {
        let Some(id) = running.get_untracked() else { return };
        spawn_local(async move {
            if let Err(error) = api::stop(id).await {
                failure.try_set(Some(error.to_string()));
            }
        });
    };
    // When the next reply begins as one ends, the buttons stay, and the cursor on one of them.
    let is_running = Memo::new(move |_| running.get().is_some());
    let send = move || {
        view! {
            <button
                class="round primary"
                aria-label=t().composer.send
                title=t().composer.send
                disabled=move || cannot_send.get()
            >
                <icon::Icon path=icon::SEND />
            </button>
        }
    };
    view! {
        <Show when=move || is_running.get() fallback=send>
            <button class="queue-next" disabled=move || cannot_send.get()>
                {t().composer.queue}
            </button>
            <button type="button" class="round" aria-label=t().composer.stop title=t().composer.stop on:click=stop>
                <icon::Icon path=icon::STOP />
            </button>
        </Show>
    }
}

/// What was typed before scripts were here stays; else what was typed before the reload comes back.
fn bring_back(field: Field) {
    let PageContext { inherited, .. } = expect_context();
    Effect::new(move |before: Option<()>| {
        inherited.track();
        let Some(node) = field.node.get() else { return };
        if node.value().is_empty()
            && let Some(kept) = drafts::read(&field.draft())
        {
            node.set_value(&kept);
        }
        // After a navigation it is only put into the page after this.
        if before.is_none() {
            request_animation_frame(focus_composer);
        }
    });
}

/// What the server does not take comes back.
fn take_back(field: Field) {
    let sidebar = use_context::<SidebarList>();
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

/// What the list brings has arrived, though no answer said so.
fn notice_arrival(field: Field, open: impl Fn(ConversationId) + 'static) {
    let sidebar = use_context::<SidebarList>();
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

fn is_listed(sidebar: Option<SidebarList>, conversation: ConversationId) -> bool {
    sidebar.is_some_and(|sidebar| sidebar.lists(conversation))
}

fn opener() -> impl Fn(ConversationId) + Clone + 'static {
    let navigate = use_navigate();
    move |conversation| navigate(&format!("/c/{conversation}"), Default::default())
}
