//! Where a message is written. What is typed here is never lost: it goes only when the server has it.

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::{
    LONGEST_MESSAGE,
    api::{self, Model, Opening, Sending},
    page::Shared,
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

/// `thread`: the conversation that it goes on with; none for a new one.
#[component]
pub fn Composer(opening: Opening, thread: Option<Thread>) -> impl IntoView {
    let conversation = thread.map(|thread| thread.id);
    let draft = conversation.map_or_else(|| NEW.to_owned(), |id| format!("draft:{id}"));
    let draft = StoredValue::new(draft);
    // Why the form came back is told on the page that it came back to, not on the next.
    let Shared { answered, .. } = expect_context();
    let refusal = opening.refusal.filter(|_| !answered.get_value()).unwrap_or_default();
    Effect::new(move |_| answered.set_value(true));
    let text = NodeRef::<html::Textarea>::new();
    let model = NodeRef::<html::Select>::new();
    let failure = RwSignal::new((!refusal.message.is_empty()).then_some(refusal.message));
    let sending = RwSignal::new(false);
    let running = Memo::new(move |_| thread.and_then(Thread::running));
    let navigate = use_navigate();

    Effect::new(move |_| {
        let Some(field) = text.get() else { return };
        // What was typed before scripts were here stays; else what was typed before the reload comes back.
        if field.value().is_empty()
            && let Some(kept) = draft.with_value(|key| browser::draft(key))
        {
            field.set_value(&kept);
        }
        // After a navigation it is only put into the page after this.
        request_animation_frame(move || drop(field.focus()));
    });
    let typed = move || {
        if let Some(field) = text.get_untracked() {
            draft.with_value(|key| browser::keep_draft(key, &field.value()));
        }
    };
    let send = move || {
        let (Some(field), Some(model)) = (text.get_untracked(), model.get_untracked()) else { return };
        let typed = field.value();
        if typed.trim().is_empty() || sending.get_untracked() || running.get_untracked().is_some() {
            return;
        }
        if typed.len() > LONGEST_MESSAGE {
            return failure.set(Some(Failure::TooLong.to_string()));
        }
        let now = draft.with_value(|key| sending_of(key, conversation, &typed, model.value()));
        let conversation = now.conversation;
        sending.set(true);
        failure.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let sent = api::send_message(now).await;
            sending.set(false);
            match sent {
                Ok(sent) => {
                    // What was typed meanwhile is the next message.
                    if field.value() == typed {
                        field.set_value("");
                    }
                    draft.with_value(|key| {
                        browser::keep_draft(key, &field.value());
                        browser::keep_draft(&unsure(key), "");
                    });
                    match thread {
                        Some(thread) => thread.sent(sent.heads, sent.messages),
                        None => navigate(&format!("/c/{conversation}"), Default::default()),
                    }
                    let _ = field.focus();
                }
                Err(error) => {
                    if error == Failure::Changed {
                        // The id is taken by something else: the next try has another.
                        draft.with_value(|key| browser::keep_draft(&unsure(key), ""));
                    }
                    failure.set(Some(error.to_string()));
                }
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
                failure.set(Some(error.to_string()));
            }
        });
    };
    let chosen = chosen(&opening.models, thread.and_then(Thread::last_model), opening.model);
    let choose = move |_| {
        if let Some(model) = model.get_untracked() {
            browser::keep_cookie("model", &model.value());
        }
    };
    let action = conversation.map_or_else(|| "/".into(), |id| format!("/c/{id}"));
    // For the form without scripts. With them, each send has ids of its own.
    let (fresh_conversation, fresh_message) = (conversation.unwrap_or(opening.fresh.0), opening.fresh.1);
    view! {
        <form class="composer" method="post" action=action on:submit=submit>
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
                <select node_ref=model name="model" aria-label="Model" on:change=choose>
                    {options(opening.models, &chosen)}
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

/// What is to be sent. Until it is known to have arrived it is kept, over a reload too, so that sending the same text
/// again is sending the same message again.
fn sending_of(draft: &str, conversation: Option<ConversationId>, text: &str, model: String) -> Sending {
    let kept = browser::draft(&unsure(draft)).and_then(|kept| serde_json::from_str::<Sending>(&kept).ok());
    let again = kept.filter(|kept| kept.text == text);
    let (conversation, id) =
        again.map_or_else(|| (conversation.unwrap_or_else(mint), mint()), |kept| (kept.conversation, kept.id));
    let opens = draft == NEW;
    let sending = Sending { conversation, opens, id, text: text.to_owned(), model };
    if let Ok(json) = serde_json::to_string(&sending) {
        browser::keep_draft(&unsure(draft), &json);
    }
    sending
}

/// Where a draft's last send is kept while it is not known whether it arrived.
fn unsure(draft: &str) -> String {
    format!("unsure:{draft}")
}

/// The model of the conversation's last reply, or the one chosen last, or the first on offer.
fn chosen(models: &[Model], last: Option<String>, kept: Option<String>) -> String {
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
