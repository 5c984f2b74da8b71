//! Accounts and the people in them.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MessageId};

#[cfg(feature = "ssr")]
pub mod browser;
#[cfg(feature = "ssr")]
pub mod cookies;
#[cfg(feature = "ssr")]
pub mod device;
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod password;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
pub mod setup_code;
#[cfg(feature = "ssr")]
pub mod store;

/// Who is signed in, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// What a form was refused for, and what had been typed (never a password).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub message: String,
    pub name: String,
    pub email: String,
    /// The setup code.
    #[serde(default)]
    pub code: String,
    /// The message that was not sent.
    pub text: String,
    /// The ids that it had, if it can be sent again under them.
    pub ids: Option<(ConversationId, MessageId)>,
}

/// The shortest password, in characters (NIST SP 800-63B asks for at least 8).
pub const SHORTEST_PASSWORD: usize = 8;
