//! The pages on which people make an account, sign in and see to their sessions.

pub mod api;
#[cfg(feature = "ssr")]
pub mod change_password;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod security_page;
#[cfg(feature = "ssr")]
pub mod setup;
#[cfg(feature = "ssr")]
pub mod sign_in;
