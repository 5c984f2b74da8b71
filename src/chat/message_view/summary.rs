//! A summary of what is before it, and what of a conversation was not sent to a model.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    chat::{api, draft::focus_composer, thread::Thread},
    conversation::context,
    language::t,
    message::{Kind, Message},
    ui::toast::Toasts,
};

/// The words of a summary, under how much it covers. It is for the model: folded, but while it comes.
#[component]
pub(super) fn Summary(signal: RwSignal<Message>, children: Children) -> impl IntoView {
    let covered = Memo::new(move |_| {
        signal.read().parts.iter().find_map(|part| match part.kind {
            Kind::Covered { messages } => Some(messages),
            _ => None,
        })
    });
    let status = Memo::new(move |_| signal.read().status);
    let is_unused =
        Memo::new(move |_| status.get().is_final() && !signal.with_untracked(context::stands_for_all_before));
    let open = untrack(move || !status.get().is_final() || is_unused.get());
    view! {
        <details class="thinking summary" open=open>
            <summary>{move || covered.get().map_or(t().message.summary_heading.into(), t().message.summary_of)}</summary>
            {children()}
        </details>
        <Show when=move || is_unused.get()>
            <p class="aside">{t().message.summary_unused}</p>
        </Show>
    }
}

/// That messages were not sent, and the way out.
#[component]
pub(super) fn LeftOut(thread: Thread, messages: u64, context: Option<u64>) -> impl IntoView {
    view! {
        <p class="aside left-out" role="note">
            {(t().message.left_out)(messages, context)}
            " "
            <Summarise thread />
        </p>
    }
}

/// Has the chosen model summarise the branch on which the page is.
#[component]
pub fn Summarise(thread: Thread) -> impl IntoView {
    let toasts: Toasts = expect_context();
    let can = Memo::new(move |_| thread.can_summarise());
    view! {
        <button type="button" class="quiet" disabled=move || !can.get() on:click=move |_| summarise(thread, toasts)>
            {t().message.summarise}
        </button>
    }
}

/// Asks for a summary, and goes there.
pub fn summarise(thread: Thread, toasts: Toasts) {
    let Some(leaf) = thread.branch.with_untracked(|branch| branch.leaf()) else { return };
    focus_composer();
    spawn_local(async move {
        match api::summarise(leaf, thread.model.get_untracked()).await {
            Ok(_) if thread.branch.is_disposed() => {}
            Ok(summary) => thread.asked_for(summary),
            Err(why) => toasts.show(why.to_string(), None),
        }
    });
}
