//! A temporary chat on the page: what begins one, and what stands in its bar.

use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate, hooks::use_query_map};

use super::{
    api,
    draft::{focus_composer, forget_draft},
    page_context::PageContext,
    thread::Thread,
};
use crate::{
    conversation::Conversation,
    ids::ConversationId,
    language::t,
    ui::{browser, drafts, icon, status::announce},
};

/// Whether the address of the page for a new chat asks for a temporary one: so it does without scripts, and after a reload.
pub fn follow_address(temporary: RwSignal<bool>) {
    let query = use_query_map();
    temporary.set(query.with_untracked(|query| query.get("temporary").is_some()));
    Effect::new(move |before: Option<()>| {
        let is_asked = query.read().get("temporary").is_some();
        if before.is_some() {
            temporary.set(is_asked);
        }
    });
}

/// Has the next conversation be a temporary one, or not.
#[component]
pub fn TemporaryToggle() -> impl IntoView {
    let PageContext { temporary, .. } = expect_context();
    let navigate = use_navigate();
    let toggle = move |_| {
        temporary.update(|on| *on = !*on);
        let address = if temporary.get_untracked() { "/?temporary" } else { "/" };
        navigate(address, NavigateOptions { replace: true, scroll: false, ..Default::default() });
    };
    view! {
        <button type="button" class="temporary-toggle" aria-pressed=move || temporary.get().to_string() on:click=toggle>
            <icon::Icon path=icon::CLOCK />
            {t().temporary.label}
        </button>
    }
}

/// The same without scripts, in the form.
#[component]
pub fn TemporaryChoice() -> impl IntoView {
    let PageContext { temporary, .. } = expect_context();
    view! {
        <label class="temporary-choice">
            <input type="checkbox" name="temporary" value="on" checked=temporary.get_untracked() />
            {t().temporary.label}
            <span>{t().temporary.hint}</span>
        </label>
    }
}

/// What becomes of a temporary chat, and what can be done with it.
#[component]
pub fn TemporaryActions(thread: Thread) -> impl IntoView {
    let failure = RwSignal::new(None::<String>);
    let navigate = use_navigate();
    let keep = move |_| {
        spawn_local(async move {
            match api::keep_temporary(thread.id).await {
                Ok(()) => {
                    thread.temporary.try_set(false);
                    announce(t().temporary.kept);
                    focus_composer();
                }
                Err(why) => drop(failure.try_set(Some(why.to_string()))),
            }
        });
    };
    let close = move |_| {
        let navigate = navigate.clone();
        thread.deleting.set(true);
        spawn_local(async move {
            match api::close_temporary(thread.id).await {
                // The reader may be elsewhere by now.
                Ok(()) if thread.branch.is_disposed() => forget_draft(thread.id),
                Ok(()) => {
                    forget(thread);
                    announce(t().temporary.closed);
                    navigate("/", NavigateOptions { replace: true, ..Default::default() });
                }
                Err(why) => {
                    thread.deleting.try_set(false);
                    failure.try_set(Some(why.to_string()));
                }
            }
        });
    };
    view! {
        <p class="temporary-hint">{t().temporary.hint}</p>
        <crate::ui::Notice text=failure />
        <div class="temporary-actions">
            <button type="button" on:click=keep>
                {t().temporary.keep}
            </button>
            <button type="button" on:click=close>
                {t().temporary.close}
            </button>
        </div>
    }
}

/// The page of a conversation: while it is temporary, nothing of it is kept beyond its tab; and the server learns that the tab is closed.
pub fn keep_apart(thread: Thread, listed: Memo<Option<Conversation>>) {
    // It is kept, perhaps in another tab.
    Effect::new(move |_| {
        if listed.read().is_some() {
            thread.temporary.set(false);
        }
    });
    Effect::new(move |_| drafts::keep_apart(thread.temporary.get()));
    Effect::new(move |_| {
        if thread.gone.get() && thread.temporary.get() {
            forget(thread);
        }
    });
    Effect::new(move |_| {
        let left = window_event_listener_untyped("pagehide", move |_| {
            if thread.temporary.try_get_untracked() == Some(true) {
                leave(thread.id);
            }
        });
        on_cleanup(move || left.remove());
    });
    on_cleanup(|| drafts::keep_apart(false));
}

/// The page is about to go, so nothing waits for the answer.
fn leave(id: ConversationId) {
    let input = serde_json::json!({ "id": id }).to_string();
    browser::send_last(<api::LeaveTemporary as ServerFn>::PATH, &input);
}

/// Forgets all that was typed in a chat that is closed.
fn forget(thread: Thread) {
    thread.outbox.forget_all(thread.id);
    super::draft::forget_draft(thread.id);
    for key in drafts::keys("").iter().filter(|key| key.contains("edit:")) {
        let of = key.rsplit(':').next().and_then(|id| id.parse().ok());
        if of.is_some_and(|id| untrack(|| thread.has(id) || thread.queue.has(id))) {
            drafts::keep(key, "");
        }
    }
}
