//! What one does with a message less often.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    chat::{
        address::{link_to, plain},
        api,
        thread::Thread,
    },
    ids::{MessageId, mint},
    language::t,
    message::Role,
    ui::{browser, menu::Menu, toast::Toasts},
};

#[component]
pub(super) fn More(thread: Thread, id: MessageId, role: Role) -> impl IntoView {
    let toasts: Toasts = expect_context();
    let copy_link = move |_| {
        spawn_local(async move {
            let copied = browser::copy(&link_to(thread.id, id)).await;
            let said = if copied { t().message.link_copied } else { t().message.link_not_copied };
            toasts.show(said.into(), None);
        });
    };
    let navigate = use_navigate();
    let fork = move |_| {
        let (into, navigate) = (mint(), navigate.clone());
        spawn_local(async move {
            match api::fork(id, into).await {
                Ok(()) => navigate(&plain(into), NavigateOptions::default()),
                Err(why) => toasts.show(why.to_string(), None),
            }
        });
    };
    let delete = move |_| delete(thread, toasts, id);
    view! {
        <Menu id=format!("more-{id}") label=t().message.more>
            {role.is_reply()
                .then(|| {
                    view! {
                        <button type="button" on:click=move |_| thread.retrying.set(Some(id))>
                            {t().message.retry_with}
                        </button>
                    }
                })}
            <button type="button" on:click=fork.clone()>
                {t().message.fork}
            </button>
            <button type="button" on:click=copy_link>
                {t().message.copy_link}
            </button>
            <button type="button" class="dangerous" on:click=delete>
                {t().message.delete}
            </button>
        </Menu>
    }
    .into_any()
}

/// Deletes the message and all below it, and offers to bring it back.
fn delete(thread: Thread, toasts: Toasts, id: MessageId) {
    spawn_local(async move {
        match api::delete_message(id).await {
            Ok(count) => offer_undo(thread, toasts, id, (t().message.deleted)(count)),
            Err(why) => toasts.show(why.to_string(), None),
        }
    });
}

fn offer_undo(thread: Thread, toasts: Toasts, id: MessageId, text: String) {
    let undo = move |()| {
        spawn_local(async move {
            match api::undo_delete_message(id).await {
                Ok(()) => thread.comes_back(id),
                // It can be tried again for a while.
                Err(why) if why.may_pass() => offer_undo(thread, toasts, id, why.to_string()),
                Err(why) => toasts.show(why.to_string(), None),
            }
        });
    };
    toasts.show(text, Some(Callback::new(undo)));
}
