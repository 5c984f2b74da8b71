//! The pages of the chat: what stands around a conversation, a new one, and one that there is.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    components::Outlet,
    hooks::{use_params_map, use_query_map},
};

use super::{
    api::{self, Opening},
    composer::Composer,
    sidebar::{Shelves, Sidebar},
    thread::ThreadView,
};
use crate::{
    error::Failure,
    ids::ConversationId,
    live::connection::{self, Link},
    ui::{NotFound, browser, icon},
};

/// What the pages below share: loaded once, and whether the drawer is open.
#[derive(Clone, Copy)]
pub struct Shared {
    pub opening: Resource<Result<Opening, Failure>>,
    pub drawer: RwSignal<bool>,
    /// Whether a page of this document has told already why a form came back.
    pub answered: StoredValue<bool>,
}

#[component]
pub fn Chats() -> impl IntoView {
    let opening = Resource::new(|| (), |()| api::enter());
    let drawer = RwSignal::new(false);
    provide_context(Shared { opening, drawer, answered: StoredValue::new(false) });
    provide_context(Shelves(RwSignal::new(None)));
    let link = RwSignal::new(Link::Fine);
    Effect::new(move |_| {
        if let Some(Ok(opening)) = opening.get() {
            connection::start(opening.build, link);
            browser::keep_cookie("offset", &(-js_sys::Date::new_0().get_timezone_offset() as i32).to_string());
        }
    });
    Effect::new(move |_| {
        let keys = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" {
                drawer.set(false);
            }
        });
        on_cleanup(move || keys.remove());
    });
    view! {
        <div class="chats" class:drawer-open=move || drawer.get()>
            <a class="skip" href="#main" rel="external">
                "Skip to the conversation"
            </a>
            <LinkBar link />
            <Suspense>
                {move || Suspend::new(async move {
                    match opening.await {
                        Ok(opening) => view! { <Sidebar opening /> }.into_any(),
                        Err(failure) => view! { <Trouble failure /> }.into_any(),
                    }
                })}
            </Suspense>
            <div class="scrim" on:click=move |_| drawer.set(false)></div>
            <main id="main" tabindex="-1" inert=move || drawer.get()>
                <Outlet />
            </main>
        </div>
    }
}

/// Says when this page is not live, and that nothing is lost by it.
#[component]
fn LinkBar(link: RwSignal<Link>) -> impl IntoView {
    view! {
        <div class="link-bar" role="status" hidden=move || link.get() == Link::Fine>
            {move || match link.get() {
                Link::Fine => ().into_any(),
                Link::Lost => "Connection lost. Replies go on; this page catches up by itself.".into_any(),
                Link::Updated => {
                    view! { "Rivulet was updated. What you typed is kept. " <a href="" rel="external">"Reload"</a> }.into_any()
                }
                Link::SignedOut => view! { "You are signed out. " <a href="/sign-in" rel="external">"Sign in"</a> }.into_any(),
            }}
        </div>
    }
}

#[component]
pub fn NewChat() -> impl IntoView {
    let Shared { opening, .. } = expect_context();
    view! {
        <Title text="" />
        <Suspense>
            {move || Suspend::new(async move {
                opening
                    .await
                    .map(|opening| {
                        let greeting = format!("Hello, {}", opening.person.name);
                        view! {
                            <Bar title=String::from("New chat") />
                            <div class="empty">
                                <h2>{greeting}</h2>
                                <p>"Ask something. The reply goes on whatever happens to this page."</p>
                            </div>
                            <Composer opening thread=None />
                        }
                    })
                    .ok()
            })}
        </Suspense>
    }
}

#[component]
pub fn Chat() -> impl IntoView {
    let Shared { opening, .. } = expect_context();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let before = Memo::new(move |_| query.read().get("before").and_then(|place| place.parse::<i64>().ok()));
    let stretch = Resource::new(
        move || (id.get(), before.get()),
        |(id, before)| async move {
            match id.parse::<ConversationId>() {
                Ok(id) => api::messages(id, before).await,
                Err(_) => Err(Failure::NotFound),
            }
        },
    );
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let opening = opening.await.ok()?;
                Some(
                    match stretch.await {
                        Ok(stretch) => {
                            let earlier = before.get_untracked().is_some();
                            view! { <ThreadView opening stretch earlier /> }.into_any()
                        }
                        Err(Failure::NotFound) => view! { <NotFound /> }.into_any(),
                        Err(failure) => view! { <Trouble failure /> }.into_any(),
                    },
                )
            })}
        </Suspense>
    }
}

/// In the place of what could not be loaded.
#[component]
fn Trouble(failure: Failure) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="notice" role="alert">
                {failure.to_string()}
            </p>
            <a class="button" href="" rel="external">
                "Reload"
            </a>
        </div>
    }
}

/// The bar over a conversation: the way to the drawer, and what the conversation is called.
#[component]
pub fn Bar(#[prop(into)] title: Signal<String>, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let Shared { drawer, .. } = expect_context();
    view! {
        <header class="bar">
            <button
                type="button"
                class="icon-button menu"
                aria-label="Conversations" title="Conversations"
                aria-expanded=move || drawer.get().to_string()
                on:click=move |_| drawer.update(|open| *open = !*open)
            >
                <icon::Icon path=icon::MENU />
            </button>
            <h1>{title}</h1>
            {children.map(|children| children())}
        </header>
    }
}
