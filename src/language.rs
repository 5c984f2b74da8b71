//! Every string of the interface, in the language in which a page is shown: English only now.
//!
//! What people read and what a screen reader announces stands here and nowhere else; logs, commands and what stops a start
//! do not. A language is one constant table, so one that lacks a string does not compile.

pub mod chat;
mod english;
pub mod failures;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod providers;
#[cfg(feature = "ssr")]
pub mod server;

/// The strings of the language in which the page is shown.
pub fn t() -> &'static Texts {
    &english::ENGLISH
}

/// A language. Strings are text, not HTML, where their comment does not have it otherwise.
pub struct Texts {
    /// The language's tag (BCP 47), for `lang`.
    pub tag: &'static str,
    pub composer: chat::Composer,
    pub prompts: chat::Prompts,
    pub together: chat::Together,
    pub queue: chat::Queue,
    pub message: chat::Message,
    pub markdown: chat::Markdown,
    pub selection: chat::Selection,
    pub options: chat::Options,
    pub thread: chat::Thread,
    pub temporary: chat::Temporary,
    pub context: chat::Context,
    pub usage: chat::Usage,
    pub dialogs: chat::Dialogs,
    pub sidebar: chat::Sidebar,
    pub models: chat::Models,
    pub page: pages::Page,
    pub shortcuts: pages::Shortcuts,
    pub connection: pages::Connection,
    pub not_found: pages::NotFound,
    pub account: pages::Account,
    pub failures: failures::Failures,
    pub steering: failures::Steering,
    #[cfg(feature = "ssr")]
    pub server: server::Server,
}
