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
    composer::{Composer, chosen, forget_draft},
    message_view::MessageView,
    page::Bar,
    sidebar::Shelves,
};
use crate::{
    ids::{ConversationId, MessageId},
    live::{
        List,
        connection::{self, Follower, Live, News},
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
    /// The model that is chosen for what comes next.
    pub model: RwSignal<String>,
    /// The attempt that was paged to from here, and which way, until it has come.
    pub paged: StoredValue<Option<(MessageId, isize)>>,
    /// By place and attempt.
    heads: RwSignal<BTreeMap<(i64, i64), Head>>,
    messages: StoredValue<HashMap<MessageId, Live>>,
    rev: StoredValue<i64>,
    /// The place from which on it is loaded; `i64::MIN` if nothing is before it. Heads of earlier places are kept too,
    /// for when one scrolls there.
    from: RwSignal<i64>,
    /// Whether earlier messages are under way.
    loading: StoredValue<bool>,
    gone: RwSignal<bool>,
    /// Whether it is being deleted from here, which nobody needs to be told.
    deleting: RwSignal<bool>,
    /// While earlier messages are put in: the list takes every article out and in again, and the browser must not
    /// follow the one that it holds on to.
    settling: RwSignal<bool>,
    /// Whether this page may follow it already: not before hydration has ended.
    live: StoredValue<bool>,
}

impl Thread {
    fn new(stretch: Stretch, opening: &Opening) -> Thread {
        let last = stretch.messages.iter().rev().find_map(|message| message.model.clone());
        let model = chosen(&opening.models, last, opening.model.clone());
        let from = beginning(&stretch);
        let mut heads = BTreeMap::new();
        heads.extend(stretch.heads.into_iter().map(|head| ((head.place, head.attempt), head)));
        let messages = stretch.messages.into_iter().map(|message| (message.id, Live::new(message)));
        Thread {
            id: stretch.conversation.id,
            model: RwSignal::new(model),
            paged: StoredValue::new(None),
            heads: RwSignal::new(heads),
            messages: StoredValue::new(messages.collect()),
            rev: StoredValue::new(stretch.rev),
            from: RwSignal::new(from),
            loading: StoredValue::new(false),
            gone: RwSignal::new(false),
            deleting: RwSignal::new(false),
            settling: RwSignal::new(false),
            live: StoredValue::new(false),
        }
    }

    /// What is shown, in order.
    fn shown(self) -> Vec<(MessageId, Role)> {
        let from = self.from.get();
        let heads = self.heads.read();
        let loaded = heads.range((from, i64::MIN)..).map(|(_, head)| head);
        loaded.filter(|head| head.shown).map(|head| (head.id, head.role)).collect()
    }

    /// The reply that runs, if one does.
    pub fn running(self) -> Option<MessageId> {
        self.heads.read().values().find(|head| !head.status.is_final()).map(|head| head.id)
    }

    /// Whether the list has told of it.
    pub fn knows(self, id: MessageId) -> bool {
        self.heads.read().values().any(|head| head.id == id)
    }

    /// The attempts in a message's place, in order.
    pub fn attempts(self, id: MessageId) -> Vec<MessageId> {
        let heads = self.heads.read();
        let place = heads.values().find(|head| head.id == id).map(|head| head.place);
        let in_place =
            |place: i64| heads.range((place, i64::MIN)..=(place, i64::MAX)).map(|(_, head)| head.id).collect();
        place.map(in_place).unwrap_or_default()
    }

    fn message(self, id: MessageId, role: Role) -> Live {
        let unseen = || Live::new(Message::unseen(id, role));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in what was just sent from here, before the list tells.
    pub fn sent(self, heads: Vec<Head>, messages: Vec<Message>) {
        self.messages.update_value(|known| {
            for message in messages {
                known.entry(message.id).or_insert_with(|| Live::new(message));
            }
        });
        self.take(heads);
    }

    /// Takes in heads. Each applies only if it is newer.
    fn take(self, heads: Vec<Head>) {
        let mut newer = vec![];
        self.heads.update(|known| {
            for head in heads {
                let key = (head.place, head.attempt);
                if known.get(&key).is_none_or(|known| known.rev < head.rev) {
                    newer.push(head.clone());
                    known.insert(key, head);
                }
            }
        });
        newer.iter().for_each(|head| self.follow(head));
    }

    /// Follows all of which more may come.
    fn follow_running(self) {
        self.heads.read_untracked().values().for_each(|head| self.follow(head));
    }

    /// Follows a message if it is shown and runs, or the list knows more of it than its signal.
    fn follow(self, head: &Head) {
        if !self.live.get_value() || !head.shown || head.place < self.from.get_untracked() {
            return;
        }
        let live = self.message(head.id, head.role);
        let behind = live.message.with_untracked(|message| {
            !message.status.is_final() || head.epoch != message.epoch && head.epoch.counter >= message.epoch.counter
        });
        if behind {
            connection::follow(live, head.epoch, head.status.is_final());
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

    /// The place before which there is more.
    fn first_place(self) -> Option<i64> {
        Some(self.from.get_untracked()).filter(|from| *from != i64::MIN)
    }

    fn load_earlier(self) {
        let Some(first) = self.first_place().filter(|_| !self.loading.get_value()) else { return };
        self.loading.set_value(true);
        spawn_local(async move {
            let earlier = api::messages(self.id, Some(first)).await;
            if self.from.is_disposed() {
                return;
            }
            self.loading.set_value(false);
            let Ok(earlier) = earlier else { return };
            self.settling.set(true);
            self.from.set(beginning(&earlier));
            self.sent(earlier.heads, earlier.messages);
            // Heads of these places may have been here before.
            self.follow_running();
            let settled = move || {
                self.settling.try_set(false);
            };
            request_animation_frame(move || request_animation_frame(settled));
        });
    }
}

/// The place from which on everything is known that a stretch leads up to.
fn beginning(stretch: &Stretch) -> i64 {
    let first = stretch.heads.iter().map(|head| head.place).min();
    first.filter(|_| stretch.more).unwrap_or(i64::MIN)
}

/// `earlier`: the stretch is not the newest one, which only a page without scripts shows.
#[component]
pub fn ThreadView(opening: Opening, stretch: Stretch, earlier: bool) -> impl IntoView {
    let given = stretch.conversation.title.clone();
    let thread = Thread::new(stretch, &opening);
    Effect::new(move |_| thread.go_live());
    on_cleanup(move || thread.leave());
    // A whole new page: the router does not load another stretch this soon after hydration.
    Effect::new(move |_| {
        if earlier {
            let _ = window().location().replace(&latest(thread.id));
        }
    });
    let shelves = use_context::<Shelves>();
    let title = Memo::new(move |_| {
        let live = shelves.and_then(|Shelves(shelf)| shelf.get()).and_then(|shelf| shelf.title(thread.id));
        live.unwrap_or_else(|| given.clone())
    });
    let far = RwSignal::new(false);
    let scroller = NodeRef::<html::Div>::new();
    // The column is laid out from the bottom up, so a scroll position counts from the newest words, and is negative.
    let look = move || {
        let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
        let from_end = -scroller.scroll_top();
        far.set(from_end > FAR);
        if from_end + scroller.client_height() + NEAR > scroller.scroll_height() {
            thread.load_earlier();
        }
    };
    // At first and after each load: messages that do not fill the window cannot be scrolled.
    Effect::new(move |_| {
        if !thread.settling.get() {
            request_animation_frame(look);
        }
    });
    let jump = move |_| {
        if let Some(scroller) = scroller.get() {
            scroller.set_scroll_top(0);
        }
    };
    let (renaming, deleting) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        // The document's title is asked for once more after this page has gone.
        <Title text=move || title.try_get().unwrap_or_default() />
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
            on:scroll=move |_| look()
            tabindex="0"
            role="region"
            aria-label="Conversation"
        >
            <div class="column">
                <noscript>{earlier_link(thread)}</noscript>
                <For each=move || thread.shown() key=|(id, _)| *id let((id, role))>
                    <MessageView thread live=thread.message(id, role) />
                </For>
                <noscript>{earlier.then(|| view! { <a href=latest(thread.id)>"Latest messages"</a> })}</noscript>
            </div>
        </div>
        <Show when=move || thread.gone.get() && !thread.deleting.get()>
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

fn latest(conversation: ConversationId) -> String {
    format!("/c/{conversation}")
}

/// The way to what is earlier without scripts.
fn earlier_link(thread: Thread) -> Option<impl IntoView> {
    let first = thread.first_place()?;
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
                Ok(()) => drop(open.try_set(false)),
                Err(error) => drop(failure.try_set(Some(error.to_string()))),
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
    Effect::new(move |_| {
        if open.get() {
            failure.set(None);
        }
    });
    let delete = move |_| {
        let navigate = navigate.clone();
        thread.deleting.set(true);
        spawn_local(async move {
            let deleted = api::delete(thread.id).await;
            if deleted.is_ok() {
                forget_draft(thread.id);
            }
            if open.is_disposed() {
                return;
            }
            match deleted {
                Ok(()) => {
                    open.set(false);
                    navigate("/", Default::default());
                }
                Err(error) => {
                    thread.deleting.set(false);
                    failure.set(Some(error.to_string()));
                }
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
