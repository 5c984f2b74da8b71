//! Notes where a request comes from.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};

use crate::{security::client_address::ClientAddress, state::AppState};

/// Notes for all that comes after it where a request comes from.
pub async fn find(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let address = ClientAddress::of(peer.ip(), request.headers(), |proxy| app.trusted_proxies.contain(proxy));
        request.extensions_mut().insert(address);
    }
    next.run(request).await
}
