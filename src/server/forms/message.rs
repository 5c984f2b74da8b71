//! A message that is sent with scripts off.

use axum::{
    extract::{Form, Path, State},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{plain, refuse};
use crate::{
    access::Viewer,
    account::session::SignedIn,
    chat::api::{
        SendRefusal, Sending,
        server::{enqueue, send},
    },
    conversation::queue::Queueing,
    error::Failure,
    ids::{ConversationId, MessageId},
    language::t,
    state::AppState,
    steering::options::Options,
    text::in_textarea,
};

#[derive(Deserialize)]
pub struct SendForm {
    conversation: String,
    id: String,
    /// What the message follows; empty: the conversation begins with it.
    #[serde(default)]
    parent: String,
    /// The message that this is another version of; empty: none.
    #[serde(default)]
    edits: String,
    text: String,
    model: String,
    /// Whether the conversation that begins with it is temporary: a checkbox, which sends nothing if it is not checked.
    #[serde(default)]
    temporary: Option<String>,
}

pub async fn send_first(
    app: State<AppState>,
    who: Result<SignedIn, Failure>,
    parts: Parts,
    form: Form<SendForm>,
) -> Response {
    send_form(app, who, parts, "/".into(), true, form).await
}

pub async fn send_next(
    app: State<AppState>,
    who: Result<SignedIn, Failure>,
    Path(id): Path<String>,
    parts: Parts,
    form: Form<SendForm>,
) -> Response {
    // Back to the branch that it was written on.
    let page = match &*form.parent {
        "" => format!("/c/{id}"),
        parent => format!("/c/{id}?m={parent}"),
    };
    send_form(app, who, parts, page, false, form).await
}

async fn send_form(
    State(app): State<AppState>,
    who: Result<SignedIn, Failure>,
    parts: Parts,
    page: String,
    opens: bool,
    Form(form): Form<SendForm>,
) -> Response {
    let ids = form.conversation.parse::<ConversationId>().ok().zip(form.id.parse::<MessageId>().ok());
    let sent = async {
        let (conversation, id) = ids.ok_or(Failure::NotFound)?;
        let parent = match &*form.parent {
            "" => None,
            parent => Some(parent.parse().map_err(|_| Failure::NotFound)?),
        };
        let edits = match &*form.edits {
            "" => None,
            edits => Some(edits.parse().map_err(|_| Failure::NotFound)?),
        };
        let sending = Sending {
            conversation,
            opens,
            parent,
            edits,
            id,
            text: form.text.clone(),
            model: form.model,
            others: vec![],
            temporary: opens && form.temporary.is_some(),
            options: Options::default(),
        };
        send_or_queue(&app, who?.viewer, sending).await?;
        Ok(conversation)
    };
    match sent.await {
        Err(Failure::SignedOut) => signed_out(&app, &form.text),
        Ok(conversation) => Redirect::to(&format!("/c/{conversation}")).into_response(),
        Err(failure) => {
            // Under the same ids, as it may have been written all the same; unless they are another message's.
            let ids = ids.filter(|_| failure != Failure::Changed);
            let refusal = |message| SendRefusal { message, text: form.text, ids };
            refuse(&app, &parts, &page, failure, refusal).await
        }
    }
}

/// Sends a message, or queues it where the reply that it follows still runs.
async fn send_or_queue(app: &AppState, viewer: Viewer, sending: Sending) -> Result<(), Failure> {
    let Sending { conversation, id, .. } = sending;
    let (text, model) = (sending.text.clone(), sending.model.clone());
    let after = sending.parent.filter(|_| sending.edits.is_none());
    match (send(app, viewer, sending).await, after) {
        (Err(Failure::Busy), Some(after)) => {
            enqueue(app, viewer, Queueing { conversation, after, id, text, model }).await.map(drop)
        }
        (sent, _) => sent.map(drop),
    }
}

/// The chat's pages are closed to somebody whose session has ended, but what they wrote is theirs.
fn signed_out(app: &AppState, text: &str) -> Response {
    let texts = &t().server.cards;
    let card = format!(
        "<p>{} {}</p><textarea aria-label=\"{}\" rows=\"8\" readonly>{}</textarea>\
         <a class=\"button primary\" href=\"/sign-in\">{}</a>",
        Failure::SignedOut,
        texts.unsent_message,
        texts.unsent_message_label,
        in_textarea(text),
        texts.to_sign_in,
    );
    (Failure::SignedOut.status(), plain(&app.build.style, texts.signed_out_title, &card)).into_response()
}
