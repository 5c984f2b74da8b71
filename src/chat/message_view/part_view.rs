//! One part of a message on the page: what it shows of its text, and how that grows.

use leptos::{html, prelude::*};

use super::summary::LeftOut;
use crate::{
    chat::thread::Thread,
    language::t,
    markdown::{Document, Html, dom},
    message::{Kind, Message, Role},
};

/// From how many bytes on a text is rendered apart from the server's other work.
#[cfg(feature = "ssr")]
const LONG: usize = 16 << 10;

/// A trigger for each part, so that a change costs what it changes, however many parts there are.
#[derive(Clone, Copy)]
pub(super) struct Growth(StoredValue<Vec<ArcTrigger>>);

impl Growth {
    pub fn of(signal: RwSignal<Message>) -> Self {
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

    pub fn of_part(self, index: usize) -> ArcTrigger {
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
pub(super) fn PartView(thread: Thread, signal: RwSignal<Message>, index: usize, grown: ArcTrigger) -> impl IntoView {
    let role = signal.with_untracked(|message| message.role);
    let kind = signal.with_untracked(|message| message.parts.get(index).map(|part| part.kind.clone()));
    match kind {
        Some(Kind::Text) if role == Role::User => view! { <PlainText signal index grown name="text" /> }.into_any(),
        Some(Kind::Text) => view! { <MarkdownText signal index grown /> }.into_any(),
        Some(Kind::Thinking) => view! { <Thinking signal index grown /> }.into_any(),
        Some(Kind::ToolCall { name, .. }) => view! { <p class="aside">{(t().message.used_tool)(&name)}</p> }.into_any(),
        Some(Kind::LeftOut { messages, context }) => view! { <LeftOut thread messages context /> }.into_any(),
        Some(Kind::ToolResult { .. } | Kind::Covered { .. }) | None => ().into_any(),
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
    crate::chat::inspect::expose_source(signal, index, node);
    view! { <div class="prose" data-part="text" data-index=index node_ref=node inner_html=html></div> }
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
    crate::chat::inspect::expose_source(signal, index, node);
    view! {
        <div class="plain" dir="auto" data-part=name data-index=index node_ref=node>
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
        None => t().message.thinking.to_owned(),
        Some(..1_000) => t().message.thought_briefly.to_owned(),
        Some(ms @ ..60_000) => (t().message.thought_seconds)(ms / 1_000),
        Some(ms) => (t().message.thought_minutes)(ms / 60_000, ms / 1_000 % 60),
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
