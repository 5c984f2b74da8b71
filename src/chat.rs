//! The pages of the chat: their state, their views, and what they ask of the server. State has no views.

pub mod address;
pub mod api;
pub mod bar;
pub mod branch;
pub mod composer;
pub mod conversation_list;
pub mod dialogs;
pub mod draft;
pub mod gauge;
#[cfg(feature = "inspect")]
mod inspect;
pub mod list_rows;
pub mod message_view;
pub mod model_menu;
pub mod other_models;
pub mod outbox;
pub mod page;
pub mod page_context;
pub mod queue;
pub mod queue_view;
pub mod ratings;
pub mod scroll;
pub mod seen;
pub mod selection;
mod selection_toolbar;
pub mod shortcuts;
pub mod sidebar;
pub mod sidebar_lists;
pub mod steering {
    //! How replies are asked for.
    pub mod api;
    pub mod dialog;
    pub mod fields;
    pub mod form;
    pub mod new_chat;
}
mod temporary;
pub mod thread;
pub mod thread_view;
mod together_view;
pub mod usage_dialog;
