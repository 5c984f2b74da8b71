//! Creating the first account, and signing in. Plain forms, so that they work before (and without) scripts.

use leptos::prelude::*;
use leptos_meta::Title;

use super::api::{self, AccountPage, AccountRefusal};
use crate::{error::Failure, language::t};

#[component]
pub fn CreateAccount() -> impl IntoView {
    let form = account_page();
    view! {
        <Title text=t().account.create_title />
        <main class="card-page">
            <Suspense>
                {move || Suspend::new(async move {
                    let page = form.await.unwrap_or_default();
                    let refusal = page.refusal.unwrap_or_default();
                    if page.has_owner { closed().into_any() } else { create_form(refusal, page.code).into_any() }
                })}
            </Suspense>
        </main>
    }
}

fn create_form(refusal: AccountRefusal, code: Option<String>) -> impl IntoView {
    view! {
        <form method="post" action="/create-account">
            <h1>{t().account.create_heading}</h1>
            <p>{t().account.create_hint}</p>
            <Refused message=refusal.message />
            <label>{t().account.name_field} <input name="name" autocomplete="name" required maxlength="100" value=refusal.name autofocus /></label>
            <label>{t().account.email_field} <input name="email" type="email" autocomplete="username" required maxlength="254" value=refusal.email /></label>
            <label>
                {t().account.password_field}
                <input name="password" type="password" autocomplete="new-password" required minlength=crate::account::SHORTEST_PASSWORD aria-describedby="password-hint" />
            </label>
            <small id="password-hint">{t().account.new_password_hint}</small>
            {code.map(code_field)}
            <button class="primary">{t().account.create}</button>
        </form>
    }
}

fn code_field(code: String) -> impl IntoView {
    view! {
        <label>{t().account.code_field} <input name="code" autocomplete="off" required value=code aria-describedby="code-hint" /></label>
        <small id="code-hint">
            {t().account.code_hint}
        </small>
    }
}

fn closed() -> impl IntoView {
    view! {
        <div class="card">
            <h1>{t().account.create_heading}</h1>
            <p>{t().account.has_owner}</p>
            <a class="button primary" href="/sign-in">
                {t().account.to_sign_in}
            </a>
        </div>
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let form = account_page();
    view! {
        <Title text=t().account.sign_in_title />
        <main class="card-page">
            <Suspense>
                {move || Suspend::new(async move {
                    let refusal = form.await.unwrap_or_default().refusal.unwrap_or_default();
                    view! {
                        <form method="post" action="/sign-in">
                            <h1>{t().account.sign_in_heading}</h1>
                            <Refused message=refusal.message />
                            <label>{t().account.email_field} <input name="email" type="email" autocomplete="username" required value=refusal.email autofocus /></label>
                            <label>{t().account.password_field} <input name="password" type="password" autocomplete="current-password" required=true /></label>
                            <button class="primary">{t().account.sign_in}</button>
                        </form>
                    }
                })}
            </Suspense>
        </main>
    }
}

fn account_page() -> Resource<Result<AccountPage, Failure>> {
    Resource::new(|| (), |()| api::account_form())
}

/// Why a form came back.
#[component]
fn Refused(message: String) -> impl IntoView {
    (!message.is_empty()).then(|| view! { <p class="notice" role="alert">{message}</p> })
}
