//! What is asked before something is done with a conversation.

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    address::plain,
    api,
    draft::forget_draft,
    model_menu::{ModelSelect, OfferedModels},
    thread::Thread,
};
use crate::{
    conversation::{Conversation, LONGEST_TITLE, marks::MAX_SELECTED},
    error::Failure,
    ids::{ConversationId, MessageId},
    language::t,
    ui::{
        dialog::Dialog,
        toast::{TOAST_TIMEOUT, Toasts},
    },
};

#[component]
pub fn RenameDialog(id: ConversationId, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let failure = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        if open.get()
            && let Some(input) = input.get()
        {
            input.set_value(&title.get_untracked());
            input.select();
            failure.set(None);
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get() else { return };
        let title = input.value();
        spawn_local(async move {
            match api::rename(id, title).await {
                Ok(()) => drop(open.try_set(false)),
                Err(error) => drop(failure.try_set(Some(error.to_string()))),
            }
        });
    };
    view! {
        <Dialog open label=t().dialogs.rename_heading>
            <form method="dialog" on:submit=submit>
                <label>{t().dialogs.title_field} <input node_ref=input name="title" dir="auto" maxlength=LONGEST_TITLE required autocomplete="off" /></label>
                <crate::ui::Notice text=failure />
                <div class="row">
                    <button type="button" on:click=move |_| open.set(false)>
                        {t().dialogs.cancel}
                    </button>
                    <button class="primary">{t().dialogs.save_title}</button>
                </div>
            </form>
        </Dialog>
    }
}

/// Which other model is to answer beside a reply.
#[component]
pub fn RetryDialog(thread: Thread, menu: OfferedModels) -> impl IntoView {
    let (open, model, failure) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let of = StoredValue::new(None::<MessageId>);
    Effect::new(move |_| {
        if let Some(id) = thread.retrying.get() {
            of.set_value(Some(id));
            model.set(thread.model.get_untracked());
            failure.set(None);
            open.set(true);
            thread.retrying.set(None);
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(id) = of.get_value() else { return };
        spawn_local(async move {
            match api::retry(id, model.get_untracked()).await {
                Ok(_) if open.is_disposed() => {}
                Ok(reply) => {
                    open.set(false);
                    thread.asked_for(reply);
                }
                Err(error) => drop(failure.try_set(Some(error.to_string()))),
            }
        });
    };
    view! {
        <Dialog open label=t().dialogs.retry_heading>
            <form method="dialog" class="retry" on:submit=submit>
                <Show when=move || open.get()>
                    <ModelSelect menu model />
                </Show>
                <crate::ui::Notice text=failure />
                <div class="row">
                    <button type="button" on:click=move |_| open.set(false)>
                        {t().dialogs.cancel}
                    </button>
                    <button class="primary">{t().dialogs.retry}</button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
pub fn DeleteDialog(thread: Thread, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
    let navigate = use_navigate();
    let toasts: Toasts = expect_context();
    let failure = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        if open.get() {
            failure.set(None);
        }
    });
    let delete = move |_| {
        let navigate = navigate.clone();
        thread.deleting.set(true);
        spawn_local(async move {
            let title = title.get_untracked();
            let deleted = api::delete(thread.id).await;
            if deleted.is_ok() {
                let text = (t().dialogs.deleted)(&title);
                offer_undo(vec![thread.id], Some(thread.id), text, toasts, navigate.clone());
            }
            if open.is_disposed() {
                return;
            }
            match deleted {
                Ok(()) => {
                    open.set(false);
                    navigate("/", Default::default());
                }
                Err(error) => {
                    thread.deleting.set(false);
                    failure.set(Some(error.to_string()));
                }
            }
        });
    };
    view! {
        <Dialog open label=t().dialogs.delete_heading>
            <p>{move || (t().dialogs.delete_question)(&title.read())}</p>
            <crate::ui::Notice text=failure />
            <div class="row">
                <button type="button" on:click=move |_| open.set(false)>
                    {t().dialogs.cancel}
                </button>
                <button type="button" class="danger" on:click=delete>
                    {t().dialogs.delete}
                </button>
            </div>
        </Dialog>
    }
}

/// Deletes conversations without asking, and offers to bring them back. `shown`: the one whose page is shown, which is left if
/// it goes, and comes back with it.
pub fn delete_with_undo(
    rows: Vec<Conversation>,
    shown: Option<ConversationId>,
    toasts: Toasts,
    navigate: impl Fn(&str, NavigateOptions) + Clone + 'static,
) {
    spawn_local(async move {
        let all: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
        let mut gone = vec![];
        for ids in all.chunks(MAX_SELECTED) {
            match api::delete_many(ids.to_vec()).await {
                Ok(ids) => gone.extend(ids),
                Err(why) => toasts.show(why.to_string(), None),
            }
        }
        let shown = shown.filter(|shown| gone.contains(shown));
        if shown.is_some() {
            navigate("/", NavigateOptions::default());
        }
        let text = match &rows[..] {
            [row] => (t().dialogs.deleted)(&row.title),
            _ => (t().sidebar.were_deleted)(gone.len()),
        };
        if !gone.is_empty() {
            offer_undo(gone, shown, text, toasts, navigate);
        }
    });
}

/// Shows that conversations are deleted, and offers to bring them back, and to the page of the one that was `shown`. What was
/// typed in those that do not come back is forgotten.
fn offer_undo(
    ids: Vec<ConversationId>,
    shown: Option<ConversationId>,
    text: String,
    toasts: Toasts,
    navigate: impl Fn(&str, NavigateOptions) + Clone + 'static,
) {
    let is_back = StoredValue::new(false);
    let kept = StoredValue::new_local(navigate);
    let all = StoredValue::new(ids.clone());
    let undo = move |()| {
        let Some((navigate, ids)) = kept.try_get_value().zip(all.try_get_value()) else { return };
        let _ = is_back.try_set_value(true);
        spawn_local(async move {
            match restore(&ids).await {
                Ok(()) => shown.into_iter().for_each(|id| navigate(&plain(id), NavigateOptions::default())),
                // It can be tried again for a while.
                Err(why) if why.may_pass() => offer_undo(ids, shown, why.to_string(), toasts, navigate),
                Err(why) => toasts.show(why.to_string(), None),
            }
        });
    };
    toasts.show(text, Some(Callback::new(undo)));
    let forget = move || {
        if is_back.try_get_value() != Some(true) {
            ids.iter().copied().for_each(forget_draft);
        }
    };
    set_timeout(forget, TOAST_TIMEOUT);
}

async fn restore(ids: &[ConversationId]) -> Result<(), Failure> {
    for ids in ids.chunks(MAX_SELECTED) {
        api::undo_delete_many(ids.to_vec()).await?;
    }
    Ok(())
}
