//! How much of the model's context is taken, where that is worth knowing before one sends.

use leptos::{prelude::*, task::spawn_local};

use super::{api, branch::Branch, message_view::summary::summarise, model_menu::OfferedModels, thread::Thread};
use crate::{
    conversation::context::{Budget, ContextUse},
    language::t,
    ui::{menu::Menu, toast::Toasts},
};

/// From so many per cent on it is shown, and from so many on it is a warning.
const SHOWN: u64 = 50;
const HIGH: u64 = 80;
/// Of the ring, in a box of 20.
const RADIUS: u32 = 8;

/// `typed`: the tokens of what stands in the composer.
#[component]
pub fn Gauge(
    thread: Option<Thread>,
    menu: OfferedModels,
    model: RwSignal<String>,
    typed: RwSignal<u64>,
) -> impl IntoView {
    let stored = RwSignal::new(None::<ContextUse>);
    if let Some(thread) = thread {
        keep_stored(thread, stored);
    }
    let context = Memo::new(move |_| {
        let empty = |context| ContextUse { used: 0, budget: Budget::new(context, None, None) };
        let stored = stored.get().or_else(|| menu.context(&model.read()).map(empty))?;
        Some(ContextUse { used: stored.used + typed.get(), ..stored })
    });
    let percent = Memo::new(move |_| context.get().map_or(0, ContextUse::percent));
    let is_shown = Memo::new(move |_| percent.get() >= SHOWN);
    let level = move || match percent.get() {
        101.. => "full",
        HIGH.. => "high",
        _ => "half",
    };
    let label = Signal::derive(move || (t().context.label)(percent.get()));
    let sentence = move || context.get().map(sentence);
    view! {
        <Show when=move || is_shown.get()>
            <span class="gauge" data-level=level title=sentence>
                <Menu id="context".into() label face=move || view! { <Ring percent /> {move || percent.get()} "\u{202f}%" }>
                    <p>{sentence}</p>
                    {thread.map(|thread| view! { <SummariseEntry thread /> })}
                </Menu>
            </span>
        </Show>
    }
}

/// Has the branch on which the page is summarised, from a menu.
#[component]
pub fn SummariseEntry(thread: Thread) -> impl IntoView {
    let toasts: Toasts = expect_context();
    let can = Memo::new(move |_| thread.can_summarise());
    view! {
        <button type="button" disabled=move || !can.get() title=t().context.summarise_hint on:click=move |_| summarise(thread, toasts)>
            {t().message.summarise}
        </button>
    }
}

/// A ring that closes as it fills.
#[component]
fn Ring(percent: Memo<u64>) -> impl IntoView {
    view! {
        <svg class="ring" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
            <circle cx="10" cy="10" r=RADIUS />
            <circle cx="10" cy="10" r=RADIUS pathLength="100" stroke-dasharray=move || format!("{} 100", percent.get().min(100)) />
        </svg>
    }
}

/// In words, and in tokens.
fn sentence(context: ContextUse) -> String {
    let ContextUse { used, budget } = context;
    let what = (t().context.used)(used, budget.context, budget.answer);
    if context.percent() > 100 { format!("{what} {}", t().context.full) } else { what }
}

/// Asks the server what the branch takes, whenever that may have changed.
fn keep_stored(thread: Thread, stored: RwSignal<Option<ContextUse>>) {
    // Options and messages both count in the list.
    let asked = Memo::new(move |_| {
        let leaf = thread.branch.with(Branch::leaf)?;
        Some((leaf, thread.running().is_some(), thread.branch.with(Branch::position), thread.model.get()))
    });
    Effect::new(move |_| {
        let Some((leaf, false, _, model)) = asked.get() else { return };
        spawn_local(async move {
            let answer = api::read_context(thread.id, leaf, model.clone()).await;
            let is_newest = asked
                .try_with_untracked(|asked| asked.as_ref().is_some_and(|(now, .., by)| *now == leaf && *by == model));
            if let Ok(answer) = answer
                && is_newest == Some(true)
            {
                stored.set(answer);
            }
        });
    });
}
