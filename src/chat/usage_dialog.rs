//! What the replies of a conversation have cost.

use leptos::{prelude::*, task::spawn_local};

use super::{steering::api, thread::Thread};
use crate::{
    conversation::ConversationUsage,
    error::Failure,
    language::t,
    message::Usage,
    ui::{Notice, dialog::Dialog},
};

#[component]
pub fn UsageDialog(thread: Thread, open: RwSignal<bool>) -> impl IntoView {
    let loaded = RwSignal::new(None::<Result<ConversationUsage, Failure>>);
    Effect::new(move |_| {
        if open.get() {
            loaded.set(None);
            spawn_local(async move {
                let answer = api::read_usage(thread.id).await;
                loaded.try_set(Some(answer));
            });
        }
    });
    let failure = Signal::derive(move || loaded.get()?.err().map(|why| why.to_string()));
    view! {
        <Dialog open label=t().usage.heading>
            <Show when=move || open.get()>
                <Notice text=failure />
                {move || loaded.get().and_then(Result::ok).map(|sum| view! { <Sum sum /> })}
                <div class="row">
                    <button type="button" on:click=move |_| open.set(false)>
                        {t().usage.close}
                    </button>
                </div>
            </Show>
        </Dialog>
    }
}

#[component]
fn Sum(sum: ConversationUsage) -> impl IntoView {
    let texts = &t().usage;
    let ConversationUsage { replies, without_cost, usage } = sum;
    let Usage { input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost } = usage;
    let rows = [
        (texts.replies, Some((texts.number)(replies))),
        (texts.input, Some((texts.number)(input_tokens))),
        (texts.cached, (cached_tokens > 0).then(|| (texts.number)(cached_tokens))),
        (texts.output, Some((texts.number)(output_tokens))),
        (texts.reasoning, (reasoning_tokens > 0).then(|| (texts.number)(reasoning_tokens))),
        (texts.cost, cost.map(t().message.cost)),
    ];
    let row = |(name, value): (&'static str, Option<String>)| {
        value.map(|value| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    };
    view! {
        <dl class="sum">{rows.map(row).into_iter().collect_view()}</dl>
        {(without_cost > 0).then(|| view! { <p class="aside">{(texts.without_cost)(without_cost)}</p> })}
        <p class="aside">{texts.hint}</p>
    }
}
