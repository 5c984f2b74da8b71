//! A message on the page: a signal in, DOM out. Finished words are left alone; only what is new is touched.

mod actions;
mod copy;
pub mod editor;
pub mod info;
mod more;
mod part_view;
mod rate;
pub mod summary;

use leptos::{html, prelude::*};

use super::thread::Thread;
use crate::{
    language::t,
    live::connection::Live,
    message::{Message, Role, Status, StopReason},
    ui::status::announce,
};
use actions::{Actions, has_words};
use copy::copy_code;
use editor::Editor;
use part_view::{Growth, PartView};
use summary::{Summarise, Summary};

#[component]
pub fn MessageView(thread: Thread, live: Live) -> impl IntoView {
    let (id, role) = live.message.with_untracked(|message| (message.id, message.role));
    let (signal, replaced) = (RwSignal::from(live.message), live.replaced);
    let status = Memo::new(move |_| signal.read().status);
    let count = Memo::new(move |_| signal.read().parts.len());
    let growth = Growth::of(signal);
    // Of a reply that runs: what it begins with is no word of it.
    let has_begun = Memo::new(move |_| {
        (!status.get().is_final()).then(|| signal.read().parts.iter().any(|part| !part.kind.is_note()))
    });
    let parts = move || {
        view! {
            <For each=move || each_part(replaced.get(), count.get()) key=|part| *part let((_, index))>
                <PartView thread signal index grown=growth.of_part(index) />
            </For>
        }
    };
    if role.is_reply() {
        announce_end(signal, status);
    }
    let is_edited = Memo::new(move |_| thread.editing.get() == Some(id));
    let article = NodeRef::<html::Article>::new();
    let label = match role {
        Role::User => t().message.person_label,
        Role::Assistant => t().message.assistant_label,
        Role::Summary => t().message.summary_label,
    };
    view! {
        <article
            node_ref=article
            id=id.to_string()
            class="message"
            class:linked=thread.named == Some(id)
            class:edited=move || is_edited.get()
            data-role=role.as_str()
            aria-label=label
            data-message-id=id.to_string()
            data-status=move || status.get().as_str()
            aria-busy=move || (!status.get().is_final()).to_string()
            on:click=copy_code
        >
            {match role {
                Role::Summary => view! { <Summary signal>{parts()}</Summary> }.into_any(),
                Role::User | Role::Assistant => parts().into_any(),
            }}
            {move || (has_begun.get() == Some(false)).then(|| view! { <p class="waiting" role="img" aria-label=t().message.waiting_label></p> })}
            <Ending thread signal status />
            <Actions thread signal id role status />
            <Show when=move || is_edited.get()>
                <Editor thread signal id />
            </Show>
        </article>
    }
    .into_any()
}

/// How it ended, if not because all was said, and what can be done.
#[component]
fn Ending(thread: Thread, signal: RwSignal<Message>, status: Memo<Status>) -> impl IntoView {
    let is_too_long = Memo::new(move |_| signal.read().stop_reason == Some(StopReason::Context));
    let error = Memo::new(move |_| signal.read().error.clone());
    view! {
        {move || error.get().map(|error| view! { <p class="notice" role="note">{error}</p> })}
        {move || is_too_long.get().then(|| view! { <p class="aside"><Summarise thread /></p> })}
        {move || {
            (status.get() == Status::Interrupted)
                .then(|| {
                    let what = if signal.with_untracked(has_words) {
                        t().message.interrupted_with_words
                    } else {
                        t().message.interrupted_without_words
                    };
                    view! { <p class="notice" role="note">{what}</p> }
                })
        }}
        {move || (status.get() == Status::Stopped).then(|| view! { <p class="aside">{t().message.stopped}</p> })}
    }
}

/// Each part, as of the message's last replacement.
fn each_part(replaced: u32, count: usize) -> impl Iterator<Item = (u32, usize)> {
    (0..count).map(move |index| (replaced, index))
}

/// Tells a screen reader of a finished reply, once, and only if it ended while the page was open.
fn announce_end(signal: RwSignal<Message>, status: Memo<Status>) {
    Effect::new(move |before: Option<bool>| {
        let over = status.get().is_final();
        if over && before == Some(false) {
            announce(&signal.with_untracked(ending));
        }
        over
    });
}

/// How a reply ended, in a sentence.
fn ending(message: &Message) -> String {
    match (message.status, &message.error) {
        (Status::Failed, Some(error)) => (t().message.announce_failed_because)(error),
        (Status::Failed, None) => t().message.announce_failed.into(),
        (Status::Stopped, _) => t().message.announce_stopped.into(),
        (Status::Interrupted, _) => t().message.announce_interrupted.into(),
        _ => t().message.announce_completed.into(),
    }
}
