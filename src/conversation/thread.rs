//! A conversation: its messages, each its own signal, and what may change beside them.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use leptos::{html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;

use super::{
    Head, LONGEST_TITLE, Stretch,
    api::{self, Opening},
    composer::Composer,
    message_view::MessageView,
    page::Bar,
    sidebar::Shelves,
};
use crate::{
    ids::{ConversationId, MessageId},
    live::{
        List,
        connection::{self, Follower, News},
    },
    message::{Message, Role},
    ui::{dialog::Dialog, icon},
};

/// How close to the beginning one scrolls before more is loaded, in CSS pixels.
const NEAR: i32 = 800;
/// How far from the newest words "Jump to latest" appears, in CSS pixels.
const FAR: i32 = 240;

/// The stretch of a conversation that is loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Thread {
    pub id: ConversationId,
    /// By place and attempt.
    heads: RwSignal<BTreeMap<(i64, i64), Head>>,
    messages: StoredValue<HashMap<MessageId, ArcRwSignal<Message>>>,
    rev: StoredValue<i64>,
    more: RwSignal<bool>,
    gone: RwSignal<bool>,
    /// While earlier messages are put in: the list takes every article out and in again, and the browser must not
    /// follow the one that it holds on to.
    settling: RwSignal<bool>,
    /// Whether this page may follow it already: not before hydration has ended.
    live: StoredValue<bool>,
}

impl Thread {
    fn new(stretch: Stretch) -> Thread {
        let heads = stretch.heads.into_iter().map(|head| ((head.place, head.attempt), head));
        let messages = stretch.messages.into_iter().map(|message| (message.id, ArcRwSignal::new(message)));
        Thread {
            id: stretch.conversation.id,
            heads: RwSignal::new(heads.collect()),
            messages: StoredValue::new(messages.collect()),
            rev: StoredValue::new(stretch.rev),
            more: RwSignal::new(stretch.more),
            gone: RwSignal::new(false),
            settling: RwSignal::new(false),
            live: StoredValue::new(false),
        }
    }

    /// What is shown, in order.
    fn shown(self) -> Vec<(MessageId, Role)> {
        self.heads.read().values().filter(|head| head.shown).map(|head| (head.id, head.role)).collect()
    }

    /// The reply that runs, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.heads.read().values().find(|head| !head.status.is_final()).map(|head| head.id)
    }

    /// The attempts in a message's place, in order.
    pub fn attempts(self, id: MessageId) -> Vec<MessageId> {
        let heads = self.heads.read();
        let place = heads.values().find(|head| head.id == id).map(|head| head.place);
        let in_place =
            |place: i64| heads.range((place, i64::MIN)..=(place, i64::MAX)).map(|(_, head)| head.id).collect();
        place.map(in_place).unwrap_or_default()
    }

    /// The model of the last reply.
    pub fn last_model(self) -> Option<String> {
        let heads = self.heads.read_untracked();
        let last = heads.values().rev().find(|head| head.shown && head.role == Role::Assistant)?;
        self.message(last.id, last.role).with_untracked(|message| message.model.clone())
    }

    fn message(self, id: MessageId, role: Role) -> ArcRwSignal<Message> {
        let mut signal = None;
        self.messages.update_value(|messages| {
            let entry = messages.entry(id).or_insert_with(|| ArcRwSignal::new(Message::unseen(id, role)));
            signal = Some(entry.clone());
        });
        signal.unwrap_or_else(|| ArcRwSignal::new(Message::unseen(id, role)))
    }

    /// Takes in what was just sent from here, before the list tells.
    pub fn sent(self, heads: Vec<Head>, messages: Vec<Message>) {
        self.messages.update_value(|known| {
            for message in messages {
                known.entry(message.id).or_insert_with(|| ArcRwSignal::new(message));
            }
        });
        self.take(heads);
    }

    /// Takes in heads. Each applies only if it is newer; one outside the loaded stretch comes when one scrolls there.
    fn take(self, heads: Vec<Head>) {
        self.heads.update(|known| {
            let first = match self.more.get_untracked() {
                true => known.keys().next().map_or(i64::MIN, |(place, _)| *place),
                false => i64::MIN,
            };
            for head in heads.into_iter().filter(|head| head.place >= first) {
                let key = (head.place, head.attempt);
                if known.get(&key).is_none_or(|known| known.rev < head.rev) {
                    known.insert(key, head);
                }
            }
        });
        self.follow_running();
    }

    /// Follows each shown message that runs, or of which the list knows more than its signal.
    fn follow_running(self) {
        if !self.live.get_value() {
            return;
        }
        for head in self.heads.read_untracked().values().filter(|head| head.shown) {
            let signal = self.message(head.id, head.role);
            let behind = signal.with_untracked(|message| {
                !message.status.is_final() || head.epoch != message.epoch && head.epoch.counter >= message.epoch.counter
            });
            if behind {
                connection::follow(signal);
            }
        }
    }

    fn go_live(self) {
        self.live.set_value(true);
        connection::follow_list(
            List::Messages(self.id),
            Follower {
                rev: Box::new(move || self.rev.get_value()),
                take: Rc::new(move |rev, news| match news {
                    News::Heads(heads) => {
                        self.rev.set_value(rev);
                        self.take(heads);
                    }
                    News::Gone => self.gone.set(true),
                    News::Conversations(_) => {}
                }),
            },
        );
        self.follow_running();
    }

    fn leave(self) {
        connection::leave_list(List::Messages(self.id));
        self.messages.with_value(|messages| messages.keys().copied().for_each(connection::leave));
    }

    fn first_place(self) -> Option<i64> {
        self.heads.read().keys().next().map(|(place, _)| *place)
    }

    fn load_earlier(self) {
        let Some(first) = untrack(move || self.first_place()).filter(|_| self.more.get_untracked()) else { return };
        self.more.set(false);
        spawn_local(async move {
            match api::messages(self.id, Some(first)).await {
                Ok(earlier) => {
                    self.settling.set(true);
                    self.sent(earlier.heads, earlier.messages);
                    request_animation_frame(move || request_animation_frame(move || self.settling.set(false)));
                    self.more.set(earlier.more);
                }
                Err(_) => self.more.set(true),
            }
        });
    }
}

#[component]
pub fn ThreadView(opening: Opening, stretch: Stretch) -> impl IntoView {
    let given = stretch.conversation.title.clone();
    let thread = Thread::new(stretch);
    Effect::new(move |_| thread.go_live());
    on_cleanup(move || thread.leave());
    let shelves = use_context::<Shelves>();
    let title = Memo::new(move |_| {
        let live = shelves.and_then(|Shelves(shelf)| shelf.get()).and_then(|shelf| shelf.title(thread.id));
        live.unwrap_or_else(|| given.clone())
    });
    let far = RwSignal::new(false);
    let scroller = NodeRef::<html::Div>::new();
    // The column is laid out from the bottom up, so a scroll position counts from the newest words, and is negative.
    let on_scroll = move |_| {
        let Some(scroller) = scroller.get() else { return };
        let from_end = -scroller.scroll_top();
        far.set(from_end > FAR);
        if from_end + scroller.client_height() + NEAR > scroller.scroll_height() {
            thread.load_earlier();
        }
    };
    let jump = move |_| {
        if let Some(scroller) = scroller.get() {
            scroller.set_scroll_top(0);
        }
    };
    let (renaming, deleting) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <Title text=move || title.get() />
        <Bar title>
            <button type="button" class="icon-button" aria-label="Rename" title="Rename" on:click=move |_| renaming.set(true)>
                <icon::Icon path=icon::PENCIL />
            </button>
            <button type="button" class="icon-button" aria-label="Delete" title="Delete" on:click=move |_| deleting.set(true)>
                <icon::Icon path=icon::BIN />
            </button>
        </Bar>
        <div
            class="scroller"
            class:settling=move || thread.settling.get()
            node_ref=scroller
            on:scroll=on_scroll
            tabindex="0"
            role="region"
            aria-label="Conversation"
        >
            <div class="column">
                <noscript>{earlier_link(thread)}</noscript>
                <For each=move || thread.shown() key=|(id, _)| *id let((id, role))>
                    <MessageView thread signal=thread.message(id, role) />
                </For>
            </div>
        </div>
        <Show when=move || thread.gone.get()>
            <p class="notice" role="alert">
                "This conversation was deleted in another tab."
            </p>
        </Show>
        <button type="button" class="jump" hidden=move || !far.get() on:click=jump>
            <icon::Icon path=icon::DOWN />
            "Jump to latest"
        </button>
        <Composer opening thread=Some(thread) />
        <RenameDialog thread open=renaming title />
        <DeleteDialog thread open=deleting title />
    }
    .into_any()
}

/// The way to what is earlier without scripts.
fn earlier_link(thread: Thread) -> Option<impl IntoView> {
    let first = untrack(move || thread.first_place()).filter(|_| thread.more.get_untracked())?;
    Some(view! { <a href=format!("/c/{}?before={first}", thread.id)>"Earlier messages"</a> })
}

#[component]
fn RenameDialog(thread: Thread, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let failure = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        if open.get()
            && let Some(input) = input.get()
        {
            input.set_value(&title.get_untracked());
            input.select();
            failure.set(None);
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get() else { return };
        let title = input.value();
        spawn_local(async move {
            match api::rename(thread.id, title).await {
                Ok(()) => open.set(false),
                Err(error) => failure.set(Some(error.to_string())),
            }
        });
    };
    view! {
        <Dialog open label="Rename this conversation">
            <form method="dialog" on:submit=submit>
                <label>"Title" <input node_ref=input name="title" maxlength=LONGEST_TITLE required autocomplete="off" /></label>
                <crate::ui::Notice text=failure />
                <div class="row">
                    <button type="button" on:click=move |_| open.set(false)>
                        "Cancel"
                    </button>
                    <button class="primary">"Save"</button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
fn DeleteDialog(thread: Thread, open: RwSignal<bool>, title: Memo<String>) -> impl IntoView {
    let navigate = use_navigate();
    let failure = RwSignal::new(None::<String>);
    let delete = move |_| {
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::delete(thread.id).await {
                Ok(()) => {
                    open.set(false);
                    navigate("/", Default::default());
                }
                Err(error) => failure.set(Some(error.to_string())),
            }
        });
    };
    view! {
        <Dialog open label="Delete this conversation">
            <p>"Delete “" {move || title.get()} "” and everything said in it? This cannot be undone."</p>
            <crate::ui::Notice text=failure />
            <div class="row">
                <button type="button" on:click=move |_| open.set(false)>
                    "Cancel"
                </button>
                <button type="button" class="danger" on:click=delete>
                    "Delete"
                </button>
            </div>
        </Dialog>
    }
}
