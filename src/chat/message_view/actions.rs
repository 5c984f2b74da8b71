//! What one can do with a message, and what is said of it below its words.

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    copy::Copy,
    info::{Info, When, model_name},
    more::More,
    rate::{Rate, RateButtons, RatingWord},
};
use crate::{
    chat::{api, draft::focus_composer, thread::Thread},
    error::Failure,
    ids::MessageId,
    language::t,
    message::{Message, Role, Status},
    ui::{Notice, browser::press, icon},
};

#[component]
pub(super) fn Actions(
    thread: Thread,
    signal: RwSignal<Message>,
    id: MessageId,
    role: Role,
    status: Memo<Status>,
) -> impl IntoView {
    let failure = RwSignal::new(None::<String>);
    let show = move |result: Result<(), Failure>| drop(failure.try_set(result.err().map(|error| error.to_string())));
    let model = move || thread.model.get_untracked();
    // The pressed button goes; the cursor must not go with it.
    let retry = move |_| {
        focus_composer();
        spawn_local(async move {
            match api::retry(id, model()).await {
                Ok(_) if failure.is_disposed() => {}
                Ok(reply) => thread.asked_for(reply),
                Err(failure) => show(Err(failure)),
            }
        });
    };
    let resume = move |_| {
        focus_composer();
        let epoch = signal.read_untracked().epoch;
        spawn_local(async move { show(api::resume(id, epoch, model()).await) });
    };
    let rate = Rate::new(thread, id, failure);
    let free = Memo::new(move |_| role.is_reply() && thread.running().is_none());
    let sending = Memo::new(move |_| thread.is_sending(id));
    let own = Memo::new(move |_| thread.is_own(id));
    let has_arrived = Memo::new(move |_| thread.has(id));
    view! {
        <div class="actions" hidden=move || !status.get().is_final()>
            <Siblings thread id />
            <Show when=move || sending.get() fallback=move || view! { <Copy signal /> }>
                <span class="sending">{t().message.sending}</span>
            </Show>
            <Show when=move || own.get()>
                <EditButton thread id />
            </Show>
            {role.is_reply().then(|| view! { <RateButtons rate /> })}
            <Show when=move || free.get()>
                <button type="button" class="icon-button" aria-label=t().message.retry title=t().message.retry on:click=retry>
                    <icon::Icon path=icon::RETRY />
                </button>
            </Show>
            <Show when=move || free.get() && status.get().is_final() && signal.with_untracked(|message| message.can_resume() && has_words(message))>
                <button type="button" class="icon-button named" aria-label=t().message.resume title=t().message.resume on:click=resume>
                    <icon::Icon path=icon::CONTINUE />
                    {t().message.resume}
                </button>
            </Show>
            <Show when=move || has_arrived.get()>
                <More thread id role />
            </Show>
            <When thread signal />
            {role.is_reply().then(|| view! { <Info signal /> })}
        </div>
        {role.is_reply().then(|| view! { <RatingWord rate /> })}
        <Notice text=failure />
        {role.is_reply().then(|| view! { <p class="writer">{move || (status.get(), signal.with_untracked(writer)).1}</p> })}
    }
    .into_any()
}

/// Opens a field in the place of one's own message.
#[component]
fn EditButton(thread: Thread, id: MessageId) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=t().message.edit
            title=t().message.edit
            on:click=move |_| thread.editing.set(Some(id))
        >
            <icon::Icon path=icon::PENCIL />
        </button>
    }
}

/// Whether there is something that a model can continue with.
pub(super) fn has_words(message: &Message) -> bool {
    !message.text().trim().is_empty()
}

/// Who wrote it, on paper.
fn writer(message: &Message) -> String {
    message.model.as_deref().map_or_else(|| t().message.unnamed_model.to_owned(), |key| model_name(key).to_owned())
}

/// `‹ 2/3 ›`: pages through the siblings of a message, and the branches below them. Links, which work without scripts.
#[component]
fn Siblings(thread: Thread, id: MessageId) -> impl IntoView {
    let siblings = Memo::new(move |_| thread.branch.read().siblings(id));
    let at = Memo::new(move |_| siblings.read().iter().position(|sibling| *sibling == id).unwrap_or(0));
    let (left, right) = (NodeRef::<html::A>::new(), NodeRef::<html::A>::new());
    // The link that brought this sibling here keeps the cursor; at the end of the line, the other one.
    Effect::new(move |_| {
        let (Some(left), Some(right)) = (left.get(), right.get()) else { return };
        let Some((_, step)) = thread.paged.get_value().filter(|(to, _)| *to == id) else { return };
        thread.paged.set_value(None);
        request_animation_frame(move || {
            let (pressed, other) = if step < 0 { (left, right) } else { (right, left) };
            let _ = if pressed.has_attribute("href") { pressed.focus() } else { other.focus() };
        });
    });
    let to = move |step: isize| at.get().checked_add_signed(step).and_then(|at| siblings.read().get(at).copied());
    let address = move |step| to(step).map(|to| format!("/c/{}?m={to}#{to}", thread.id));
    let is_last = move |step| to(step).is_none().then_some("true");
    let page = move |event: web_sys::MouseEvent, step| {
        // A new tab is the browser's.
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        if let Some(to) = untrack(|| to(step)) {
            thread.page_to(id, to, step);
        }
    };
    let count = move || siblings.read().len();
    let are_several = move || count() > 1;
    view! {
        <Show when=are_several>
            <span class="siblings">
                <a node_ref=left class="button icon-button" role="button" aria-label=t().message.previous_version title=t().message.previous_version href=move || address(-1) aria-disabled=move || is_last(-1) on:keydown=press on:click=move |event| page(event, -1)>
                    <icon::Icon path=icon::LEFT />
                </a>
                <span>{move || at.get() + 1} "/" {count}</span>
                <a node_ref=right class="button icon-button" role="button" aria-label=t().message.next_version title=t().message.next_version href=move || address(1) aria-disabled=move || is_last(1) on:keydown=press on:click=move |event| page(event, 1)>
                    <icon::Icon path=icon::RIGHT />
                </a>
            </span>
        </Show>
    }
}
