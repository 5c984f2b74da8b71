//! What the integration tests are told with: a server, people, their tabs, and a provider whose every word they decide.
//!
//! Nothing here sleeps. Whoever waits, waits for something that is told, for [`PATIENCE`] at most.

mod database;
mod folder;
pub mod page;
pub mod person;
pub mod process;
pub mod provider;
mod server;
mod tab;

use std::time::Duration;

pub use database::Database;
pub use folder::Folder;
pub use person::{Chat, Person, Refused};
pub use process::Process;
pub use provider::{Provider, Voice};
pub use server::Server;
pub use tab::{Came, Tab, upgrade};

/// How long anything that is waited for may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a future gives, if it does so in time.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}

/// A client that keeps nothing, follows nothing and uses no proxy: each request says all that it says.
pub fn client() -> reqwest::Client {
    // A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    (reqwest::Client::builder().tls_certs_only([]).no_proxy().redirect(reqwest::redirect::Policy::none()))
        .build()
        .expect("a client that needs no certificates")
}
