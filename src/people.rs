//! The pages on which people make an account, sign in, and see to their sessions and settings.

pub mod api;
#[cfg(feature = "ssr")]
pub mod change_password;
#[cfg(feature = "ssr")]
pub mod frame;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod security_page;
#[cfg(feature = "ssr")]
pub mod settings_page;
#[cfg(feature = "ssr")]
pub mod setup;
#[cfg(feature = "ssr")]
pub mod sign_in;
