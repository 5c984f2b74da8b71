//! What a page may know of accounts before somebody is signed in. Signing in and up are forms: `server/forms.rs`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{account::Refusal, error::Failure, json::Json};

/// What the pages of this room open with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// Whether there is an owner: then sign-up is closed.
    pub has_owner: bool,
    /// What stands in the field for the setup code, if one is needed here.
    pub code: Option<String>,
    /// Why the form came back, if it did.
    pub refusal: Option<Refusal>,
}

#[server(prefix = "/api", endpoint = "account-form", input = Json, output = Json)]
pub async fn account_form() -> Result<AccountPage, Failure> {
    let app = expect_context::<crate::state::AppState>();
    let has_owner = app.database.has_owner().await.map_err(|error| Failure::from(error).with_status())?;
    let refusal = use_context::<Refusal>();
    let parts = expect_context::<axum::http::request::Parts>();
    let code = (!crate::people::setup::is_at_this_machine(&app, &parts)).then(|| match &refusal {
        Some(refusal) => refusal.code.clone(),
        None => crate::people::setup::code_in(&parts.uri),
    });
    Ok(AccountPage { has_owner, code, refusal })
}
