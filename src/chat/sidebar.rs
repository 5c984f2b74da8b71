//! The sidebar: every conversation by date, live in every tab.

mod row;
mod selection;
mod selection_bar;

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_url;

use super::{
    api::{Clock, PageData},
    page_context::PageContext,
    sidebar_lists::{SidebarContext, SidebarLists},
};
use crate::{
    account::Person,
    conversation::Conversation,
    ids::{ConversationId, Millis},
    language::t,
    live::connection::Connection,
    ui::{browser, drafts, icon},
};
use row::{Row, RowActions, RowDialogs};
use selection_bar::SelectionBar;

const DAY: i64 = 24 * 60 * 60 * 1000;

#[component]
pub fn Sidebar(page_data: PageData) -> impl IntoView {
    let PageContext { drawer, connection, .. } = expect_context();
    let lists = live_lists(&page_data, connection);
    let (now, offset) = (page_clock(page_data.clock.now), page_data.clock.offset);
    let actions = RowActions::new(lists);
    let url = use_url();
    // With each link that is followed, also to the page that is shown.
    Effect::new(move |_| {
        url.track();
        drawer.set(false);
    });
    let leave_selection = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" && actions.selection.is_open() {
            // The drawer stays open.
            event.stop_propagation();
            actions.selection.leave();
        }
    };
    view! {
        <nav class="sidebar" aria-label=t().sidebar.label on:keydown=leave_selection>
            <header>
                <a class="button new-chat" role="button" href="/" on:keydown=browser::press>
                    <icon::Icon path=icon::PLUS />
                    {t().sidebar.new_chat}
                </a>
                <button type="button" class="icon-button close" aria-label=t().sidebar.close title=t().sidebar.close on:click=move |_| drawer.set(false)>
                    <icon::Icon path=icon::CLOSE />
                </button>
            </header>
            <Show when=move || actions.selection.is_open()>
                <SelectionBar actions />
            </Show>
            <div class="conversations" class:selecting=move || actions.selection.is_open() on:scroll=move |event| {
                let scroller = event_target::<web_sys::Element>(&event);
                if scroller.scroll_top() + scroller.client_height() + 400 > scroller.scroll_height() {
                    lists.load_more();
                }
            }>
                <Groups lists actions clock=Signal::derive(move || Clock { now: now.get(), offset }) />
            </div>
            <ArchiveLink lists actions />
            <PersonBar person=page_data.person />
        </nav>
        <RowDialogs actions />
    }
    .into_any()
}

/// A person's own conversations, and those that are open to all members of the account; kept up to date.
fn live_lists(page_data: &PageData, connection: Connection) -> SidebarLists {
    let lists = SidebarLists::new(page_data);
    if let Some(sidebar) = use_context::<SidebarContext>() {
        Effect::new(move |_| sidebar.set(lists));
    }
    Effect::new(move |_| lists.go_live(connection));
    on_cleanup(move || lists.leave(connection));
    lists
}

/// The conversations under their names. A row stays what it is while its group does, so that a menu in it stays open.
#[component]
fn Groups(lists: SidebarLists, actions: RowActions, clock: Signal<Clock>) -> impl IntoView {
    let groups = Memo::new(move |_| grouped(lists, clock.get()));
    let names = move || groups.get().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let rows = move |name: &'static str| {
        groups.read().iter().find(|(group, _)| *group == name).map(|(_, rows)| rows.clone()).unwrap_or_default()
    };
    let shown = Callback::new(move |()| groups.read_untracked().iter().flat_map(|(_, rows)| rows.clone()).collect());
    Effect::new(move |_| {
        let shown: Vec<ConversationId> = groups.read().iter().flat_map(|(_, rows)| rows.clone()).collect();
        actions.give_cursor_on(&shown);
    });
    let is_empty = move || lists.archive.is_open.get() && groups.read().is_empty();
    view! {
        <For each=names key=|name| *name let(name)>
            <section>
                <h3>{name}</h3>
                <ul>
                    <For each=move || rows(name) key=|id| *id let(id)>
                        <Row id actions shown />
                    </For>
                </ul>
            </section>
        </For>
        <Show when=is_empty>
            <p class="aside">{t().sidebar.nothing_archived}</p>
        </Show>
        <noscript>{more_archived_link(lists)}</noscript>
    }
}

/// The way to what was archived earlier, without scripts.
fn more_archived_link(lists: SidebarLists) -> Option<impl IntoView> {
    let (at, id) = untrack(|| lists.after_archived())?;
    Some(view! { <a class="more" href=format!("/?archived={at}.{id}")>{t().sidebar.more_archived}</a> })
}

type Group = (&'static str, Vec<ConversationId>);

/// What is archived, or else all that is not: what is pinned, what others share, and the days.
fn grouped(lists: SidebarLists, clock: Clock) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |name, id| match groups.last_mut() {
        Some((last, rows)) if *last == name => rows.push(id),
        _ => groups.push((name, vec![id])),
    };
    if lists.archive.is_open.get() {
        lists.archived().iter().for_each(|row| add(t().sidebar.archived, row.id));
        return groups;
    }
    lists.pinned().iter().for_each(|row| add(t().sidebar.pinned, row.id));
    lists.by_time(lists.shared).iter().for_each(|row| add(t().sidebar.shared, row.id));
    lists.by_time(lists.mine).iter().for_each(|row| add(day(row, clock), row.id));
    groups
}

/// Shows what is archived, and then the others again. Without scripts it is a link.
#[component]
fn ArchiveLink(lists: SidebarLists, actions: RowActions) -> impl IntoView {
    let is_open = lists.archive.is_open;
    let turn = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        actions.selection.leave();
        is_open.update(|open| *open = !*open);
        if is_open.get_untracked() {
            lists.load_archived();
        }
    };
    view! {
        <a
            class="button archived"
            role="button"
            rel="external"
            href=move || if is_open.get() { "/" } else { "/?archived" }
            aria-pressed=move || is_open.get().to_string()
            on:click=turn
            on:keydown=browser::press
        >
            <icon::Icon path=icon::BOX />
            {t().sidebar.archived}
        </a>
    }
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
                <a class="button icon-button" href="/settings" rel="external" aria-label=t().sidebar.settings title=t().sidebar.settings>
                    <icon::Icon path=icon::NUT />
                </a>
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
