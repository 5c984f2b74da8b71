//! The only error that crosses to the browser. Each is a sentence for a person: what happened, what to do.

use leptos::{
    prelude::{FromServerFnError, window},
    server_fn::{Bytes, Decodes, error::ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use crate::{json::JsonText, language::t, protocol};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Failure {
    #[error("{}", t().failures.signed_out)]
    SignedOut,
    #[error("{}", t().failures.not_found)]
    NotFound,
    #[error("{}", t().failures.busy)]
    Busy,
    #[error("{}", t().failures.changed)]
    Changed,
    #[error("{}", t().failures.empty)]
    Empty,
    #[error("{}", t().failures.too_long)]
    TooLong,
    /// Something that was typed cannot be taken; the sentence has what.
    #[error("{0}")]
    Invalid(String),
    #[error("{}", t().failures.unknown_model)]
    UnknownModel,
    /// Too much at once; the sentence has of what.
    #[error("{0}")]
    Limited(String),
    #[error("{}", t().failures.wrong_password)]
    WrongPassword,
    #[error("{}", t().failures.closed)]
    Closed,
    #[error("{}", t().failures.foreign_origin)]
    ForeignOrigin,
    #[error("{}", t().failures.restarting)]
    Restarting,
    #[error("{}", t().failures.unavailable)]
    Unavailable,
    #[error("{}", t().failures.unreachable)]
    Unreachable,
    /// The page speaks a protocol that the server does not.
    #[error("{}", t().failures.updated)]
    Updated,
}

impl Failure {
    /// Whether the same may succeed a moment later, without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Failure::Restarting | Failure::Unavailable | Failure::Unreachable | Failure::Limited(_))
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Failure {
        let failure = match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Failure::Unreachable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Failure::Invalid(t().failures.not_understood.into())
            }
            _ => Failure::Unavailable,
        };
        #[cfg(feature = "ssr")]
        let failure = failure.with_status();
        failure
    }

    /// What a page was answered. Whatever it asked for, the whole page learns that it is [`Failure::Updated`].
    fn de(answer: Bytes) -> Failure {
        let failure = JsonText::decode(answer).unwrap_or_else(|error: serde_json::Error| {
            Failure::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string()))
        });
        if failure == Failure::Updated
            && let Ok(event) = web_sys::Event::new(protocol::OUTDATED)
        {
            // It is given to listeners only, none of which cancels it.
            let _ = window().dispatch_event(&event);
        }
        failure
    }
}

#[cfg(feature = "ssr")]
mod server {
    use axum::{
        http::StatusCode,
        response::{IntoResponse, Response},
    };

    use super::Failure;

    impl Failure {
        pub fn status(&self) -> StatusCode {
            match self {
                Failure::SignedOut | Failure::WrongPassword => StatusCode::UNAUTHORIZED,
                Failure::NotFound => StatusCode::NOT_FOUND,
                Failure::Busy | Failure::Changed => StatusCode::CONFLICT,
                Failure::Empty | Failure::Invalid(_) | Failure::UnknownModel => StatusCode::UNPROCESSABLE_ENTITY,
                Failure::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
                Failure::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
                Failure::Closed | Failure::ForeignOrigin => StatusCode::FORBIDDEN,
                Failure::Updated => StatusCode::GONE,
                Failure::Restarting | Failure::Unavailable | Failure::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            }
        }

        /// As functions answer it, with its own status or another.
        pub fn as_json(&self, status: StatusCode) -> Response {
            (status, axum::Json(self)).into_response()
        }

        /// Answers the request that is being served with this failure's status, unless it is sent elsewhere already.
        pub fn with_status(self) -> Failure {
            if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
                let mut response = response.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                if !response.headers.contains_key(axum::http::header::LOCATION) {
                    response.status = Some(self.status());
                }
            }
            self
        }
    }

    /// The boundary at which a database's error is logged; a person reads no more than that it did not work.
    impl From<sqlx::Error> for Failure {
        fn from(error: sqlx::Error) -> Failure {
            tracing::error!(%error, "the database failed");
            Failure::Unavailable
        }
    }

    impl IntoResponse for Failure {
        fn into_response(self) -> Response {
            (self.status(), self.to_string()).into_response()
        }
    }
}
