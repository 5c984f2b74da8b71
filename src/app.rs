use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <link rel="stylesheet" href="/pkg/rivulet.css" />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body><App /></body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let count = RwSignal::new(0);
    view! {
        <Router>
            <Routes fallback=|| "Not found">
                <Route path=path!("/") view=move || view! { <button on:click=move |_| *count.write() += 1>{count}</button> } ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
