//! English.

mod chat;
mod failures;
mod pages;
#[cfg(feature = "ssr")]
mod providers;
#[cfg(feature = "ssr")]
mod server;

use super::Texts;

pub(super) const ENGLISH: Texts = Texts {
    tag: "en",
    composer: chat::COMPOSER,
    prompts: chat::PROMPTS,
    together: chat::TOGETHER,
    queue: chat::QUEUE,
    message: chat::MESSAGE,
    markdown: chat::MARKDOWN,
    selection: chat::SELECTION,
    options: chat::OPTIONS,
    thread: chat::THREAD,
    temporary: chat::TEMPORARY,
    context: chat::CONTEXT,
    usage: chat::USAGE,
    dialogs: chat::DIALOGS,
    sidebar: chat::SIDEBAR,
    models: chat::MODELS,
    page: pages::PAGE,
    shortcuts: pages::SHORTCUTS,
    connection: pages::CONNECTION,
    not_found: pages::NOT_FOUND,
    account: pages::ACCOUNT,
    failures: failures::FAILURES,
    steering: failures::STEERING,
    #[cfg(feature = "ssr")]
    server: server::SERVER,
};
