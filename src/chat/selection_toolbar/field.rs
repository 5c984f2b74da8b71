//! What is typed to selected words, in the toolbar beside them.

use leptos::{html, prelude::*, task::spawn_local};

use super::Purpose;
use crate::{
    chat::{
        api::{self, Continuing},
        selection::{Selected, quotation},
        thread::Thread,
    },
    conversation::LONGEST_MESSAGE,
    error::Failure,
    ids::mint,
    language::t,
    ui::{Notice, browser, icon},
};

/// `leave` is called when it has done its work, with whether that was sent.
#[component]
pub(super) fn Field(thread: Thread, purpose: Purpose, selected: Selected, leave: Callback<bool>) -> impl IntoView {
    let node = NodeRef::<html::Textarea>::new();
    let (failure, sending) = (RwSignal::new(None::<String>), RwSignal::new(false));
    // Asked again after a lost answer, it is the same reply.
    let id = mint();
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            let _ = node.focus();
        }
    });
    let value = move || node.get_untracked().map(|node| node.value()).unwrap_or_default();
    let send = {
        let selected = selected.clone();
        move || match purpose {
            Purpose::Ask => match ask(thread, &selected, &value()) {
                Ok(()) => leave.run(true),
                Err(why) => failure.set(why.map(|why| why.to_string())),
            },
            Purpose::Continue => {
                let Some(from) = selected.from.filter(|_| !sending.get_untracked()) else { return };
                let (of, instruction, model) = (selected.message, value(), thread.model.get_untracked());
                let asked = Continuing { of, from, id, instruction, model };
                spawn_local(continue_from(thread, asked, sending, failure, leave));
            }
        }
    };
    let keydown = keys(send.clone(), leave);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        send();
    };
    let shown = match purpose {
        Purpose::Ask => first_line(&selected.markdown),
        Purpose::Continue => (t().selection.in_place_of)(&first_line(&selected.markdown)),
    };
    let texts = &t().selection;
    let (label, button) = match purpose {
        Purpose::Ask => (texts.question, texts.send),
        Purpose::Continue => (texts.instruction, texts.continue_from),
    };
    view! {
        <form class="selection-field" on:submit=submit>
            <blockquote dir="auto">{shown}</blockquote>
            <Notice text=failure />
            <div class="row">
                <textarea node_ref=node rows="1" dir="auto" aria-label=label placeholder=label enterkeyhint="send" readonly=move || sending.get() on:keydown=keydown></textarea>
                <button type="button" class="icon-button" aria-label=texts.leave title=texts.leave on:click=move |_| leave.run(false)>
                    <icon::Icon path=icon::CLOSE />
                </button>
                <button class="round primary" aria-label=button title=button disabled=move || sending.get()>
                    <icon::Icon path=icon::SEND />
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// Enter sends, Escape leaves. While an input method composes, both keys are its own.
fn keys(send: impl Fn() + 'static, leave: Callback<bool>) -> impl Fn(web_sys::KeyboardEvent) {
    move |event| match &*event.key() {
        _ if browser::is_composing(&event) => {}
        "Escape" => {
            event.stop_propagation();
            leave.run(false);
        }
        "Enter" if !event.shift_key() => {
            event.prevent_default();
            send();
        }
        _ => {}
    }
}

/// Has the reply continued, and goes there.
async fn continue_from(
    thread: Thread,
    asked: Continuing,
    sending: RwSignal<bool>,
    failure: RwSignal<Option<String>>,
    leave: Callback<bool>,
) {
    let id = asked.id;
    sending.set(true);
    let answer = api::continue_from(asked).await;
    sending.try_set(false);
    match answer {
        Ok(sent) => {
            leave.try_run(true);
            // The reader may be elsewhere by now.
            if !thread.branch.is_disposed() {
                thread.begun(id, sent);
            }
        }
        Err(why) => drop(failure.try_set(Some(why.to_string()))),
    }
}

/// Sends a question to the words; without a failure where it is only not the time for that.
fn ask(thread: Thread, selected: &Selected, question: &str) -> Result<(), Option<Failure>> {
    if question.trim().is_empty() {
        return Err(None);
    }
    let text = quotation(&selected.markdown) + question.trim();
    if text.len() > LONGEST_MESSAGE {
        return Err(Some(Failure::TooLong));
    }
    if thread.send(text) { Ok(()) } else { Err(Some(Failure::Busy)) }
}

fn first_line(markdown: &str) -> String {
    markdown.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
