//! The sidebar: every conversation by date, live in every tab.

use std::{collections::HashMap, rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;

use super::{
    api::{self, Clock, Opening},
    page::Shared,
};
use crate::{
    conversation::{Conversation, Conversations},
    ids::{ConversationId, Millis},
    live::{
        List,
        connection::{self, Follower, News},
    },
    ui::{browser, drafts, icon},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The conversations that are loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Shelf {
    rows: RwSignal<HashMap<ConversationId, Conversation>>,
    rev: StoredValue<i64>,
    /// The instant from which on it is loaded; `i64::MIN` if nothing is older. Older rows that the list tells of are
    /// kept too, for when one scrolls there.
    from: RwSignal<Millis>,
    /// Whether older ones are under way.
    loading: StoredValue<bool>,
}

impl Shelf {
    fn new(opening: &Opening) -> Shelf {
        let rows = &opening.conversations.rows;
        Shelf {
            rows: RwSignal::new(rows.iter().map(|row| (row.id, row.clone())).collect()),
            rev: StoredValue::new(opening.conversations.rev),
            from: RwSignal::new(beginning(&opening.conversations)),
            loading: StoredValue::new(false),
        }
    }

    /// Newest first.
    fn sorted(self) -> Vec<Conversation> {
        let from = self.from.get();
        let shown = |row: &&Conversation| !row.deleted && row.updated_at >= from;
        let mut rows: Vec<_> = self.rows.read().values().filter(shown).cloned().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));
        rows
    }

    /// Takes in rows. Each applies only if it is newer.
    fn take(self, rows: Vec<Conversation>) {
        self.rows.update(|known| {
            for row in rows {
                if known.get(&row.id).is_none_or(|known| known.rev < row.rev) {
                    known.insert(row.id, row);
                }
            }
        });
    }

    fn load_more(self) {
        let from = self.from.get_untracked();
        if from == i64::MIN || self.loading.get_value() {
            return;
        }
        self.loading.set_value(true);
        spawn_local(async move {
            let earlier = api::earlier_conversations(from).await;
            if self.from.is_disposed() {
                return;
            }
            self.loading.set_value(false);
            let Ok(earlier) = earlier else { return };
            self.from.set(beginning(&earlier));
            self.take(earlier.rows);
        });
    }

    fn go_live(self) {
        connection::follow_list(
            List::Conversations,
            Follower {
                rev: Box::new(move || self.rev.get_value()),
                take: Rc::new(move |rev, news| {
                    if let News::Conversations(rows) = news {
                        self.rev.set_value(rev);
                        self.take(rows);
                    }
                }),
            },
        );
    }

    /// A conversation's title as it is now.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.rows.read().get(&id).map(|row| row.title.clone())
    }
}

/// The instant from which on everything is known that a stretch leads up to.
fn beginning(stretch: &Conversations) -> Millis {
    let oldest = stretch.rows.iter().map(|row| row.updated_at).min();
    oldest.filter(|_| stretch.more).unwrap_or(i64::MIN)
}

/// The one shelf of this page, for those who show a title. Set once the sidebar stands.
#[derive(Clone, Copy)]
pub struct Shelves(pub RwSignal<Option<Shelf>>);

impl Shelves {
    /// A conversation's title as the sidebar has it.
    pub fn title(self, id: ConversationId) -> Option<String> {
        self.0.get()?.title(id)
    }
}

#[component]
pub fn Sidebar(opening: Opening) -> impl IntoView {
    let Shared { drawer, .. } = expect_context();
    let shelf = Shelf::new(&opening);
    if let Some(Shelves(shelves)) = use_context() {
        Effect::new(move |_| shelves.set(Some(shelf)));
    }
    Effect::new(move |_| shelf.go_live());
    on_cleanup(|| connection::leave_list(List::Conversations));
    let Clock { now, offset } = opening.clock;
    let now = RwSignal::new(now);
    // Hydration has the server's instant; from there on the page's own clock goes on.
    Effect::new(move |_| {
        let ahead = now.get_untracked() - js_sys::Date::now() as Millis;
        let tick = move || now.set(js_sys::Date::now() as Millis + ahead);
        let minutes = set_interval_with_handle(tick, Duration::from_secs(60));
        let seen = window_event_listener(leptos::ev::visibilitychange, move |_| tick());
        on_cleanup(move || {
            seen.remove();
            if let Ok(minutes) = minutes {
                minutes.clear();
            }
        });
    });
    let groups = Memo::new(move |_| grouped(shelf.sorted(), Clock { now: now.get(), offset }));
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        drawer.set(false);
    });
    let current = move |id: ConversationId| path.read().strip_prefix("/c/") == Some(&id.to_string());
    view! {
        <nav class="sidebar" aria-label="Conversations">
            <header>
                <a class="button new-chat" role="button" href="/" on:keydown=press>
                    <icon::Icon path=icon::PLUS />
                    "New chat"
                </a>
                <button type="button" class="icon-button close" aria-label="Close" title="Close" on:click=move |_| drawer.set(false)>
                    <icon::Icon path=icon::CLOSE />
                </button>
            </header>
            <div class="conversations" on:scroll=move |event| {
                let list = event_target::<web_sys::Element>(&event);
                if list.scroll_top() + list.client_height() + 400 > list.scroll_height() {
                    shelf.load_more();
                }
            }>
                <For each=move || groups.get() key=|(name, rows)| (name.clone(), rows.clone()) let((name, rows))>
                    <section>
                        <h3>{name}</h3>
                        <ul>
                            {rows
                                .into_iter()
                                .map(|(id, title)| {
                                    view! {
                                        <li>
                                            <a href=format!("/c/{id}") dir="auto" aria-current=move || current(id).then_some("page")>
                                                {title}
                                            </a>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    </section>
                </For>
            </div>
            <footer>
                <span class="person">
                    <strong>{opening.person.name}</strong>
                    <small>{opening.person.email}</small>
                </span>
                <button type="button" class="icon-button" aria-label="Light or dark" title="Light or dark" on:click=move |_| switch_theme()>
                    <icon::Icon path=icon::THEME />
                </button>
                <a class="button icon-button" href="/settings/security" rel="external" aria-label="Security" title="Security">
                    <icon::Icon path=icon::SHIELD />
                </a>
                <form method="post" action="/sign-out" on:submit=move |_| drafts::forget_all()>
                    <button class="icon-button" aria-label="Sign out" title="Sign out">
                        <icon::Icon path=icon::LEAVE />
                    </button>
                </form>
            </footer>
        </nav>
    }
    .into_any()
}

/// A link that is called a button is pressed by Space, too.
fn press(event: web_sys::KeyboardEvent) {
    if event.key() == " " {
        event.prevent_default();
        event_target::<web_sys::HtmlElement>(&event).click();
    }
}

type Group = (String, Vec<(ConversationId, String)>);

/// The conversations under the names of their days, as the clock of the page has them.
fn grouped(rows: Vec<Conversation>, clock: Clock) -> Vec<Group> {
    let day = |at: i64| (at + i64::from(clock.offset) * 60_000).div_euclid(DAY);
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let name = match day(clock.now) - day(row.updated_at) {
            ..=0 => "Today",
            1 => "Yesterday",
            2..=7 => "Previous 7 days",
            8..=30 => "Previous 30 days",
            _ => "Earlier",
        };
        match groups.last_mut() {
            Some((last, rows)) if last == name => rows.push((row.id, row.title)),
            _ => groups.push((name.into(), vec![(row.id, row.title)])),
        }
    }
    groups
}

/// From what it is now to the other one, and the server knows for the next page.
fn switch_theme() {
    let Some(root) = document().document_element() else { return };
    let prefers_dark =
        || (window().match_media("(prefers-color-scheme: dark)").ok().flatten()).is_some_and(|query| query.matches());
    let dark = root.get_attribute("data-theme").map_or_else(prefers_dark, |theme| theme == "dark");
    let theme = if dark { "light" } else { "dark" };
    let _ = root.set_attribute("data-theme", theme);
    browser::keep_cookie("theme", theme);
}
