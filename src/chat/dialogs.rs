//! Renaming and deleting a conversation.

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::{api, draft::forget_draft, thread::Thread};
use crate::{conversation::LONGEST_TITLE, language::t, ui::dialog::Dialog};

#[component]
pub fn RenameDialog(thread: Thread, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
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
            match api::rename(thread.id, title).await {
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

#[component]
pub fn DeleteDialog(thread: Thread, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
    let navigate = use_navigate();
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
            let deleted = api::delete(thread.id).await;
            if deleted.is_ok() {
                forget_draft(thread.id);
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
