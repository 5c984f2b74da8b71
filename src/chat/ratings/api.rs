//! What the browser can ask of ratings.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::{
    access::Viewer, chat::api::server::answer, conversation::ratings::LONGEST_WORD, ids::now, language::t,
    live::hub::ListTopic, state::AppState, text::in_one_line,
};
use crate::{
    conversation::ratings::{RatedRows, Rating},
    error::Failure,
    ids::{ConversationId, MessageId},
    json::Json,
};

/// Rates a finished reply for whoever asks, with a word of theirs, which may be empty; without a `rating` it is taken back.
/// Gives what was set.
#[server(prefix = "/api/2", endpoint = "rate", input = Json, output = Json)]
pub async fn rate(id: MessageId, rating: Option<Rating>, word: String) -> Result<RatedRows, Failure> {
    answer(|app, who| async move { set_rating(&app, who.viewer, id, rating, &word).await }).await
}

/// The ratings in a conversation of whoever asks, nobody else's.
#[server(prefix = "/api/2", endpoint = "ratings", input = Json, output = Json)]
pub async fn ratings(id: ConversationId) -> Result<RatedRows, Failure> {
    answer(|app, who| async move { app.database.ratings(who.viewer, id).await?.ok_or(Failure::NotFound) }).await
}

/// The server's half, which the form uses too.
#[cfg(feature = "ssr")]
pub async fn set_rating(
    app: &AppState,
    viewer: Viewer,
    id: MessageId,
    rating: Option<Rating>,
    word: &str,
) -> Result<RatedRows, Failure> {
    let word = in_one_line(word);
    if word.chars().count() > LONGEST_WORD {
        return Err(Failure::Invalid((t().server.forms.long_word)(LONGEST_WORD)));
    }
    let rated = app.database.rate(viewer, id, rating, &word, now()).await?.ok_or(Failure::NotFound)?;
    app.hub.changed(ListTopic::Marks(viewer.account, viewer.user));
    Ok(rated)
}
