//! Creating the first account, and signing in. Plain forms, so that they work before (and without) scripts.

use leptos::prelude::*;
use leptos_meta::Title;

use super::api::{self, AccountPage, AccountRefusal};
use crate::error::Failure;

#[component]
pub fn CreateAccount() -> impl IntoView {
    let form = account_page();
    view! {
        <Title text="Create account" />
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
            <h1>{"Welcome to Rivulet"}</h1>
            <p>{"Create the account that owns this server."}</p>
            <Refused message=refusal.message />
            <label>"Name" <input name="name" autocomplete="name" required maxlength="100" value=refusal.name autofocus /></label>
            <label>"Email" <input name="email" type="email" autocomplete="username" required maxlength="254" value=refusal.email /></label>
            <label>
                "Password"
                <input name="password" type="password" autocomplete="new-password" required minlength=crate::account::SHORTEST_PASSWORD aria-describedby="password-hint" />
            </label>
            <small id="password-hint">{"At least 8 characters."}</small>
            {code.map(code_field)}
            <button class="primary">{"Create account"}</button>
        </form>
    }
}

fn code_field(code: String) -> impl IntoView {
    view! {
        <label>"Setup code" <input name="code" autocomplete="off" required value=code aria-describedby="code-hint" /></label>
        <small id="code-hint">
            "The end of the link that the server wrote to its log when it started: what follows code=."
        </small>
    }
}

fn closed() -> impl IntoView {
    view! {
        <div class="card">
            <h1>{"Welcome to Rivulet"}</h1>
            <p>{"This Rivulet has its owner already."}</p>
            <a class="button primary" href="/sign-in">
                {"Sign in"}
            </a>
        </div>
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let form = account_page();
    view! {
        <Title text="Sign in" />
        <main class="card-page">
            <Suspense>
                {move || Suspend::new(async move {
                    let refusal = form.await.unwrap_or_default().refusal.unwrap_or_default();
                    view! {
                        <form method="post" action="/sign-in">
                            <h1>{"Welcome back"}</h1>
                            <Refused message=refusal.message />
                            <label>"Email" <input name="email" type="email" autocomplete="username" required value=refusal.email autofocus /></label>
                            <label>{"Password"} <input name="password" type="password" autocomplete="current-password" required=true /></label>
                            <button class="primary">{"Sign in"}</button>
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
