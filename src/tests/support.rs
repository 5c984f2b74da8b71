//! What the integration tests are told with: a server, people, their tabs, and a provider whose every word they decide.
//!
//! Nothing here sleeps. Whoever waits, waits for something that is told, for [`PATIENCE`] at most.

mod database;
pub mod folder;
pub mod page;
pub mod person;
pub mod process;
pub mod provider;
mod server;
mod tab;
mod waiting;

pub use database::Database;
pub use folder::Folder;
pub use person::{Chat, Person, Refused};
pub use process::Process;
pub use provider::{Provider, Voice};
pub use server::Server;
pub use tab::{Came, Tab, upgrade};
pub use waiting::{PATIENCE, soon};
