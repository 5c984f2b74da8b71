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
    conversation::{Conversation, LONGEST_TITLE},
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
                offer_undo(thread.id, (t().dialogs.deleted)(&title), toasts, navigate.clone());
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

/// Deletes a conversation without asking, and offers to bring it back. `is_shown`: its page is left, and comes back with it.
pub fn delete_with_undo(
    row: Conversation,
    is_shown: bool,
    toasts: Toasts,
    navigate: impl Fn(&str, NavigateOptions) + Clone + 'static,
) {
    spawn_local(async move {
        match api::delete(row.id).await {
            Ok(()) => {
                if is_shown {
                    navigate("/", NavigateOptions::default());
                }
                let back = move |to: &str, options| {
                    if is_shown {
                        navigate(to, options)
                    }
                };
                offer_undo(row.id, (t().dialogs.deleted)(&row.title), toasts, back);
            }
            Err(why) => toasts.show(why.to_string(), None),
        }
    });
}

/// Shows that a conversation is deleted, and offers to bring it back; if it is not, what was typed there is forgotten.
fn offer_undo(
    id: ConversationId,
    text: String,
    toasts: Toasts,
    navigate: impl Fn(&str, NavigateOptions) + Clone + 'static,
) {
    let is_back = StoredValue::new(false);
    let kept = StoredValue::new_local(navigate);
    let undo = move |()| {
        let Some(navigate) = kept.try_get_value() else { return };
        let _ = is_back.try_set_value(true);
        spawn_local(async move {
            match api::undo_delete_conversation(id).await {
                Ok(()) => navigate(&plain(id), NavigateOptions::default()),
                // It can be tried again for a while.
                Err(why) if why.may_pass() => offer_undo(id, why.to_string(), toasts, navigate),
                Err(why) => toasts.show(why.to_string(), None),
            }
        });
    };
    toasts.show(text, Some(Callback::new(undo)));
    let forget = move || {
        if is_back.try_get_value() != Some(true) {
            forget_draft(id);
        }
    };
    set_timeout(forget, TOAST_TIMEOUT);
}
