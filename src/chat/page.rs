//! The pages of the chat: what stands around a conversation, a new one, and one that there is.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    components::Outlet,
    hooks::{use_params_map, use_query_map},
};

use super::{
    api,
    bar::{Bar, BarButton, Trouble},
    composer::Composer,
    model_menu::OfferedModels,
    outbox::Outbox,
    page_context::PageContext,
    ratings,
    shortcuts::Shortcuts,
    sidebar::Sidebar,
    sidebar_lists::SidebarContext,
    steering::{dialog::OptionsDialog, form::Target, new_chat::NewChatOptions},
    temporary::{TemporaryToggle, follow_address},
    thread_view::ThreadView,
};
use crate::{
    conversation::Window,
    ids::{ConversationId, MessageId},
    language::t,
    live::connection::{Connection, ConnectionStatus},
    ui::{
        NotFound, browser, drafts, icon,
        status::StatusRegion,
        toast::{ToastRegion, Toasts},
    },
};

#[component]
pub fn Chats() -> impl IntoView {
    let page_data = Resource::new(|| (), |()| api::enter());
    let drawer = RwSignal::new(false);
    let (connection, menu, outbox) = (Connection::new(), OfferedModels::default(), Outbox::default());
    let (answered, inherited) = (StoredValue::new(false), RwSignal::new(()));
    let (is_looked_at, temporary) = (RwSignal::new(true), RwSignal::new(false));
    provide_context(PageContext {
        page_data,
        drawer,
        answered,
        connection,
        menu,
        outbox,
        is_looked_at,
        temporary,
        inherited,
    });
    provide_context(SidebarContext::default());
    let toasts = Toasts::default();
    provide_context(toasts);
    let link = RwSignal::new(ConnectionStatus::Fine);
    // Once: it is never fetched again.
    Effect::new(move |_| {
        if let Some(Ok(page_data)) = page_data.get() {
            // Before anything reads a draft.
            drafts::claim(&page_data.person.email);
            connection.start(link);
            browser::keep_cookie("offset", &(-js_sys::Date::new_0().get_timezone_offset() as i32).to_string());
            menu.keep_asking();
        }
    });
    restore(outbox, inherited);
    watch(is_looked_at);
    move_the_cursor(drawer);
    // The link itself would have the router open the page anew at the address that this one has put there.
    let skip = |event: web_sys::MouseEvent| {
        event.prevent_default();
        browser::focus("#main");
    };
    view! {
        <div class="chats" class:drawer-open=move || drawer.get()>
            <a class="skip" href="#main" rel="external" on:click=skip>
                {t().page.skip_link}
            </a>
            <LinkBar connection link />
            <StatusRegion />
            <Suspense>
                {move || Suspend::new(async move {
                    match page_data.await {
                        Ok(page_data) => view! { <Sidebar page_data /> }.into_any(),
                        Err(failure) => view! { <Trouble failure /> }.into_any(),
                    }
                })}
            </Suspense>
            <div class="scrim" on:click=move |_| drawer.set(false)></div>
            <main id="main" tabindex="-1" inert=move || drawer.get()>
                <Outlet />
            </main>
            <ToastRegion toasts />
            <Shortcuts />
        </div>
    }
}

/// Brings back what was typed and sent before, here and in tabs that are gone.
fn restore(outbox: Outbox, inherited: RwSignal<()>) {
    Effect::new(move |_| {
        outbox.restore();
        drafts::start(move || {
            outbox.restore();
            inherited.notify();
        });
    });
}

/// Keeps whether somebody may be looking at this page.
fn watch(is_looked_at: RwSignal<bool>) {
    Effect::new(move |_| {
        let look = move || is_looked_at.set(browser::is_looked_at());
        look();
        let seen = window_event_listener(leptos::ev::visibilitychange, move |_| look());
        on_cleanup(move || seen.remove());
    });
}

/// Into the drawer when it opens, and back to its button; Escape closes it.
fn move_the_cursor(drawer: RwSignal<bool>) {
    Effect::new(move |_| {
        let keys = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" {
                drawer.set(false);
            }
        });
        on_cleanup(move || keys.remove());
    });
    Effect::new(move |before: Option<bool>| {
        let open = drawer.get();
        // What is hidden takes no cursor, and is hidden or shown with the next frame.
        match before {
            Some(false) if open => request_animation_frame(|| browser::focus(".sidebar a")),
            Some(true) if !open => request_animation_frame(|| browser::focus("button.menu")),
            _ => {}
        }
        open
    });
}

/// Returns when this page is not live, and that nothing is lost by it.
#[component]
fn LinkBar(connection: Connection, link: RwSignal<ConnectionStatus>) -> impl IntoView {
    view! {
        <div class="link-bar" role="status" hidden=move || link.get() == ConnectionStatus::Fine>
            {move || match link.get() {
                ConnectionStatus::Fine => ().into_any(),
                ConnectionStatus::Lost => {
                    view! {
                        {t().connection.lost}
                        <button type="button" on:click=move |_| connection.reconnect_now()>
                            {t().connection.reconnect}
                        </button>
                    }
                        .into_any()
                }
                ConnectionStatus::Updated => {
                    view! { {t().connection.updated} <a href="" rel="external">{t().connection.reload}</a> }.into_any()
                }
                ConnectionStatus::SignedOut => view! { {t().connection.signed_out} <a href="/sign-in" rel="external">{t().connection.sign_in}</a> }.into_any(),
            }}
        </div>
    }
}

#[component]
pub fn NewChat() -> impl IntoView {
    let PageContext { page_data, menu, temporary, inherited, .. } = expect_context();
    follow_address(temporary);
    // What is typed for a temporary chat is left to no other tab, nor is what was typed before.
    Effect::new(move |_| drafts::keep_apart(temporary.get()));
    on_cleanup(|| drafts::keep_apart(false));
    let hint = move || if temporary.get() { t().temporary.hint } else { t().page.new_chat_hint };
    view! {
        <Title text="" />
        <Suspense>
            {move || Suspend::new(async move {
                page_data
                    .await
                    .map(|page_data| {
                        menu.begin(&page_data);
                        let greeting = (t().page.greeting)(&page_data.person.name);
                        let (new, steering) = (NewChatOptions::new(menu.chosen([])), RwSignal::new(false));
                        Effect::new(move |_| {
                            inherited.track();
                            if !untrack(|| new.are_set()) {
                                new.restore();
                            }
                        });
                        let mark = Signal::derive(move || new.are_set().then_some(t().options.are_set));
                        view! {
                            <Bar title=String::from(t().page.new_chat)>
                                <BarButton label=t().thread.options path=icon::SLIDERS open=steering mark />
                                <TemporaryToggle />
                            </Bar>
                            <div class="empty">
                                <h2>{greeting}</h2>
                                <p aria-live="polite">{hint}</p>
                            </div>
                            <Composer page_data thread=None new=new />
                            <OptionsDialog target=Target::NewChat(new) open=steering />
                        }
                    })
                    .ok()
            })}
        </Suspense>
    }
}

#[component]
pub fn Chat() -> impl IntoView {
    let PageContext { page_data, menu, .. } = expect_context();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<ConversationId>().ok()));
    let named = Memo::new(move |_| query.read().get("m").and_then(|id| id.parse::<MessageId>().ok()));
    // What the server renders, hydration has too. Elsewhere the page does not wait: the thread asks by itself.
    let rendered = Resource::new(
        || (),
        move |()| async move {
            let id = id.get_untracked().filter(|_| is_server())?;
            let named = named.get_untracked();
            let messages = api::messages(id, named.map_or(Window::Newest, Window::Around)).await;
            Some((id, named, (messages, api::queue(id).await, ratings::api::ratings(id).await)))
        },
    );
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let page_data = page_data.await.ok()?;
                let rendered = rendered.await;
                menu.begin(&page_data);
                let page = move |(id, named)| match id {
                    None => view! { <NotFound /> }.into_any(),
                    Some(id) => {
                        let is_this = |(of, at, _): &(ConversationId, Option<MessageId>, _)| *of == id && *at == named;
                        let first = rendered.clone().filter(is_this).map(|(_, _, first)| first);
                        view! { <ThreadView page_data=page_data.clone() id named first /> }.into_any()
                    }
                };
                // Each conversation has a page of its own: of another's nothing stays, neither words nor the cursor.
                Some(view! { <For each=move || [(id.get(), named.get())] key=|page| *page children=page /> })
            })}
        </Suspense>
    }
}
