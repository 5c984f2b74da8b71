//! When what is typed can be sent, and what Enter and the buttons do.

use leptos::{prelude::*, task::spawn_local};

use super::field::Field;
use crate::{
    chat::{
        api, draft::focus_composer, model_menu::OfferedModels, outbox::pending_sends::PendingSends, thread::Thread,
    },
    ids::{ConversationId, MessageId},
    language::t,
    ui::{icon, status::announce},
};

/// Why nothing can be sent now, if so. It is shown from Enter on, for as long as it holds.
pub fn why_not(field: Field, menu: OfferedModels) -> Memo<Option<&'static str>> {
    let is_sending = move || {
        let is_sending = |all: &PendingSends| Some(all.is_sending(all.pending(field.place?)?.id));
        field.outbox.with(is_sending).unwrap_or(false)
    };
    // What is not loaded has no leaf yet that a message could follow.
    let is_loading = move || field.thread.is_some_and(|thread| !thread.is_ready());
    let why_not = Memo::new(move |_| match (is_loading(), is_sending(), menu.is_empty()) {
        (true, ..) => Some(t().composer.wait_loading),
        (_, true, _) => Some(t().composer.wait_sending),
        (.., true) => Some(t().composer.wait_models),
        _ => None,
    });
    Effect::new(move |before: Option<Option<&'static str>>| {
        let now = why_not.get();
        let is_over =
            |before: &&str| now != Some(*before) && field.failure.read_untracked().as_deref() == Some(*before);
        if before.flatten().as_ref().is_some_and(is_over) {
            field.failure.set(None);
        }
        now
    });
    why_not
}

/// Sends what is typed, or queues it behind the reply that runs; if that can be done now.
pub fn sender(
    field: Field,
    why_not: Memo<Option<&'static str>>,
    open: impl Fn(ConversationId) + Clone + 'static,
) -> impl Fn() + Clone + 'static {
    move || {
        let asks_several = !field.others.read_untracked().is_empty();
        let why_not = why_not
            .get_untracked()
            .or((asks_several && field.queues_after().is_some()).then_some(t().composer.wait_others));
        if let Some(why) = why_not {
            if !field.value().trim().is_empty() {
                field.failure.set(Some(why.into()));
            }
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
        field.others.set(vec![]);
        field.forget_options();
        match field.place {
            Some(_) => focus_composer(),
            None => open(conversation),
        }
    }
}

/// One button: Send, or Stop while a reply runs; then another one queues what is typed. Where several run, all can be
/// stopped at once.
#[component]
pub fn SendOrStop(
    thread: Option<Thread>,
    running: Memo<Option<MessageId>>,
    why_not: Memo<Option<&'static str>>,
    failure: RwSignal<Option<String>>,
) -> impl IntoView {
    let stop = move |id: MessageId| {
        spawn_local(async move {
            if let Err(error) = api::stop(id).await {
                failure.try_set(Some(error.to_string()));
            }
        });
    };
    let all_running = Memo::new(move |_| thread.map(Thread::all_running).unwrap_or_default());
    let are_several = Memo::new(move |_| all_running.read().len() > 1);
    let cannot_send = move || why_not.get().is_some();
    // When the next reply begins as one ends, the buttons stay, and the cursor on one of them.
    let is_running = Memo::new(move |_| running.get().is_some());
    let send = move || {
        view! {
            <button
                class="round primary"
                aria-label=t().composer.send
                title=t().composer.send
                disabled=cannot_send
            >
                <icon::Icon path=icon::SEND />
            </button>
        }
    };
    view! {
        <Show when=move || are_several.get()>
            <button type="button" on:click=move |_| all_running.get_untracked().into_iter().for_each(stop)>
                {t().composer.stop_all}
            </button>
        </Show>
        <Show when=move || is_running.get() fallback=send>
            <button class="queue-next" disabled=cannot_send>
                {t().composer.queue}
            </button>
            <Show when=move || !are_several.get()>
                <button type="button" class="round" aria-label=t().composer.stop title=t().composer.stop on:click=move |_| running.get_untracked().into_iter().for_each(stop)>
                    <icon::Icon path=icon::STOP />
                </button>
            </Show>
        </Show>
    }
}
