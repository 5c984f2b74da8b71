//! A conversation on the page.

use leptos::{html, prelude::*};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    address::{follow_plain_link, keep_address, plain},
    api::PageData,
    bar::{Bar, BarButton, Trouble},
    branch::Branch,
    composer::Composer,
    dialogs::{DeleteDialog, RenameDialog, RetryDialog},
    draft::focus_composer,
    gauge::SummariseEntry,
    message_view::{MessageView, editor::left_open},
    page_context::PageContext,
    queue_view::QueueView,
    scroll,
    seen::keep_seen,
    selection_toolbar::SelectionToolbar,
    sidebar_lists::SidebarContext,
    steering::{dialog::OptionsDialog, form::Target},
    temporary::{TemporaryActions, keep_apart},
    thread::{Contents, Shown, Thread},
    together_view::TogetherView,
    usage_dialog::UsageDialog,
};
use crate::{
    conversation::{Conversation, MessagePage, queue::QueuePage, ratings::RatedRows},
    error::Failure,
    ids::{ConversationId, MessageId},
    language::t,
    ui::{NotFound, icon, menu::Menu},
};

/// How close to the beginning one scrolls before more is loaded, in CSS pixels.
const NEAR: i32 = 800;
/// How far from the newest words "Jump to latest" appears, in CSS pixels.
const FAR: i32 = 240;
/// Up to here the reader is at the end, in CSS pixels.
const AT_END: i32 = 4;

/// What a page was rendered with: a window of the conversation, what waits there to be sent, and the reader's ratings.
pub type Rendered = (Result<MessagePage, Failure>, Result<QueuePage, Failure>, Result<RatedRows, Failure>);

/// `named`: the message that the address names. `first`: what the page was rendered with; else it is asked for.
#[component]
pub fn ThreadView(
    page_data: PageData,
    id: ConversationId,
    named: Option<MessageId>,
    first: Option<Rendered>,
) -> impl IntoView {
    let PageContext { connection, outbox, menu, is_looked_at, .. } = expect_context();
    let thread = Thread::new(id, (page_data.user, page_data.clock), named, connection, outbox, menu);
    if let Some((messages, queue, ratings)) = first {
        ratings.into_iter().for_each(|ratings| thread.ratings.take(ratings));
        thread.open(messages);
        queue.into_iter().for_each(|queue| thread.queue.open(queue));
    }
    Effect::new(move |_| thread.load());
    Effect::new(move |_| thread.take_answer());
    thread.keep_queue();
    Effect::new(move |restored| restore_edit(thread, restored));
    let listed = listed(thread);
    let title = title_of(thread, listed);
    let row = Memo::new(move |_| listed.get().or_else(|| thread.given.get()));
    keep_seen(thread, row, is_looked_at);
    thread.ratings.keep_reading(row);
    let begun = begin(thread, listed);
    // Whatever changes in its row after it was gone: it may be back.
    Effect::new(move |_| {
        if listed.read().is_some() {
            untrack(|| thread.follow_again());
        }
    });
    on_cleanup(move || thread.leave());
    keep_apart(thread, listed);
    keep_address(thread);
    follow_plain_link(thread);
    let [renaming, deleting, steering, counting] = [(); 4].map(|()| RwSignal::new(false));
    let is_missing = move || *thread.contents.read() == Contents::Failed(Failure::NotFound);
    view! {
        // The document's title is asked for once more after this page has gone.
        <Title text=move || title.try_get().unwrap_or_default() />
        <ThreadBar thread title is_shown=Signal::derive(move || begun.get() && !is_missing()) dialogs=[renaming, deleting, steering, counting] />
        {move || match thread.contents.get() {
            Contents::Failed(Failure::NotFound) => view! { <NotFound /> }.into_any(),
            Contents::Failed(failure) => view! { <Trouble failure /> }.into_any(),
            Contents::Loading | Contents::Ready => ().into_any(),
        }}
        <Scroller thread />
        <QueueView thread menu />
        <Show when=move || !is_missing()>
            <Composer page_data=page_data.clone() thread=Some(thread) />
        </Show>
        <RenameDialog id open=renaming title />
        <DeleteDialog thread open=deleting title />
        <RetryDialog thread menu />
        <OptionsDialog target=Target::Conversation(id, thread.model) open=steering />
        <UsageDialog thread open=counting />
    }
    .into_any()
}

/// The bar over it. `dialogs`: what its buttons open.
#[component]
fn ThreadBar(
    thread: Thread,
    title: Memo<String>,
    is_shown: Signal<bool>,
    dialogs: [RwSignal<bool>; 4],
) -> impl IntoView {
    let [renaming, deleting, steering, counting] = dialogs;
    view! {
        <Bar title>
            <Show when=move || is_shown.get()>
                <Show
                    when=move || thread.temporary.get()
                    fallback=move || view! { <BarButton label=t().thread.rename path=icon::PENCIL open=renaming /> }
                >
                    <TemporaryActions thread />
                </Show>
                <BarButton label=t().thread.options path=icon::SLIDERS open=steering />
                <Show when=move || !thread.temporary.get()>
                    <BarButton label=t().thread.delete path=icon::BIN open=deleting />
                </Show>
                <Menu id="conversation-menu".into() label=t().thread.menu>
                    <button type="button" on:click=move |_| counting.set(true)>
                        {t().thread.usage}
                    </button>
                    <SummariseEntry thread />
                </Menu>
            </Show>
        </Bar>
    }
}

/// The conversation as the sidebar has it, if it does.
fn listed(thread: Thread) -> Memo<Option<Conversation>> {
    let sidebar = use_context::<SidebarContext>();
    Memo::new(move |_| sidebar.and_then(|sidebar| sidebar.row(thread.id)))
}

/// Opens the editor again that was open when the page was left, once.
fn restore_edit(thread: Thread, restored: Option<bool>) -> bool {
    let is_ready = thread.is_ready();
    if is_ready && restored != Some(true) {
        untrack(|| thread.editing.set(left_open(thread)));
    }
    is_ready
}

/// As the sidebar has it, or else as it was loaded.
fn title_of(thread: Thread, listed: Memo<Option<Conversation>>) -> Memo<String> {
    Memo::new(move |_| {
        if thread.temporary.get() {
            return t().temporary.label.to_owned();
        }
        let title = listed.read().as_ref().map(|row| row.title.clone());
        title.unwrap_or_else(|| thread.given_title.get())
    })
}

/// Whether the conversation is on the server; it is followed from then on. Leaves the page of one that does not come to be.
fn begin(thread: Thread, listed: Memo<Option<Conversation>>) -> Memo<bool> {
    let is_refused = move || thread.outbox.with(|all| all.is_refused_first(thread.id));
    let begun = Memo::new(move |_| {
        let is_under_way =
            || thread.outbox.with(|all| all.pending(thread.id).is_some_and(|sending| all.is_sending(sending.id)));
        !thread.begins_here || !(is_under_way() || is_refused()) || listed.read().is_some()
    });
    let navigate = use_navigate();
    Effect::new(move |_| {
        let is_missing = *thread.contents.read() == Contents::Failed(Failure::NotFound);
        let new = if thread.temporary.get_untracked() { "/?temporary" } else { "/" };
        match is_refused() {
            _ if begun.get() && thread.is_ready() => untrack(|| thread.go_live()),
            // To the composer that it was written in.
            true if !begun.get() => navigate(new, NavigateOptions { replace: true, ..Default::default() }),
            // The page was loaded anew. (The router goes nowhere this soon after hydration.)
            true if is_missing => drop(window().location().replace(new)),
            _ => {}
        }
    });
    begun
}

/// The messages, from the newest up.
#[component]
fn Scroller(thread: Thread) -> impl IntoView {
    let far = RwSignal::new(false);
    let scroller = NodeRef::<html::Div>::new();
    // The column is laid out from the bottom up, so a scroll position counts from the newest words, and is negative.
    let look = move || {
        let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
        let from_end = -scroller.scroll_top();
        let is_more_after = thread.branch.with_untracked(|branch| branch.last().is_some());
        far.set(from_end > FAR || is_more_after);
        let is_at_end = from_end <= AT_END && !is_more_after;
        if thread.is_at_end.get_untracked() != is_at_end {
            thread.is_at_end.set(is_at_end);
        }
        if from_end + scroller.client_height() + NEAR > scroller.scroll_height() {
            thread.load_earlier();
        } else if from_end < NEAR {
            thread.load_later();
        }
    };
    if let Some(named) = thread.named {
        Effect::new(move |shown: Option<bool>| {
            let is_ready = thread.is_ready();
            if is_ready && shown != Some(true) {
                scroll::show(named);
            }
            is_ready
        });
    }
    // At first and after each load: messages that do not fill the window cannot be scrolled.
    Effect::new(move |_| {
        if thread.is_ready() && !thread.settling.get() {
            request_animation_frame(look);
        }
    });
    let to_newest = move || {
        if thread.branch.with_untracked(|branch| branch.last().is_some()) {
            thread.load_newest();
        }
        if let Some(scroller) = scroller.try_get_untracked().flatten() {
            scroller.set_scroll_top(0);
        }
    };
    let pending = Memo::new(move |_| thread.pending());
    // What one sends, one sees.
    Effect::new(move |_| {
        if pending.get().is_some() {
            request_animation_frame(to_newest);
        }
    });
    let jump = move |_| {
        to_newest();
        focus_composer();
    };
    let elsewhere = Memo::new(move |_| thread.branch.read().elsewhere());
    let is_loading = move || *thread.contents.read() == Contents::Loading;
    view! {
        <div
            class="scroller"
            class:settling=move || thread.settling.get()
            hidden=move || matches!(*thread.contents.read(), Contents::Failed(_))
            node_ref=scroller
            on:scroll=move |_| look()
            tabindex="0"
            role="region"
            aria-label=t().thread.conversation_label
            aria-busy=move || is_loading().then_some("true")
        >
            <div class="column">
                <noscript>{earlier_link(thread)}</noscript>
                <Show when=is_loading>
                    <div class="skeleton" aria-hidden="true">
                        <p></p>
                        <p></p>
                        <p></p>
                        <p></p>
                    </div>
                </Show>
                <For each=move || thread.shown() key=|shown| *shown let(shown)>
                    {match shown {
                        Shown::Message(id, role) => view! { <MessageView thread live=thread.message(id, role) /> }.into_any(),
                        Shown::Together(_) => view! { <TogetherView thread /> }.into_any(),
                    }}
                </For>
                <noscript>{later_links(thread)}</noscript>
                <SelectionToolbar thread />
            </div>
        </div>
        {move || elsewhere.get().map(|id| elsewhere_link(thread, id))}
        <Show when=move || thread.gone.get() && !thread.deleting.get()>
            <p class="notice" role="alert">
                {t().thread.gone}
            </p>
        </Show>
        <button type="button" class="jump" hidden=move || !far.get() on:click=jump>
            <icon::Icon path=icon::DOWN />
            {t().thread.jump}
        </button>
    }
}

/// The way to what is earlier without scripts.
fn earlier_link(thread: Thread) -> Option<impl IntoView> {
    let first = thread.branch.with_untracked(Branch::first)?;
    Some(view! { <a href=format!("/c/{}?m={first}#{first}", thread.id)>{t().thread.earlier_messages}</a> })
}

/// The same to what is later.
fn later_links(thread: Thread) -> Option<impl IntoView> {
    let last = thread.branch.with_untracked(Branch::last)?;
    Some(view! {
        <a href=format!("/c/{}?m={last}#{last}", thread.id)>{t().thread.later_messages}</a>
        <a href=plain(thread.id)>{t().thread.latest_messages}</a>
    })
}

/// Where another person has written meanwhile. It moves nobody.
fn elsewhere_link(thread: Thread, id: MessageId) -> impl IntoView {
    view! {
        <p class="aside elsewhere" role="status">
            {t().thread.elsewhere}
            " "
            <a href=format!("{}?m={id}#{id}", plain(thread.id))>{t().thread.go_there}</a>
        </p>
    }
}
