//! What a person marks for themselves, with scripts off.

use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    account::session::SignedIn,
    chat::{api::server::marked, ratings::api::set_rating},
    conversation::ratings::Rating,
    error::Failure,
    ids::{ConversationId, MessageId},
    state::AppState,
};

#[derive(Deserialize)]
pub struct RateForm {
    id: String,
    /// Empty: it is taken back.
    #[serde(default)]
    rating: String,
}

pub async fn rate(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    Path(conversation): Path<String>,
    Form(form): Form<RateForm>,
) -> Response {
    let rated = async {
        let viewer = who?.viewer;
        let id: MessageId = form.id.parse().map_err(|_| Failure::NotFound)?;
        let rating: Option<Rating> = match &*form.rating {
            "" => None,
            rating => Some(rating.parse().map_err(|_| Failure::NotFound)?),
        };
        set_rating(&app, viewer, id, rating, "").await?;
        Ok(format!("/c/{conversation}?m={id}#{id}"))
    };
    answer(rated.await)
}

pub async fn unarchive(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    Path(conversation): Path<String>,
) -> Response {
    let done = async {
        let viewer = who?.viewer;
        let id: ConversationId = conversation.parse().map_err(|_| Failure::NotFound)?;
        marked(&app, viewer, app.database.archive(viewer, &[id], None).await?)?;
        Ok("/?archived".to_owned())
    };
    answer(done.await)
}

/// Sends on to the page that shows it now.
fn answer(done: Result<String, Failure>) -> Response {
    match done {
        Ok(page) => Redirect::to(&page).into_response(),
        Err(Failure::SignedOut) => Redirect::to("/sign-in").into_response(),
        Err(failure) => failure.into_response(),
    }
}
