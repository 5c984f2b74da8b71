//! The document around a page of settings: no script, one style sheet.

use axum::http::HeaderMap;
use leptos::prelude::*;

use crate::{account::cookies::theme, language::t};

/// The whole document. `style`: the address of the style sheet; `links`: the ways from here, by address.
pub fn document(
    heading: &'static str,
    links: [(&'static str, &'static str); 2],
    contents: impl IntoView + 'static,
    headers: &HeaderMap,
    style: &str,
) -> String {
    let (theme, style) = (theme(headers), style.to_owned());
    let links = links.map(|(to, text)| view! { <a href=to>{text}</a> }).into_iter().collect_view();
    let body = view! {
        <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>{(t().page.titled)(heading)}</title>
            <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
            <link rel="stylesheet" href=style />
        </head>
        <body>
            <main class="settings">
                <nav class="ways">{links}</nav>
                <h1>{heading}</h1>
                {contents}
            </main>
        </body>
    };
    // In an owner of its own, as views may have effects; there are none here.
    let html = Owner::new().with(|| view! { <html lang=t().tag data-theme=theme>{body}</html> }.to_html());
    format!("<!DOCTYPE html>{html}")
}
