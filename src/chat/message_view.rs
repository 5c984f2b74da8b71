//! A message on the page: a signal in, DOM out. Finished words are left alone; only what is new is touched.

use gloo_timers::future::TimeoutFuture;
use leptos::{html, prelude::*, task::spawn_local, wasm_bindgen::JsCast};

use super::{api, draft::focus_composer, thread::Thread};
use crate::{
    ids::MessageId,
    live::connection::Live,
    markdown::{Document, Html, dom},
    message::{Kind, Message, Role, Status},
    ui::{browser, icon, status::announce},
};

/// From how many bytes on a text is rendered apart from the server's other work.
#[cfg(feature = "ssr")]
const LONG: usize = 16 << 10;
/// How long a button shows that it has copied, in milliseconds.
const TICK: u32 = 1_500;

#[component]
pub fn MessageView(thread: Thread, live: Live) -> impl IntoView {
    let (id, role) = live.message.with_untracked(|message| (message.id, message.role));
    let (signal, replaced) = (RwSignal::from(live.message), live.replaced);
    let status = Memo::new(move |_| signal.read().status);
    let count = Memo::new(move |_| signal.read().parts.len());
    let error = Memo::new(move |_| signal.read().error.clone());
    let growth = Growth::of(signal);
    if role == Role::Assistant {
        announce_end(signal, status);
    }
    let article = NodeRef::<html::Article>::new();
    let label = match role {
        Role::User => "You",
        Role::Assistant => "Assistant",
    };
    view! {
        <article
            node_ref=article
            class="message"
            aria-label=label
            data-message-id=id.to_string()
            data-status=move || status.get().as_str()
            aria-busy=move || (!status.get().is_final()).to_string()
            on:click=copy_code
        >
            <For each=move || parts(replaced.get(), count.get()) key=|part| *part let((_, index))>
                <PartView signal index grown=growth.of_part(index) />
            </For>
            {move || (count.get() == 0 && !status.get().is_final()).then(|| view! { <p class="waiting" aria-label="Waiting for the first words"></p> })}
            {move || error.get().map(|error| view! { <p class="notice" role="note">{error}</p> })}
            {move || {
                (status.get() == Status::Interrupted)
                    .then(|| {
                        let next = if signal.with_untracked(has_words) {
                            "Press Continue to have the rest written."
                        } else {
                            "Press Retry to ask again."
                        };
                        view! { <p class="notice" role="note">"The server stopped before this reply was finished. " {next}</p> }
                    })
            }}
            {move || (status.get() == Status::Stopped).then(|| view! { <p class="aside">"Stopped."</p> })}
            <Actions thread signal id role status />
        </article>
    }
    .into_any()
}

/// Each part, as of the message's last replacement.
fn parts(replaced: u32, count: usize) -> impl Iterator<Item = (u32, usize)> {
    (0..count).map(move |index| (replaced, index))
}

/// A trigger for each part, so that a change costs what it changes, however many parts there are.
#[derive(Clone, Copy)]
struct Growth(StoredValue<Vec<ArcTrigger>>);

impl Growth {
    fn of(signal: RwSignal<Message>) -> Self {
        let growth = Self(StoredValue::new(Vec::new()));
        // Only the last part grows; the one that was last ends when another follows it.
        Effect::new(move |last: Option<usize>| {
            let now = signal.read().parts.len().saturating_sub(1);
            for index in last.unwrap_or(now).min(now)..=now {
                growth.of_part(index).notify();
            }
            now
        });
        growth
    }

    fn of_part(self, index: usize) -> ArcTrigger {
        self.0
            .try_update_value(|triggers| {
                triggers.resize_with(triggers.len().max(index + 1), ArcTrigger::new);
                triggers[index].clone()
            })
            .unwrap_or_default()
    }
}

/// One part. Its kind was fixed at its birth. `grown` is notified when it may have changed.
#[component]
fn PartView(signal: RwSignal<Message>, index: usize, grown: ArcTrigger) -> impl IntoView {
    let role = signal.with_untracked(|message| message.role);
    let kind = signal.with_untracked(|message| message.parts.get(index).map(|part| part.kind.clone()));
    match kind {
        Some(Kind::Text) if role == Role::User => view! { <PlainText signal index grown name="text" /> }.into_any(),
        Some(Kind::Text) => view! { <MarkdownText signal index grown /> }.into_any(),
        Some(Kind::Thinking) => view! { <Thinking signal index grown /> }.into_any(),
        Some(Kind::ToolCall { name, .. }) => view! { <p class="aside">"Used " {name}</p> }.into_any(),
        Some(Kind::ToolResult { .. }) | None => ().into_any(),
    }
}

/// Runs `take` with the part's text and whether it may still grow, whenever that changes.
fn each_growth(signal: RwSignal<Message>, index: usize, grown: ArcTrigger, mut take: impl FnMut(&str, bool) + 'static) {
    Effect::new(move |before: Option<(usize, bool)>| {
        grown.track();
        let message = signal.read_untracked();
        let Some(part) = message.parts.get(index) else { return (0, true) };
        let growing = !message.status.is_final() && index + 1 == message.parts.len();
        let now = (part.text.len(), growing);
        if before != Some(now) {
            take(&part.text, growing);
        }
        now
    });
}

#[component]
fn MarkdownText(signal: RwSignal<Message>, index: usize, grown: ArcTrigger) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let (mut document, html) = signal.with_untracked(|message| {
        let growing = !message.status.is_final() && index + 1 == message.parts.len();
        let text = message.parts.get(index).map_or("", |part| &part.text);
        apart(text.len(), || {
            let document = Document::new(text, growing);
            let html = Html::of(&document);
            (document, html)
        })
    });
    each_growth(signal, index, grown, move |text, growing| {
        if let Some(node) = node.get_untracked() {
            dom::apply(&node, document.update(text, growing));
        }
    });
    #[cfg(feature = "inspect")]
    super::inspect::expose_source(signal, index, node);
    view! { <div class="prose" data-part="text" node_ref=node inner_html=html></div> }
}

/// Renders a text of so many bytes: on the server a long one where it holds up no other request.
fn apart<T>(_length: usize, render: impl FnOnce() -> T) -> T {
    #[cfg(feature = "ssr")]
    {
        use tokio::runtime::{Handle, RuntimeFlavor};
        let many = || Handle::try_current().is_ok_and(|here| here.runtime_flavor() == RuntimeFlavor::MultiThread);
        if _length > LONG && many() {
            return tokio::task::block_in_place(render);
        }
    }
    render()
}

/// Text as it was written.
#[component]
fn PlainText(signal: RwSignal<Message>, index: usize, grown: ArcTrigger, name: &'static str) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let text =
        signal.with_untracked(|message| message.parts.get(index).map(|part| part.text.clone()).unwrap_or_default());
    let mut shown = text.len();
    each_growth(signal, index, grown, move |text, _| {
        if let Some(node) = node.get_untracked() {
            if let Some(more) = text.get(shown..) {
                dom::append_text(&node, more);
            }
            shown = text.len();
        }
    });
    #[cfg(feature = "inspect")]
    super::inspect::expose_source(signal, index, node);
    view! {
        <div class="plain" dir="auto" data-part=name node_ref=node>
            {text}
        </div>
    }
}

/// Live while it comes, folded once something else does.
#[component]
fn Thinking(signal: RwSignal<Message>, index: usize, grown: ArcTrigger) -> impl IntoView {
    let changed = grown.clone();
    let took = Memo::new(move |_| {
        changed.track();
        let message = signal.read_untracked();
        let start = message.parts.get(index)?.started_at;
        let end = message.parts.get(index + 1).map(|next| next.started_at).or(message.ended_at)?;
        Some((end - start).max(0))
    });
    let title = move || match took.get() {
        None => "Thinking…".to_owned(),
        Some(..1_000) => "Thought for a moment".to_owned(),
        Some(ms @ ..60_000) => format!("Thought for {} s", ms / 1_000),
        Some(ms) => format!("Thought for {} min {} s", ms / 60_000, ms / 1_000 % 60),
    };
    let open = untrack(move || took.get().is_none());
    let node = NodeRef::<html::Details>::new();
    Effect::new(move |before: Option<bool>| {
        let over = took.get().is_some();
        if over
            && before == Some(false)
            && let Some(node) = node.get_untracked()
        {
            node.set_open(false);
        }
        over
    });
    view! {
        <details class="thinking" open=open node_ref=node>
            <summary>{title}</summary>
            <PlainText signal index grown name="thinking" />
        </details>
    }
}

#[component]
fn Actions(
    thread: Thread,
    signal: RwSignal<Message>,
    id: MessageId,
    role: Role,
    status: Memo<Status>,
) -> impl IntoView {
    let failure = RwSignal::new(None::<String>);
    let show = move |result: Result<(), crate::error::Failure>| {
        drop(failure.try_set(result.err().map(|error| error.to_string())))
    };
    let model = move || thread.model.get_untracked();
    // The pressed button goes; the cursor must not go with it.
    let retry = move |_| {
        focus_composer();
        spawn_local(async move { show(api::retry(id, model()).await) });
    };
    let resume = move |_| {
        focus_composer();
        let epoch = signal.read_untracked().epoch;
        spawn_local(async move { show(api::resume(id, epoch, model()).await) });
    };
    let free = Memo::new(move |_| role == Role::Assistant && thread.running().is_none());
    let tokens = Memo::new(move |_| signal.read().usage.map(|usage| usage.output_tokens).filter(|count| *count > 0));
    let sending = Memo::new(move |_| thread.is_sending(id));
    view! {
        <div class="actions" hidden=move || !status.get().is_final()>
            {(role == Role::Assistant).then(|| view! { <Attempts thread id /> })}
            <Show when=move || sending.get() fallback=move || view! { <Copy signal /> }>
                <span class="sending">"Sending…"</span>
            </Show>
            <Show when=move || free.get()>
                <button type="button" class="icon-button" aria-label="Retry" title="Retry" on:click=retry>
                    <icon::Icon path=icon::RETRY />
                </button>
            </Show>
            <Show when=move || free.get() && status.get().can_resume() && signal.with_untracked(has_words)>
                <button type="button" class="icon-button named" aria-label="Continue" title="Continue" on:click=resume>
                    <icon::Icon path=icon::CONTINUE />
                    "Continue"
                </button>
            </Show>
            {move || tokens.get().map(|count| view! { <small class="usage">{count} {if count == 1 { " token" } else { " tokens" }}</small> })}
        </div>
        <crate::ui::Notice text=failure />
        {(role == Role::Assistant).then(|| view! { <p class="writer">{move || (status.get(), signal.with_untracked(writer)).1}</p> })}
    }
    .into_any()
}

/// Whether there is something that a model can continue with.
fn has_words(message: &Message) -> bool {
    !message.text().trim().is_empty()
}

/// The model's own name, without its provider's.
fn writer(message: &Message) -> String {
    let key = message.model.as_deref().unwrap_or("Reply");
    key.split_once('/').map_or(key, |(_, name)| name).to_owned()
}

/// Copies the message as it was written, and shows a tick for a moment.
#[component]
fn Copy(signal: RwSignal<Message>) -> impl IntoView {
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let text = signal.read_untracked().text();
        spawn_local(async move {
            let done = browser::copy(&text).await;
            announce(copied_or_not(done));
            copied.try_set(Some(done));
            TimeoutFuture::new(TICK).await;
            copied.try_set(None);
        });
    };
    let path = move || match copied.get() {
        None => icon::COPY,
        Some(true) => icon::TICK,
        Some(false) => icon::CLOSE,
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label="Copy"
            title=move || copied.get().map_or("Copy", copied_or_not)
            data-copied=move || copied.get().map(|done| done.to_string())
            on:click=copy
        >
            {move || view! { <icon::Icon path=path() /> }}
        </button>
    }
}

/// `‹ 2/2 ›`: pages through the attempts in one place.
#[component]
fn Attempts(thread: Thread, id: MessageId) -> impl IntoView {
    let attempts = Memo::new(move |_| thread.attempts(id));
    let at = Memo::new(move |_| attempts.read().iter().position(|attempt| *attempt == id).unwrap_or(0));
    let (left, right) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    // The button that brought this attempt here keeps the cursor; at the end of the line, the other one.
    Effect::new(move |_| {
        let (Some(left), Some(right)) = (left.get(), right.get()) else { return };
        let Some((_, step)) = thread.paged.get_value().filter(|(to, _)| *to == id) else { return };
        thread.paged.set_value(None);
        request_animation_frame(move || {
            let (pressed, other) = if step < 0 { (left, right) } else { (right, left) };
            let _ = if pressed.disabled() { other.focus() } else { pressed.focus() };
        });
    });
    let show = move |step: isize| {
        let to = at.get_untracked().checked_add_signed(step).and_then(|at| attempts.read_untracked().get(at).copied());
        if let Some(to) = to {
            thread.paged.set_value(Some((to, step)));
            spawn_local(async move {
                if let Err(error) = api::show_attempt(to).await {
                    leptos::logging::warn!("{error}");
                }
            });
        }
    };
    let count = move || attempts.read().len();
    let is_last = move || at.get() + 1 >= count();
    let are_several = move || count() > 1;
    view! {
        <Show when=are_several>
            <span class="attempts">
                <button node_ref=left type="button" class="icon-button" aria-label="Earlier attempt" title="Earlier attempt" disabled=move || at.get() == 0 on:click=move |_| show(-1)>
                    <icon::Icon path=icon::LEFT />
                </button>
                <span>{move || at.get() + 1} "/" {count}</span>
                <button node_ref=right type="button" class="icon-button" aria-label="Later attempt" title="Later attempt" disabled=is_last on:click=move |_| show(1)>
                    <icon::Icon path=icon::RIGHT />
                </button>
            </span>
        </Show>
    }
}

/// Tells a screen reader of a finished reply, once, and only if it ended while the page was open.
fn announce_end(signal: RwSignal<Message>, status: Memo<Status>) {
    Effect::new(move |before: Option<bool>| {
        let over = status.get().is_final();
        if over && before == Some(false) {
            announce(&signal.with_untracked(ending));
        }
        over
    });
}

/// How a reply ended, in a sentence.
fn ending(message: &Message) -> String {
    match (message.status, &message.error) {
        (Status::Failed, Some(error)) => format!("The reply failed: {error}"),
        (Status::Failed, None) => "The reply failed.".into(),
        (Status::Stopped, _) => "The reply was stopped.".into(),
        (Status::Interrupted, _) => "The reply was interrupted.".into(),
        _ => "The reply is finished.".into(),
    }
}

/// The Copy button of a code block, which is part of the rendered text and so has no handler of its own.
fn copy_code(event: web_sys::MouseEvent) {
    let button = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .filter(|target| target.has_attribute("data-copy"));
    let Some(button) = button else { return };
    let code = button.closest(".code").ok().flatten().and_then(|block| block.query_selector("code").ok().flatten());
    let Some(text) = code.and_then(|code| code.text_content()) else { return };
    spawn_local(async move {
        let word = copied_or_not(browser::copy(&text).await);
        announce(word);
        button.set_text_content(Some(word));
        TimeoutFuture::new(TICK).await;
        button.set_text_content(Some("Copy"));
    });
}

fn copied_or_not(copied: bool) -> &'static str {
    if copied { "Copied" } else { "Not copied" }
}
