//! How a page's request becomes a socket.

use axum::{
    extract::{Extension, Query, State, WebSocketUpgrade, ws::WebSocket},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde::Deserialize;

use super::{Closed, Socket};
use crate::{
    account::session::SignedIn,
    config::public_url::PublicUrl,
    error::Failure,
    live::{close, hub::Tab},
    security,
    server::connection_slots::ConnectionSlot,
    state::AppState,
};

/// The longest frame that a page may send, in bytes.
const INCOMING_LIMIT: usize = 16 * 1024;

#[derive(Deserialize)]
pub struct Address {
    /// What the page speaks that connects. (Those before the first number named their build here instead.)
    protocol: Option<u32>,
}

/// Upgrades to a socket, for a page of this origin and a person who is signed in.
pub async fn connect(
    State(app): State<AppState>,
    Query(address): Query<Address>,
    who: SignedIn,
    headers: HeaderMap,
    Extension(place): Extension<ConnectionSlot>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let public_origin = app.public_url.as_ref().map(PublicUrl::origin);
    if !security::same_origin(public_origin, &headers) {
        return Failure::ForeignOrigin.into_response();
    }
    let upgrade = upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(INCOMING_LIMIT)
        .max_frame_size(INCOMING_LIMIT);
    let sockets = app.sockets.clone();
    let serve = async move |socket: WebSocket| {
        let _place = place;
        let (sink, mut stream) = socket.split();
        let tab = Tab::new(who.viewer, who.session);
        let mut socket = Socket::new(app, tab, sink);
        let why = if address.protocol.is_some_and(|protocol| socket.app.protocols.contains(&protocol)) {
            socket.serve(&mut stream).await
        } else {
            Closed::Because(close::UPDATED, "Rivulet was updated.")
        };
        socket.finish(why).await;
    };
    upgrade.on_upgrade(move |socket| sockets.track_future(serve(socket)))
}
