//! The pages of the chat: their state, their views, and what they ask of the server.

pub mod api;
pub mod composer;
pub mod message_view;
pub mod model_menu;
pub mod outbox;
pub mod page;
pub mod sidebar;
pub mod thread;
