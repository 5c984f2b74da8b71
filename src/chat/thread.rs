//! A conversation: its messages, each its own signal, and what may change beside them.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use leptos::{html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    api::{self, Opening, Sending},
    composer::{Composer, focus_composer, forget_draft},
    message_view::MessageView,
    model_menu::Menu,
    outbox::Outbox,
    page::{Bar, Shared, Trouble},
    sidebar::Shelves,
};
use crate::{
    conversation::{Head, LONGEST_TITLE, Stretch, first_words},
    error::Failure,
    ids::{ConversationId, MessageId},
    live::{
        List,
        connection::{self, Follower, Live, News},
    },
    message::{Message, Role},
    ui::{NotFound, dialog::Dialog, icon},
};

/// How close to the beginning one scrolls before more is loaded, in CSS pixels.
const NEAR: i32 = 800;
/// How far from the newest words "Jump to latest" appears, in CSS pixels.
const FAR: i32 = 240;

/// What of a conversation is there to be shown.
#[derive(Clone, PartialEq, Eq)]
enum Contents {
    Loading,
    Ready,
    Failed(Failure),
}

/// The stretch of a conversation that is loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Thread {
    pub id: ConversationId,
    contents: RwSignal<Contents>,
    /// What it was called when it was loaded.
    given_title: RwSignal<String>,
    outbox: Outbox,
    menu: Menu,
    /// Whether it begins with a message from this tab, of which the server may not have heard yet.
    begins_here: bool,
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
    /// Nothing of it is loaded yet.
    fn new(id: ConversationId, outbox: Outbox, menu: Menu) -> Thread {
        // One that begins with a message from this tab is all in hand; its list tells the rest.
        let first = untrack(|| outbox.pending(id)).filter(|sending| sending.opens);
        let contents = if first.is_some() { Contents::Ready } else { Contents::Loading };
        let model = first.as_ref().map(|first| first.model.clone());
        Thread {
            id,
            contents: RwSignal::new(contents),
            given_title: RwSignal::new(first.as_ref().map(|first| first_words(&first.text)).unwrap_or_default()),
            outbox,
            menu,
            begins_here: first.is_some(),
            model: RwSignal::new(menu.chosen(model)),
            paged: StoredValue::new(None),
            heads: RwSignal::new(BTreeMap::new()),
            messages: StoredValue::new(HashMap::new()),
            rev: StoredValue::new(0),
            from: RwSignal::new(i64::MIN),
            loading: StoredValue::new(false),
            gone: RwSignal::new(false),
            deleting: RwSignal::new(false),
            settling: RwSignal::new(false),
            live: StoredValue::new(false),
        }
    }

    /// Asks for what it opens with, if that is not there.
    fn load(self) {
        if self.contents.get_untracked() == Contents::Loading {
            spawn_local(async move {
                let loaded = api::messages(self.id, None).await;
                if !self.contents.is_disposed() {
                    self.open(loaded);
                }
            });
        }
    }

    /// Takes in what was loaded.
    fn open(self, loaded: Result<Stretch, Failure>) {
        let stretch = match loaded {
            Ok(stretch) => stretch,
            Err(failure) => return self.contents.set(Contents::Failed(failure)),
        };
        let last = stretch.messages.iter().rev().find_map(|message| message.model.clone());
        let chosen = self.model.get_untracked();
        self.model.set(self.menu.chosen(last.into_iter().chain([chosen])));
        self.given_title.set(stretch.conversation.title.clone());
        self.rev.set_value(stretch.rev);
        self.from.set(beginning(&stretch));
        self.sent(stretch.heads, stretch.messages);
        self.contents.set(Contents::Ready);
    }

    /// Whether what it was opened with is there.
    pub fn is_ready(self) -> bool {
        *self.contents.read() == Contents::Ready
    }

    /// What is shown, in order.
    fn shown(self) -> Vec<(MessageId, Role)> {
        let from = self.from.get();
        let heads = self.heads.read();
        let loaded = heads.range((from, i64::MIN)..).map(|(_, head)| head);
        let listed = loaded.filter(|head| head.shown).map(|head| (head.id, head.role));
        listed.chain(self.pending().map(|id| (id, Role::User))).collect()
    }

    /// What was sent from here and the list has not told of.
    fn pending(self) -> Option<MessageId> {
        self.outbox.pending(self.id).map(|sending| sending.id).filter(|id| !self.knows(*id))
    }

    /// Whether a message is on its way to the server.
    pub fn is_sending(self, id: MessageId) -> bool {
        self.outbox.is_sending(id)
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
        let own = || self.outbox.pending(self.id).filter(|sending| sending.id == id);
        let unseen = || Live::new(untrack(own).map_or_else(|| Message::unseen(id, role), Sending::message));
        let mut live = None;
        self.messages.update_value(|messages| live = Some(messages.entry(id).or_insert_with(unseen).clone()));
        live.unwrap_or_else(unseen)
    }

    /// Takes in messages with their heads, before the list tells.
    fn sent(self, heads: Vec<Head>, messages: Vec<Message>) {
        self.messages.update_value(|known| {
            for message in messages {
                match known.get(&message.id) {
                    // What stood here since it was sent was not the server's.
                    Some(live) if live.message.read_untracked().is_unseen() => live.message.set(message),
                    Some(_) => {}
                    None => drop(known.insert(message.id, Live::new(message))),
                }
            }
        });
        self.take(heads);
    }

    /// Takes in what the server said to what was sent from here, until the list tells of it.
    fn take_answer(self) {
        if let Some(sent) = self.outbox.answer(self.id) {
            untrack(|| self.sent(sent.heads, sent.messages));
        }
        if let Some(sending) = self.outbox.awaited(self.id)
            && self.knows(sending.id)
        {
            self.outbox.forget(sending.id);
        }
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
        if self.live.get_value() {
            return;
        }
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

/// `first`: what the page was rendered with; else it is asked for. `earlier`: it is not the newest stretch, which only a
/// page without scripts shows.
#[component]
pub fn ThreadView(
    opening: Opening,
    id: ConversationId,
    first: Option<Result<Stretch, Failure>>,
    earlier: bool,
) -> impl IntoView {
    let Shared { outbox, menu, .. } = expect_context();
    let thread = Thread::new(id, outbox, menu);
    if let Some(first) = first {
        thread.open(first);
    }
    Effect::new(move |_| thread.load());
    Effect::new(move |_| thread.take_answer());
    let title = title_of(thread);
    let begun = begin(thread);
    on_cleanup(move || thread.leave());
    // A whole new page: the router does not load another stretch this soon after hydration.
    Effect::new(move |_| {
        if earlier {
            let _ = window().location().replace(&latest(thread.id));
        }
    });
    let (renaming, deleting) = (RwSignal::new(false), RwSignal::new(false));
    let is_missing = move || *thread.contents.read() == Contents::Failed(Failure::NotFound);
    view! {
        // The document's title is asked for once more after this page has gone.
        <Title text=move || title.try_get().unwrap_or_default() />
        <Bar title>
            <Show when=move || begun.get() && !is_missing()>
                <button type="button" class="icon-button" aria-label="Rename" title="Rename" on:click=move |_| renaming.set(true)>
                    <icon::Icon path=icon::PENCIL />
                </button>
                <button type="button" class="icon-button" aria-label="Delete" title="Delete" on:click=move |_| deleting.set(true)>
                    <icon::Icon path=icon::BIN />
                </button>
            </Show>
        </Bar>
        {move || match thread.contents.get() {
            Contents::Failed(Failure::NotFound) => view! { <NotFound /> }.into_any(),
            Contents::Failed(failure) => view! { <Trouble failure /> }.into_any(),
            Contents::Loading | Contents::Ready => ().into_any(),
        }}
        <Scroller thread earlier />
        <Show when=move || !is_missing()>
            <Composer opening=opening.clone() thread=Some(thread) />
        </Show>
        <RenameDialog thread open=renaming title />
        <DeleteDialog thread open=deleting title />
    }
    .into_any()
}

/// As the sidebar has it, or else as it was loaded.
fn title_of(thread: Thread) -> Memo<String> {
    let shelves = use_context::<Shelves>();
    Memo::new(move |_| {
        let listed = shelves.and_then(|shelves| shelves.title(thread.id));
        listed.unwrap_or_else(|| thread.given_title.get())
    })
}

/// Whether the conversation is on the server; it is followed from then on. Leaves the page of one that does not come to be.
fn begin(thread: Thread) -> Memo<bool> {
    let shelves = use_context::<Shelves>();
    let is_listed = move || shelves.is_some_and(|shelves| shelves.title(thread.id).is_some());
    let is_refused = move || thread.outbox.is_refused_opening(thread.id);
    let begun = Memo::new(move |_| {
        let is_under_way = || thread.outbox.pending(thread.id).is_some_and(|sending| thread.is_sending(sending.id));
        !thread.begins_here || !(is_under_way() || is_refused()) || is_listed()
    });
    let navigate = use_navigate();
    Effect::new(move |_| {
        let is_missing = *thread.contents.read() == Contents::Failed(Failure::NotFound);
        match is_refused() {
            _ if begun.get() && thread.is_ready() => untrack(|| thread.go_live()),
            // To the composer that it was written in.
            true if !begun.get() => navigate("/", NavigateOptions { replace: true, ..Default::default() }),
            // The page was loaded anew. (The router goes nowhere this soon after hydration.)
            true if is_missing => drop(window().location().replace("/")),
            _ => {}
        }
    });
    begun
}

/// The messages, from the newest up.
#[component]
fn Scroller(thread: Thread, earlier: bool) -> impl IntoView {
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
        if thread.is_ready() && !thread.settling.get() {
            request_animation_frame(look);
        }
    });
    let to_newest = move || {
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
            aria-label="Conversation"
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
    }
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
                <label>"Title" <input node_ref=input name="title" dir="auto" maxlength=LONGEST_TITLE required autocomplete="off" /></label>
                <crate::ui::Notice text=failure />
                <div class="row">
                    <button type="button" on:click=move |_| open.set(false)>
                        "Cancel"
                    </button>
                    <button class="primary">{"Save"}</button>
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
