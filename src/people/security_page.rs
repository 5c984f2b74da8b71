//! The page on which a person sees and ends their sessions, and changes their password: forms alone, no script.

use axum::http::HeaderMap;
use leptos::prelude::*;

use super::frame;
use crate::{
    account::{SHORTEST_PASSWORD, session::ListedSession, session::SignedIn},
    ids::Millis,
    language::t,
};

const MINUTE: Millis = 60 * 1000;

/// All that the page shows.
pub struct Security {
    pub who: SignedIn,
    pub sessions: Vec<ListedSession>,
    /// The server's clock, and minutes to add to UTC.
    pub now: Millis,
    pub offset: i32,
    /// What was just done, or why it was not.
    pub done: Option<&'static str>,
    pub refused: Option<String>,
}

/// The whole document. `style`: the address of the style sheet.
pub fn document(page: Security, headers: &HeaderMap, style: &str) -> String {
    let texts = &t().server.security;
    let others = page.sessions.len() > 1;
    let Security { who, sessions, now, offset, done, refused } = page;
    let row = |listed| session_row(listed, &who.session, now, offset);
    let rows = sessions.into_iter().map(row).collect_view();
    let contents = view! {
        {done.map(|done| view! { <p class="notice" role="status">{done}</p> })}
        <section aria-labelledby="sessions">
            <h2 id="sessions">{texts.sessions_heading}</h2>
            <p class="aside">{texts.sessions_hint}</p>
            <ul>{rows}</ul>
            {others
                .then(|| {
                    view! {
                        <form method="post" action="/settings/security/end-others">
                            <button>{texts.end_others}</button>
                        </form>
                    }
                })}
        </section>
        {password_section(&who.person.email, refused)}
    };
    let links = [("/", texts.back), ("/settings", texts.to_settings)];
    frame::document(texts.heading, links, contents, headers, style)
}

fn session_row(listed: ListedSession, this: &str, now: Millis, offset: i32) -> impl IntoView {
    let texts = &t().server.security;
    let is_this = listed.token_hash == this;
    let browser = if listed.browser.is_empty() { t().server.sessions.unnamed_browser.into() } else { listed.browser };
    let address = if listed.address.is_empty() { String::new() } else { format!(" · {}", listed.address) };
    let used = ago(now - listed.seen_at);
    let times = (texts.used_and_begun)(&used, &date(listed.created_at, offset));
    let label = (texts.end_label)(&browser, &used);
    view! {
        <li>
            <div>
                <strong>{browser}</strong>
                {is_this.then(|| view! { <span class="badge">{texts.this_session}</span> })}
                <p class="aside">{times}{address}</p>
            </div>
            {(!is_this)
                .then(|| {
                    view! {
                        <form method="post" action="/settings/security/end">
                            <input type="hidden" name="session" value=listed.token_hash />
                            <button aria-label=label>{texts.end}</button>
                        </form>
                    }
                })}
        </li>
    }
}

fn password_section(email: &str, refused: Option<String>) -> impl IntoView {
    let texts = &t().server.security;
    view! {
        <section aria-labelledby="password">
            <h2 id="password">{texts.password_heading}</h2>
            <p class="aside">{texts.password_hint}</p>
            <form class="fields" method="post" action="/settings/security/password">
                {refused.map(|refused| view! { <p class="notice" role="alert">{refused}</p> })}
                // A password manager looks there for whose it is.
                <input class="visually-hidden" type="text" autocomplete="username" readonly tabindex="-1" aria-hidden="true" value=email.to_owned() />
                <label>
                    {texts.present_password_field}
                    <input name="present" type="password" autocomplete="current-password" required />
                </label>
                <label>
                    {texts.new_password_field}
                    <input name="new" type="password" autocomplete="new-password" required minlength=SHORTEST_PASSWORD aria-describedby="new-hint" />
                </label>
                <small id="new-hint">{texts.new_password_hint}</small>
                <button class="primary">{texts.change_password}</button>
            </form>
        </section>
    }
}

/// How long ago, as exactly as it is known: a session's last use is noted every few minutes.
pub fn ago(time: Millis) -> String {
    let texts = &t().server.security;
    match time / MINUTE {
        ..=9 => texts.just_now.into(),
        minutes @ 10..=59 => (texts.minutes_ago)(minutes),
        minutes @ 60..=1439 => (texts.hours_ago)(minutes / 60),
        minutes => (texts.days_ago)(minutes / 1440),
    }
}

/// Such as "27 Nov 2026".
pub fn date(at: Millis, offset: i32) -> String {
    let local = (at + Millis::from(offset) * MINUTE).max(0);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(local.unsigned_abs());
    httpdate::fmt_http_date(time).get(5..16).unwrap_or_default().trim_start_matches('0').to_owned()
}
