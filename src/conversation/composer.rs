//! Where a message is written. What is typed here is never lost: it goes only when the server has it.

use std::pin::pin;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::{
    LONGEST_MESSAGE,
    api::{self, Model, Opening, Sending},
    page::Shared,
    sidebar::Shelves,
    thread::Thread,
};
use crate::{
    error::Failure,
    ids::{ConversationId, mint},
    text::in_textarea,
    ui::{browser, icon},
};

/// The key of the draft for a new conversation.
const NEW: &str = "draft:new";

/// How long the server may take to answer, in milliseconds. (Sending again after that is safe.)
const PATIENCE: u32 = 30_000;

/// `thread`: the conversation that it goes on with; none for a new one.
#[component]
pub fn Composer(opening: Opening, thread: Option<Thread>) -> impl IntoView {
    let conversation = thread.map(|thread| thread.id);
    let draft = StoredValue::new(conversation.map_or_else(|| NEW.to_owned(), draft_of));
    // Why the form came back is told on the page that it came back to, not on the next.
    let Shared { answered, .. } = expect_context();
    let refusal = opening.refusal.filter(|_| !answered.get_value()).unwrap_or_default();
    Effect::new(move |_| answered.set_value(true));
    let text = NodeRef::<html::Textarea>::new();
    let menu = NodeRef::<html::Select>::new();
    let kept = opening.model.clone();
    let model = thread.map_or_else(|| RwSignal::new(chosen(&opening.models, None, kept)), |thread| thread.model);
    let failure = RwSignal::new((!refusal.message.is_empty()).then_some(refusal.message));
    let sending = RwSignal::new(false);
    // What was sent and is not known to have arrived. Sending the same text again is sending the same message again.
    let unsure = RwSignal::new(None::<Sending>);
    let shelves = use_context::<Shelves>();
    let running = Memo::new(move |_| thread.and_then(Thread::running));

    Effect::new(move |_| {
        let Some(field) = text.get() else { return };
        // What was typed before scripts were here stays; else what was typed before the reload comes back.
        if field.value().is_empty()
            && let Some(kept) = draft.with_value(|key| browser::draft(key))
        {
            field.set_value(&kept);
        }
        unsure.set(draft.with_value(|key| kept_unsure(key)));
        // After a navigation it is only put into the page after this.
        request_animation_frame(move || drop(field.focus()));
    });
    let typed = move || {
        if let Some(field) = text.get_untracked() {
            draft.with_value(|key| browser::keep_draft(key, &field.value()));
        }
    };
    let open = {
        let navigate = use_navigate();
        move |conversation: ConversationId| navigate(&format!("/c/{conversation}"), Default::default())
    };
    // What the list brings has arrived, though no answer said so.
    Effect::new({
        let open = open.clone();
        move |_| {
            let Some(asked) = unsure.get() else { return };
            let shelf = shelves.and_then(|Shelves(shelf)| shelf.get());
            let arrived = match thread {
                Some(thread) => thread.knows(asked.id),
                None => shelf.is_some_and(|shelf| shelf.title(asked.conversation).is_some()),
            };
            let Some(field) = text.get_untracked().filter(|_| arrived) else { return };
            unsure.set(None);
            failure.set(None);
            let stands = field.value() == asked.text;
            if stands {
                field.set_value("");
            }
            draft.with_value(|key| {
                browser::keep_draft(&unsure_key(key), "");
                browser::keep_draft(key, &field.value());
            });
            if stands && thread.is_none() {
                open(asked.conversation);
            }
        }
    });
    let send = move || {
        let Some(field) = text.get_untracked() else { return };
        let typed = field.value();
        if typed.trim().is_empty() || sending.get_untracked() || running.get_untracked().is_some() {
            return;
        }
        if typed.len() > LONGEST_MESSAGE {
            return failure.set(Some(Failure::TooLong.to_string()));
        }
        let key = draft.get_value();
        let again = unsure.get_untracked().filter(|asked| asked.text == typed);
        let now = sending_of(again, conversation, &typed, model.get_untracked());
        if let Ok(json) = serde_json::to_string(&now) {
            browser::keep_draft(&unsure_key(&key), &json);
        }
        unsure.set(Some(now.clone()));
        let id = now.id;
        let opened = now.conversation;
        sending.set(true);
        failure.set(None);
        let open = open.clone();
        spawn_local(async move {
            let patience = TimeoutFuture::new(PATIENCE);
            let sent = match select(pin!(api::send_message(now)), patience).await {
                Either::Left((sent, _)) => sent,
                Either::Right(_) => Err(Failure::Unreachable),
            };
            // It is known now; a `Changed` id is taken by something else, and the next try has another.
            if matches!(sent, Ok(_) | Err(Failure::Changed)) {
                browser::keep_draft(&unsure_key(&key), "");
            }
            // What was typed meanwhile is the next message.
            if sent.is_ok() && browser::draft(&key).is_some_and(|kept| kept == typed) {
                browser::keep_draft(&key, "");
            }
            if sending.is_disposed() {
                return;
            }
            sending.set(false);
            let arrived = unsure.with_untracked(|asked| asked.as_ref().is_none_or(|asked| asked.id != id));
            if matches!(sent, Ok(_) | Err(Failure::Changed)) {
                unsure.set(None);
            }
            match sent {
                Ok(sent) => {
                    if field.value() == typed {
                        field.set_value("");
                    }
                    match thread {
                        Some(thread) => thread.sent(sent.heads, sent.messages),
                        None => open(opened),
                    }
                    let _ = field.focus();
                }
                // The list was faster.
                Err(_) if arrived => {}
                Err(error) => failure.set(Some(error.to_string())),
            }
        });
    };
    let submit = {
        let send = send.clone();
        move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            send();
        }
    };
    let keydown = move |event: web_sys::KeyboardEvent| {
        // While an input method composes, Enter chooses a word.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    let stop = move |_| {
        let Some(id) = running.get_untracked() else { return };
        spawn_local(async move {
            if let Err(error) = api::stop(id).await {
                failure.try_set(Some(error.to_string()));
            }
        });
    };
    // What was chosen before scripts were here stays chosen.
    Effect::new(move |_| {
        if let Some(menu) = menu.get() {
            model.set(menu.value());
        }
    });
    let choose = move |_| {
        if let Some(menu) = menu.get_untracked() {
            model.set(menu.value());
            browser::keep_cookie("model", &menu.value());
        }
    };
    let action = conversation.map_or_else(|| "/".into(), |id| format!("/c/{id}"));
    // For the form without scripts. With them, each send has ids of its own.
    let (fresh_conversation, fresh_message) = (conversation.unwrap_or(opening.fresh.0), opening.fresh.1);
    view! {
        <form class="composer" method="post" action=action on:submit=submit>
            {opening.trouble.map(|trouble| view! { <p class="notice" role="note">{trouble}</p> })}
            <crate::ui::Notice text=failure />
            <input type="hidden" name="conversation" value=fresh_conversation.to_string() />
            <input type="hidden" name="id" value=fresh_message.to_string() />
            <textarea
                node_ref=text
                name="text"
                rows="1"
                aria-label="Message"
                placeholder="Write a message"
                enterkeyhint="send"
                on:input=move |_| typed()
                on:keydown=keydown
            >
                {in_textarea(&refusal.text)}
            </textarea>
            <div class="row">
                <select node_ref=menu name="model" aria-label="Model" on:change=choose>
                    {options(opening.models, &model.get_untracked())}
                </select>
                {move || match running.get() {
                    Some(_) => {
                        view! {
                            <button type="button" class="round" aria-label="Stop" title="Stop" on:click=stop>
                                <icon::Icon path=icon::STOP />
                            </button>
                        }
                            .into_any()
                    }
                    None => {
                        view! {
                            <button class="round primary" aria-label="Send" title="Send" disabled=move || sending.get()>
                                <icon::Icon path=icon::SEND />
                            </button>
                        }
                            .into_any()
                    }
                }}
            </div>
        </form>
    }
    .into_any()
}

/// What is to be sent: the same as before if it is sent `again`, else something new.
fn sending_of(again: Option<Sending>, conversation: Option<ConversationId>, text: &str, model: String) -> Sending {
    let opens = conversation.is_none();
    let (conversation, id) =
        again.map_or_else(|| (conversation.unwrap_or_else(mint), mint()), |asked| (asked.conversation, asked.id));
    Sending { conversation, opens, id, text: text.to_owned(), model }
}

/// The key of the draft for this conversation.
fn draft_of(conversation: ConversationId) -> String {
    format!("draft:{conversation}")
}

/// Forgets what was typed for a conversation that there is no more.
pub fn forget_draft(conversation: ConversationId) {
    let draft = draft_of(conversation);
    browser::keep_draft(&unsure_key(&draft), "");
    browser::keep_draft(&draft, "");
}

/// What was sent of a draft without an answer, as it was kept over a reload.
fn kept_unsure(draft: &str) -> Option<Sending> {
    browser::draft(&unsure_key(draft)).and_then(|kept| serde_json::from_str(&kept).ok())
}

/// Where a draft's last send is kept while it is not known whether it arrived.
fn unsure_key(draft: &str) -> String {
    format!("unsure:{draft}")
}

/// The model of the conversation's last reply, or the one chosen last, or the first on offer.
pub fn chosen(models: &[Model], last: Option<String>, kept: Option<String>) -> String {
    (last.into_iter().chain(kept))
        .find(|key| models.iter().any(|model| model.key == *key))
        .or_else(|| models.first().map(|model| model.key.clone()))
        .unwrap_or_default()
}

/// The menu's entries: under their providers' names where there are several.
fn options(models: Vec<Model>, chosen: &str) -> impl IntoView + use<> {
    let groups: Vec<&[Model]> = models.chunk_by(|a, b| a.provider == b.provider).collect();
    let several = groups.len() > 1;
    let group = |models: &[Model]| {
        let label = models[0].provider.clone();
        let options = models.iter().map(|model| option(model.clone(), chosen)).collect_view();
        match several {
            true => view! { <optgroup label=label>{options}</optgroup> }.into_any(),
            false => options.into_any(),
        }
    };
    groups.into_iter().map(group).collect_view()
}

fn option(model: Model, chosen: &str) -> impl IntoView + use<> {
    let selected = model.key == chosen;
    view! {
        <option value=model.key selected=selected>
            {model.name}
        </option>
    }
}
