//! What all pages of the chat share.

use leptos::prelude::*;

use super::{api::PageData, model_menu::OfferedModels, outbox::Outbox};
use crate::{error::Failure, live::connection::Connection};

/// What the pages below share: loaded once, and whether the drawer is open.
#[derive(Clone, Copy)]
pub struct PageContext {
    pub page_data: Resource<Result<PageData, Failure>>,
    pub drawer: RwSignal<bool>,
    /// Whether a page of this document has shown already why a form came back.
    pub answered: StoredValue<bool>,
    pub connection: Connection,
    pub menu: OfferedModels,
    pub outbox: Outbox,
    /// Whether somebody may be looking at this page.
    pub is_looked_at: RwSignal<bool>,
    /// Whether the conversation that begins next is temporary.
    pub temporary: RwSignal<bool>,
    /// Changes when this tab has inherited what other tabs left.
    pub inherited: RwSignal<()>,
}
