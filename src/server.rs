//! What every feature stands on: settings, database, shared state, and the table of routes.

pub mod backup;
pub mod bodies;
pub mod client_address;
pub mod database;
pub mod files;
pub mod forms;
pub mod hosts;
pub mod listener;
pub mod places;
pub mod public_url;
pub mod routes;
pub mod security;
pub mod security_log;
pub mod serve;
pub mod settings;
pub mod setup;
pub mod state;
pub mod telemetry;
