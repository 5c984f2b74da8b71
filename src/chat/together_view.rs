//! Replies of several models to one message, beside each other; on a narrow page one at a time, behind tabs. The page is at
//! one of them: what is written next follows it.

use leptos::prelude::*;

use super::{
    api,
    message_view::{MessageView, info::model_name},
    thread::Thread,
};
use crate::{
    ids::MessageId,
    language::t,
    live::connection::Live,
    message::Role,
    ui::{browser::focus, icon, toast::Toasts},
};

#[component]
pub fn TogetherView(thread: Thread) -> impl IntoView {
    let replies = Memo::new(move |_| thread.together());
    let chosen = Memo::new(move |_| thread.branch.read().leaf());
    let live = move |id| thread.message(id, Role::Assistant);
    // With a reply beside them that is none of them, the way there is kept.
    let has_others = move || {
        let replies = replies.read();
        replies.first().is_some_and(|id| thread.branch.read().siblings(*id).len() > replies.len())
    };
    view! {
        <section
            class="together"
            data-count=move || replies.read().len().to_string()
            class:with-others=has_others
            aria-label=move || (t().together.label)(replies.read().len())
        >
            <div class="tabs" role="tablist" aria-label=t().together.tabs_label on:keydown=move |event| step(thread, &event)>
                <For each=move || replies.get() key=|id| *id let(id)>
                    <Tab thread live=live(id) id chosen />
                </For>
            </div>
            <div class="columns">
                <For each=move || replies.get() key=|id| *id let(id)>
                    <div class="together-reply" class:chosen=move || chosen.get() == Some(id) id=panel(id)>
                        <Heading thread live=live(id) id chosen />
                        <MessageView thread live=live(id) />
                    </div>
                </For>
            </div>
        </section>
    }
}

fn panel(id: MessageId) -> String {
    format!("together-{id}")
}

/// A link, so that it works without scripts.
#[component]
fn Tab(thread: Thread, live: Live, id: MessageId, chosen: Memo<Option<MessageId>>) -> impl IntoView {
    let name = name_of(&live);
    let is_chosen = Memo::new(move |_| chosen.get() == Some(id));
    let choose = move |event: web_sys::MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            thread.choose(id);
        }
    };
    view! {
        <a
            class="tab"
            role="tab"
            id=tab(id)
            href=format!("/c/{}?m={id}#{id}", thread.id)
            aria-controls=panel(id)
            aria-selected=move || is_chosen.get().to_string()
            tabindex=move || if is_chosen.get() { "0" } else { "-1" }
            on:click=choose
        >
            {move || name.get()}
        </a>
    }
}

fn tab(id: MessageId) -> String {
    format!("tab-{id}")
}

/// The arrow keys go from tab to tab.
fn step(thread: Thread, event: &web_sys::KeyboardEvent) {
    let replies = untrack(|| thread.together());
    let leaf = thread.branch.with_untracked(|branch| branch.leaf());
    let Some(at) = replies.iter().position(|id| Some(*id) == leaf) else { return };
    let to = match &*event.key() {
        "ArrowLeft" => (at + replies.len() - 1) % replies.len(),
        "ArrowRight" => (at + 1) % replies.len(),
        "Home" => 0,
        "End" => replies.len() - 1,
        _ => return,
    };
    event.prevent_default();
    thread.choose(replies[to]);
    focus(&format!("#{}", tab(replies[to])));
}

/// Who writes it, Stop while it runs, and the choice to go on with it.
#[component]
fn Heading(thread: Thread, live: Live, id: MessageId, chosen: Memo<Option<MessageId>>) -> impl IntoView {
    let toasts: Toasts = expect_context();
    let name = name_of(&live);
    let runs = Memo::new(move |_| thread.branch.read().get(id).is_some_and(|meta| !meta.status.is_final()));
    let is_chosen = Memo::new(move |_| chosen.get() == Some(id));
    let stop = move |_| {
        leptos::task::spawn_local(async move {
            if let Err(why) = api::stop(id).await {
                toasts.show(why.to_string(), None);
            }
        });
    };
    view! {
        <div class="together-heading">
            <strong>{move || name.get()}</strong>
            <Show when=move || runs.get()>
                <button type="button" class="icon-button" aria-label=t().composer.stop title=t().composer.stop on:click=stop>
                    <icon::Icon path=icon::STOP />
                </button>
            </Show>
            <button
                type="button"
                class="choose"
                aria-pressed=move || is_chosen.get().to_string()
                on:click=move |_| thread.choose(id)
            >
                {move || if is_chosen.get() { t().together.chosen } else { t().together.choose }}
            </button>
        </div>
    }
}

/// The name of its model, as soon as that is here.
fn name_of(live: &Live) -> Memo<String> {
    let message = live.message.clone();
    Memo::new(move |_| {
        let message = message.read();
        message.model.as_deref().map_or_else(|| t().message.unnamed_model.to_owned(), |key| model_name(key).to_owned())
    })
}
