//! What a page may know of accounts before somebody is signed in. Signing in and up are forms: `server/forms.rs`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{error::Failure, json::Json};

/// What the pages of this room open with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// Whether there is an owner: then sign-up is closed.
    pub has_owner: bool,
    /// What stands in the field for the setup code, if one is needed here.
    pub code: Option<String>,
    /// Why the form came back, if it did.
    pub refusal: Option<AccountRefusal>,
}

/// What the form for an account or a session was refused for, and what had been typed (never a password).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRefusal {
    pub message: String,
    pub name: String,
    pub email: String,
    /// The setup code.
    pub code: String,
}

#[server(prefix = "/api/2", endpoint = "account-form", input = Json, output = Json)]
pub async fn account_form() -> Result<AccountPage, Failure> {
    let app = expect_context::<crate::state::AppState>();
    let has_owner = app.database.has_owner().await.map_err(|error| Failure::from(error).with_status())?;
    let refusal = use_context::<AccountRefusal>();
    let parts = expect_context::<axum::http::request::Parts>();
    let code = (!crate::people::setup::is_at_this_machine(&app, &parts)).then(|| match &refusal {
        Some(refusal) => refusal.code.clone(),
        None => crate::people::setup::code_in(&parts.uri),
    });
    Ok(AccountPage { has_owner, code, refusal })
}
