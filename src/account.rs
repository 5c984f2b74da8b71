//! Accounts and the people in them.

use serde::{Deserialize, Serialize};

use crate::text::in_one_line;

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

/// The shortest password, in characters (NIST SP 800-63B asks for at least 8).
pub const SHORTEST_PASSWORD: usize = 8;

/// An email as it is stored and looked up, however it was typed.
pub fn folded_email(typed: &str) -> String {
    in_one_line(typed).to_lowercase()
}
