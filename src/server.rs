//! How this server is asked: the table of routes, the socket, forms, connections, and what stands before them all.

pub mod bodies;
pub mod client_address;
pub mod connection_slots;
pub mod forms;
pub mod hosts;
pub mod listener;
pub mod routes;
pub mod security_log;
pub mod serve;
pub mod socket;
pub mod telemetry;
