//! The sidebar: every conversation by date, live in every tab.

use std::{collections::HashMap, rc::Rc};

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;

use super::{
    Conversation,
    api::{self, Clock, Opening},
    page::Shared,
};
use crate::{
    ids::ConversationId,
    live::{
        List,
        connection::{self, Follower, News},
    },
    ui::{browser, icon},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The conversations that are loaded. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Shelf {
    rows: RwSignal<HashMap<ConversationId, Conversation>>,
    rev: StoredValue<i64>,
    more: RwSignal<bool>,
}

impl Shelf {
    fn new(opening: &Opening) -> Shelf {
        let rows = &opening.conversations.rows;
        Shelf {
            rows: RwSignal::new(rows.iter().map(|row| (row.id, row.clone())).collect()),
            rev: StoredValue::new(opening.conversations.rev),
            more: RwSignal::new(opening.conversations.more),
        }
    }

    /// Newest first.
    fn sorted(self) -> Vec<Conversation> {
        let mut rows: Vec<_> = self.rows.read().values().filter(|row| !row.deleted).cloned().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.updated_at), row.id));
        rows
    }

    fn take(self, rows: Vec<Conversation>) {
        self.rows.update(|known| {
            // What is older than all that is loaded comes when one scrolls there.
            let oldest = known.values().map(|row| row.updated_at).min().unwrap_or(0);
            for row in rows {
                let newer = known.get(&row.id).is_none_or(|known| known.rev < row.rev);
                let inside = known.contains_key(&row.id) || row.updated_at >= oldest || !self.more.get_untracked();
                if newer && inside {
                    known.insert(row.id, row);
                }
            }
        });
    }

    fn load_more(self) {
        let oldest = self.rows.with_untracked(|rows| rows.values().map(|row| row.updated_at).min());
        let Some(oldest) = oldest.filter(|_| self.more.get_untracked()) else { return };
        self.more.set(false);
        spawn_local(async move {
            match api::earlier_conversations(oldest).await {
                Ok(earlier) => {
                    self.rows.update(|known| {
                        for row in earlier.rows {
                            known.entry(row.id).or_insert(row);
                        }
                    });
                    self.more.set(earlier.more);
                }
                Err(_) => self.more.set(true),
            }
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

/// The one shelf of this page, for those who show a title. Set once the sidebar stands.
#[derive(Clone, Copy)]
pub struct Shelves(pub RwSignal<Option<Shelf>>);

#[component]
pub fn Sidebar(opening: Opening) -> impl IntoView {
    let Shared { drawer, .. } = expect_context();
    let shelf = Shelf::new(&opening);
    if let Some(Shelves(shelves)) = use_context() {
        Effect::new(move |_| shelves.set(Some(shelf)));
    }
    Effect::new(move |_| shelf.go_live());
    on_cleanup(|| connection::leave_list(List::Conversations));
    let clock = opening.clock;
    let groups = Memo::new(move |_| grouped(shelf.sorted(), clock));
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        drawer.set(false);
    });
    let current = move |id: ConversationId| path.read().strip_prefix("/c/") == Some(&id.to_string());
    view! {
        <nav class="sidebar" aria-label="Conversations">
            <header>
                <a class="button new-chat" role="button" href="/">
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
                                            <a href=format!("/c/{id}") aria-current=move || current(id).then_some("page")>
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
                <form method="post" action="/sign-out">
                    <button class="icon-button" aria-label="Sign out" title="Sign out">
                        <icon::Icon path=icon::LEAVE />
                    </button>
                </form>
            </footer>
        </nav>
    }
    .into_any()
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
