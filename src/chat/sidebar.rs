//! The sidebar: every conversation by date, live in every tab.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_url};

use super::{
    api::{Clock, PageData},
    conversation_list::{ConversationList, SidebarList},
    page_context::PageContext,
};
use crate::{
    account::Person,
    conversation::{Conversation, Sidebar as SidebarOf},
    ids::{ConversationId, Millis},
    language::t,
    live::connection::Connection,
    ui::{browser, drafts, icon},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[component]
pub fn Sidebar(page_data: PageData) -> impl IntoView {
    let PageContext { drawer, connection, .. } = expect_context();
    let [mine, shared] = lists(&page_data, connection);
    let (now, offset) = (page_clock(page_data.clock.now), page_data.clock.offset);
    let groups = Memo::new(move |_| {
        let shared = grouped(shared.sorted(), |_| t().sidebar.shared);
        let clock = Clock { now: now.get(), offset };
        shared.into_iter().chain(grouped(mine.sorted(), |row| day(row, clock))).collect::<Vec<_>>()
    });
    let (path, url) = (use_location().pathname, use_url());
    // With each link that is followed, also to the page that is shown.
    Effect::new(move |_| {
        url.track();
        drawer.set(false);
    });
    let current = move |id: ConversationId| path.read().strip_prefix("/c/") == Some(&id.to_string());
    view! {
        <nav class="sidebar" aria-label=t().sidebar.label>
            <header>
                <a class="button new-chat" role="button" href="/" on:keydown=browser::press>
                    <icon::Icon path=icon::PLUS />
                    {t().sidebar.new_chat}
                </a>
                <button type="button" class="icon-button close" aria-label=t().sidebar.close title=t().sidebar.close on:click=move |_| drawer.set(false)>
                    <icon::Icon path=icon::CLOSE />
                </button>
            </header>
            <div class="conversations" on:scroll=move |event| {
                let scroller = event_target::<web_sys::Element>(&event);
                if scroller.scroll_top() + scroller.client_height() + 400 > scroller.scroll_height() {
                    shared.load_more();
                    mine.load_more();
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
            <PersonBar person=page_data.person />
        </nav>
    }
    .into_any()
}

/// A person's own conversations, and those that are open to all members of the account; kept up to date.
fn lists(page_data: &PageData, connection: Connection) -> [ConversationList; 2] {
    let mine = ConversationList::new(SidebarOf::Mine, &page_data.mine);
    let shared = ConversationList::new(SidebarOf::Shared, &page_data.shared);
    if let Some(sidebar) = use_context::<SidebarList>() {
        Effect::new(move |_| sidebar.set([mine, shared]));
    }
    for list in [mine, shared] {
        Effect::new(move |_| list.go_live(connection));
        on_cleanup(move || list.leave(connection));
    }
    [mine, shared]
}

/// The instant in which the page shows dates, which moves on.
fn page_clock(now: Millis) -> RwSignal<Millis> {
    let now = RwSignal::new(now);
    // Hydration has the server's instant; from there on the page's own clock continues.
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
    now
}

/// Who is signed in, and what they can do about it.
#[component]
fn PersonBar(person: Person) -> impl IntoView {
    view! {
            <footer>
                <span class="person">
                    <strong>{person.name}</strong>
                    <small>{person.email}</small>
                </span>
                <button type="button" class="icon-button" aria-label=t().sidebar.theme title=t().sidebar.theme on:click=move |_| switch_theme()>
                    <icon::Icon path=icon::THEME />
                </button>
                <a class="button icon-button" href="/settings/security" rel="external" aria-label=t().sidebar.security title=t().sidebar.security>
                    <icon::Icon path=icon::SHIELD />
                </a>
                <form method="post" action="/sign-out" on:submit=move |_| drafts::forget_all()>
                    <button class="icon-button" aria-label=t().sidebar.sign_out title=t().sidebar.sign_out>
                        <icon::Icon path=icon::LEAVE />
                    </button>
                </form>
            </footer>
    }
}

type Group = (String, Vec<(ConversationId, String)>);

/// The name of the conversation's day, as the clock of the page has it.
fn day(row: &Conversation, clock: Clock) -> &'static str {
    let day = |at: i64| (at + i64::from(clock.offset) * 60_000).div_euclid(DAY);
    match day(clock.now) - day(row.updated_at) {
        ..=0 => t().sidebar.today,
        1 => t().sidebar.yesterday,
        2..=7 => t().sidebar.previous_7_days,
        8..=30 => t().sidebar.previous_30_days,
        _ => t().sidebar.earlier,
    }
}

/// The conversations under their names, in their order.
fn grouped(rows: Vec<Conversation>, name: impl Fn(&Conversation) -> &'static str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let name = name(&row);
        match groups.last_mut() {
            Some((last, rows)) if last == name => rows.push((row.id, row.title)),
            _ => groups.push((name.into(), vec![(row.id, row.title)])),
        }
    }
    groups
}

/// From what it is now to the other one, and the server has it for the next page.
fn switch_theme() {
    let Some(root) = document().document_element() else { return };
    let prefers_dark =
        || (window().match_media("(prefers-color-scheme: dark)").ok().flatten()).is_some_and(|query| query.matches());
    let dark = root.get_attribute("data-theme").map_or_else(prefers_dark, |theme| theme == "dark");
    let theme = if dark { "light" } else { "dark" };
    let _ = root.set_attribute("data-theme", theme);
    browser::keep_cookie("theme", theme);
}
