//! What is known of a finished reply: who wrote it, how long that took, and what it cost.

use leptos::prelude::*;

use crate::{
    chat::{api::Clock, thread::Thread},
    language::t,
    message::{Message, Role, Usage},
    ui::time::Time,
};

/// When it was said, or ended.
#[component]
pub(super) fn When(thread: Thread, signal: RwSignal<Message>) -> impl IntoView {
    // Of what a person said only its words have a time; and none, before the server has it.
    let at = Memo::new(move |_| {
        let message = signal.read();
        let begun = message.parts.first().filter(|_| message.role == Role::User).map(|part| part.started_at);
        begun.or(message.ended_at).filter(|at| *at > 0)
    });
    let Clock { now, offset } = thread.clock;
    move || at.get().map(|at| view! { <small class="when"><Time at now offset /></small> })
}

#[component]
pub(super) fn Info(signal: RwSignal<Message>) -> impl IntoView {
    let is_over = Memo::new(move |_| signal.read().status.is_final());
    let info = move || is_over.get().then(|| signal.with_untracked(|message| (summary(message), details(message))));
    move || info().map(|(summary, details)| view! { <small class="usage" title=details>{summary}</small> })
}

/// In one line, what is known of it.
fn summary(message: &Message) -> String {
    let tenths = tenths(message);
    let usage = message.usage.unwrap_or_default();
    let tokens = Some(usage.output_tokens).filter(|count| *count > 0);
    let items = [
        message.model.as_deref().map(|key| model_name(key).to_owned()),
        tenths.map(t().message.seconds),
        tokens.map(t().message.output_tokens),
        tokens
            .zip(tenths.filter(|tenths| *tenths > 0))
            .map(|(tokens, tenths)| (t().message.tokens_a_second)(tokens * 10 / tenths)),
        usage.cost.map(t().message.cost),
    ];
    items.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What the provider counted beside that.
fn details(message: &Message) -> String {
    let Some(Usage { input_tokens, cached_tokens, reasoning_tokens, .. }) = message.usage else { return String::new() };
    let items = [
        Some(input_tokens).filter(|count| *count > 0).map(t().message.input_tokens),
        Some(cached_tokens).filter(|count| *count > 0).map(t().message.cached_tokens),
        Some(reasoning_tokens).filter(|count| *count > 0).map(t().message.reasoning_tokens),
    ];
    items.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How long it was written, in tenths of a second: from its first words until it ended.
fn tenths(message: &Message) -> Option<u64> {
    let begun = message.parts.first()?.started_at;
    u64::try_from(message.ended_at?.checked_sub(begun)?).ok().map(|time| time / 100)
}

/// The model's own name, without its provider's.
pub fn model_name(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}
