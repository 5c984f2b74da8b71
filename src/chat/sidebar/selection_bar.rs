//! What stands over the list while conversations are being chosen: how many are, and what can be done with all of them.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::hooks::{use_location, use_navigate};

use super::row::RowActions;
use crate::{
    chat::{api, dialogs::delete_with_undo},
    conversation::marks::MAX_SELECTED,
    error::Failure,
    ids::ConversationId,
    language::t,
    ui::{icon, toast::Toasts},
};

/// How many are chosen, and what can be done with them.
#[component]
pub(super) fn SelectionBar(actions: RowActions) -> impl IntoView {
    let (selection, toasts) = (actions.selection, actions.toasts);
    let lists = actions.lists;
    let chosen = move || untrack(|| selection.all());
    let count = move || selection.all().len();
    let is_archive = move || lists.archive.is_open.get();
    let archive = move |_| {
        archive_all(chosen(), !lists.archive.is_open.get_untracked(), toasts);
        selection.leave();
    };
    let (navigate, path) = (use_navigate(), use_location().pathname);
    let delete = move |_| {
        let rows = chosen().into_iter().filter_map(|id| untrack(|| lists.find(id)).map(|(_, row)| row)).collect();
        let shown = path.read_untracked().strip_prefix("/c/").and_then(|id| id.parse().ok());
        delete_with_undo(rows, shown, toasts, navigate.clone());
        selection.leave();
    };
    leave_with_escape(actions);
    view! {
        <div class="selection" role="group" aria-label=t().sidebar.selection>
            <span role="status">{move || (t().sidebar.chosen)(count())}</span>
            <button type="button" disabled=move || count() == 0 on:click=archive>
                {move || if is_archive() { t().sidebar.unarchive } else { t().sidebar.archive }}
            </button>
            <button type="button" class="dangerous" disabled=move || count() == 0 on:click=delete>
                {t().thread.delete}
            </button>
            <button
                type="button"
                class="icon-button"
                aria-label=t().sidebar.leave_selection
                title=t().sidebar.leave_selection
                on:click=move |_| selection.leave()
            >
                <icon::Icon path=icon::CLOSE />
            </button>
        </div>
    }
    .into_any()
}

/// Escape leaves it wherever the cursor is, unless the key closes something else.
fn leave_with_escape(actions: RowActions) {
    Effect::new(move |_| {
        let keys = window_event_listener(ev::keydown, move |event| {
            let is_taken = || document().query_selector("dialog[open], :popover-open").ok().flatten().is_some();
            if event.key() == "Escape" && !is_taken() {
                actions.selection.leave();
            }
        });
        on_cleanup(move || keys.remove());
    });
}

/// Archives all, or brings them back, and offers to undo that.
fn archive_all(ids: Vec<ConversationId>, on: bool, toasts: Toasts) {
    spawn_local(async move {
        if let Err(why) = mark_archived(&ids, on).await {
            return toasts.show(why.to_string(), None);
        }
        let text = if on { t().sidebar.were_archived } else { t().sidebar.were_unarchived };
        let undo = {
            let ids = ids.clone();
            move |()| {
                let ids = ids.clone();
                spawn_local(async move {
                    if let Err(why) = mark_archived(&ids, !on).await {
                        toasts.show(why.to_string(), None);
                    }
                });
            }
        };
        toasts.show(text(ids.len()), Some(Callback::new(undo)));
    });
}

async fn mark_archived(ids: &[ConversationId], on: bool) -> Result<(), Failure> {
    for ids in ids.chunks(MAX_SELECTED) {
        api::archive(ids.to_vec(), on).await?;
    }
    Ok(())
}
