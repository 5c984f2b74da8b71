//! What every feature stands on: settings, database, shared state, and the table of routes.

pub mod backup;
pub mod client_address;
pub mod database;
pub mod files;
pub mod forms;
pub mod listener;
pub mod public_url;
pub mod routes;
pub mod security;
pub mod security_log;
pub mod settings;
pub mod state;
pub mod telemetry;
