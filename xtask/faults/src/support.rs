//! What the integration tests are told with: people, their tabs, and a provider whose every word is decided here.
#![allow(dead_code, reason = "the tests use more of it than this program does")]

#[path = "../../../src/tests/support/database.rs"]
mod database;
#[path = "../../../src/tests/support/folder.rs"]
mod folder;
#[path = "../../../src/tests/support/page.rs"]
pub mod page;
#[path = "../../../src/tests/support/person.rs"]
pub mod person;
#[path = "../../../src/tests/support/provider.rs"]
pub mod provider;
#[path = "../../../src/tests/support/tab.rs"]
mod tab;
#[path = "../../../src/tests/support/waiting.rs"]
mod waiting;

pub use database::Database;
pub use folder::Folder;
pub use person::{Chat, Person};
pub use provider::{Provider, Voice};
pub use tab::{Came, Tab};
pub use waiting::{PATIENCE, soon};
