//! What tests, faults and bench are written with: a server, people, their tabs, and providers that send exactly what the
//! test has them send.
//!
//! Nothing here sleeps for a fixed time in order to wait: what waits, waits for something that happens, for [`PATIENCE`]
//! at most. What does not go as it must panics, as a test does.

mod built;
mod connection;
mod database;
mod folder;
pub mod page;
pub mod person;
mod process;
pub mod provider;
mod provider_server;
mod server;
mod tab;
mod waiting;

pub use built::Built;
pub use connection::{Connection, Incoming, upgrade};
pub use database::{Database, Tree};
pub use folder::{BUILD, Folder, LIMITS};
pub use person::{Chat, Person, Refused};
pub use process::{Process, command};
pub use provider::{Provider, TITLE, Writer};
pub use provider_server::{Answer, ProviderServer, Seen};
pub use server::Server;
pub use tab::{Observer, Received, Tab, is_beginning};
pub use waiting::{PATIENCE, soon};
