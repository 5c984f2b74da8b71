//! How the servers of the bench listen.

use std::net::SocketAddr;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// A word must not wait for the next one.
pub fn nodelay(listener: TcpListener) -> impl axum::serve::Listener<Addr = SocketAddr> {
    listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    })
}
