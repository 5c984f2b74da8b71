//! What an attacker does to a running server, and what comes of it. One file an attack, named by what is done.

#[allow(dead_code, reason = "shared with the other tests of the server")]
mod support;
