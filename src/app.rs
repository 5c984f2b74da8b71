//! The HTML shell, and every page's route in one table.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    chat::page::{Chat, Chats, NewChat},
    language::t,
    people::pages::{CreateAccount, SignIn},
    text::in_text_element,
    ui::NotFound,
};

/// The document around every page. Server only: hydration begins inside `body`.
#[cfg(feature = "ssr")]
pub fn shell() -> impl IntoView {
    use crate::{
        security,
        state::{AppState, build::Build},
    };
    security::content_security_policy();
    let Build { script, wasm, style } = expect_context::<AppState>().build.clone();
    let theme =
        use_context::<axum::http::request::Parts>().and_then(|parts| crate::account::cookies::theme(&parts.headers));
    let start = format!(
        "import start, {{ hydrate }} from '{script}'; start({{ module_or_path: '{wasm}' }}).then(() => hydrate());"
    );
    view! {
        <!DOCTYPE html>
        <html lang=t().tag data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=style />
                <link rel="modulepreload" href=script nonce=leptos::nonce::use_nonce() />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=leptos::nonce::use_nonce() inner_html=start></script>
                <leptos_meta::MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=document_title />
        <Router>
            <Routes fallback=|| view! { <main class="card-page"><NotFound alone=true /></main> }>
                <ParentRoute path=path!("") view=Chats ssr=SsrMode::Async>
                    <Route path=path!("") view=NewChat ssr=SsrMode::Async />
                    <Route path=path!("c/:id") view=Chat ssr=SsrMode::Async />
                </ParentRoute>
                <Route path=path!("sign-in") view=SignIn ssr=SsrMode::Async />
                <Route path=path!("create-account") view=CreateAccount ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// The document's title on this page. leptos_meta 0.8.7 writes it into the HTML as it is; a browser is given it as text.
fn document_title(page: String) -> String {
    let title = if page.is_empty() { t().page.title.to_owned() } else { (t().page.titled)(&page) };
    // Not leptos' `is_server`: that asks the owner, and there may be none where the head is written.
    if cfg!(feature = "ssr") { in_text_element(&title) } else { title }
}
