//! What waits to be sent, above the composer.

mod editor;

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    api::{self, Sending},
    draft::focus_composer,
    model_menu::OfferedModels,
    queue::text,
    thread::Thread,
};
use crate::{
    conversation::queue::Queued,
    ids::{MessageId, mint},
    language::t,
    message::Status,
    steering::options::Options,
    ui::{Notice, icon, toast::Toasts},
};
use editor::QueueEditor;

#[component]
pub fn QueueView(thread: Thread, menu: OfferedModels) -> impl IntoView {
    let rows = Memo::new(move |_| thread.queued_here());
    let elsewhere = Memo::new(move |_| thread.queued_elsewhere());
    // What is on its way, as its row will show it.
    let queueing = Memo::new(move |_| {
        let is_new = |sending: &&Sending| !thread.queue.has(sending.id) && !thread.has(sending.id);
        let words = |sending: &Sending| (sending.id, sending.text.clone());
        thread.outbox.with(|all| all.queueing(thread.id).filter(is_new).map(words).collect::<Vec<_>>())
    });
    Effect::new(move |_| {
        if thread.is_ready() && thread.queue.is_loaded() {
            thread.queue.bring_back_edit();
        }
    });
    Effect::new(move |_| {
        if let Some(lost) = thread.queue.lost_edit() {
            untrack(|| keep_lost_edit(thread, lost));
        }
    });
    let list = NodeRef::<html::Ul>::new();
    // What one queues, one sees.
    Effect::new(move |before: Option<usize>| {
        let count = queueing.read().len();
        if before.is_some_and(|before| count > before) {
            request_animation_frame(move || {
                if let Some(list) = list.try_get_untracked().flatten() {
                    list.set_scroll_top(list.scroll_height());
                }
            });
        }
        count
    });
    let is_empty = move || rows.read().is_empty() && queueing.read().is_empty();
    let has_nothing = move || is_empty() && elsewhere.get() == 0;
    view! {
        <section class="queue" hidden=has_nothing aria-labelledby="queue-label">
            <Notice text=thread.queue.failure />
            <p id="queue-label" class="aside" hidden=is_empty>
                {t().queue.label}
            </p>
            <ul node_ref=list aria-labelledby="queue-label" role="list" hidden=is_empty>
                <For each=move || rows.get() key=|row| row.id let(row)>
                    <Row thread menu row />
                </For>
                <For each=move || queueing.get() key=|(id, _)| *id let((_, words))>
                    <li>
                        <div>
                            <p class="words" dir="auto">
                                {words}
                            </p>
                        </div>
                        <span class="sending">{t().queue.sending}</span>
                    </li>
                </For>
            </ul>
            <p class="aside" hidden=move || elsewhere.get() == 0>
                {move || (t().queue.elsewhere)(elsewhere.get())}
            </p>
        </section>
    }
    .into_any()
}

/// The row that was being edited has become a message, which is edited then, or was removed.
fn keep_lost_edit(thread: Thread, id: MessageId) {
    let queue = thread.queue;
    let Some(typed) = queue.draft(id) else {
        queue.leave_edit(id);
        return focus_composer();
    };
    if thread.is_own(id) && thread.editing.get_untracked().is_none() {
        queue.close_edit();
        thread.editing.set(Some(id));
    } else {
        queue.leave_edit(id);
        queue.returned.set(Some(typed));
        focus_composer();
    }
}

/// `row`: as it is at first.
#[component]
fn Row(thread: Thread, menu: OfferedModels, row: Queued) -> impl IntoView {
    let id = row.id;
    let is_own = thread.is_author(&row);
    // Until the list lets it go it keeps what it had.
    let row = Memo::new(move |before: Option<&Queued>| {
        thread.queue.get(id).or_else(|| before.cloned()).unwrap_or_else(|| row.clone())
    });
    let held = Memo::new(move |_| why_held(thread, &row.read()));
    let is_editing = Memo::new(move |_| thread.queue.is_editing(id));
    view! {
        <li data-message-id=id.to_string()>
            <div>
                <p class="words" dir="auto">
                    {move || text(&row.read())}
                </p>
                <p class="aside" hidden=move || held.get().is_none()>
                    {move || held.get()}
                </p>
            </div>
            <Show when=move || is_editing.get() fallback=move || view! { <RowActions thread row is_own /> }>
                <QueueEditor thread menu row />
            </Show>
        </li>
    }
    .into_any()
}

/// Why a row waits for a person, if it does.
fn why_held(thread: Thread, row: &Queued) -> Option<&'static str> {
    if !row.wait.held {
        return None;
    }
    let texts = &t().queue;
    Some(match thread.branch.read().get(row.wait.after).map(|meta| meta.status) {
        Some(Status::Failed) => texts.held_failed,
        Some(Status::Stopped) => texts.held_stopped,
        Some(Status::Interrupted) => texts.held_interrupted,
        Some(Status::Pending | Status::Streaming | Status::Completed) | None => texts.held_refused,
    })
}

#[component]
fn RowActions(thread: Thread, row: Memo<Queued>, is_own: bool) -> impl IntoView {
    let toasts: Toasts = expect_context();
    let id = row.with_untracked(|row| row.id);
    let is_held = Memo::new(move |_| row.read().wait.held);
    let own = is_own.then(|| {
        view! {
            <button type="button" class="icon-button" aria-label=t().queue.edit title=t().queue.edit on:click=move |_| thread.queue.edit(id)>
                <icon::Icon path=icon::PENCIL />
            </button>
            <button type="button" class="icon-button" aria-label=t().queue.remove title=t().queue.remove on:click=move |_| remove(thread, toasts, row.get_untracked())>
                <icon::Icon path=icon::CLOSE />
            </button>
        }
    });
    view! {
        <div class="queue-actions">
            {own}
            <button
                type="button"
                class="icon-button"
                class:named=move || is_held.get()
                aria-label=t().queue.send_now
                title=t().queue.send_now
                on:click=move |_| send_now(thread, row.get_untracked())
            >
                <icon::Icon path=icon::SEND />
                {move || is_held.get().then_some(t().queue.send_now)}
            </button>
        </div>
    }
    .into_any()
}

/// Removes a row, and offers to queue its words again.
fn remove(thread: Thread, toasts: Toasts, row: Queued) {
    // The pressed button goes; the cursor must not go with it.
    focus_composer();
    let (outbox, conversation) = (thread.outbox, thread.id);
    spawn_local(async move {
        if let Err(why) = api::remove_queued(row.id).await {
            return toasts.show(why.to_string(), None);
        }
        let undo = move |()| {
            // Under a new id: the old one stands for what was removed.
            let (text, model) = (text(&row), row.model.clone());
            let sending = Sending {
                conversation,
                opens: false,
                parent: None,
                edits: None,
                id: mint(),
                text,
                model,
                others: vec![],
                temporary: false,
                options: Options::default(),
            };
            outbox.queue(sending, row.wait.after);
        };
        toasts.show(t().queue.removed.into(), Some(Callback::new(undo)));
    });
}

/// Sends a row before all others, and stops the reply for which it waits, if that runs.
fn send_now(thread: Thread, row: Queued) {
    focus_composer();
    thread.queue.failure.set(None);
    spawn_local(async move {
        match api::send_queued(row.id, row.wait.after).await {
            _ if thread.queue.failure.is_disposed() => {}
            Ok(sent) => thread.asked_for(sent),
            Err(why) => thread.queue.failure.set(Some(why.to_string())),
        }
    });
}
