//! Serving connections, each for as long as it does something.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::HeaderMap,
    response::Response,
};
use hyper::{
    body::Incoming,
    server::conn::http1::Builder,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::timeout::{RequestBodyDeadlineLayer, RequestBodyTimeoutLayer};

use super::{
    connection_slots::{ConnectionSlot, ConnectionSlots},
    listener::Connections,
    routes,
};
use crate::{security::client_address::ClientAddress, state::AppState};

/// The longest head of a request, in bytes. Browsers send a few hundred bytes and our cookies.
const MAX_HEAD: usize = 64 * 1024;
/// How often connections that are refused are logged: they come one after another.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// How many may be open in all, sockets included.
    pub connections: usize,
    /// How many of one client: an address, or a network of IPv6. A trusted proxy's do not count, as they are many clients'.
    pub client_connections: usize,
    /// How long the head of the first request may take.
    pub first_head: Duration,
    /// How long a connection may be idle before the whole head of its next request has come.
    pub idle: Duration,
    /// How long a body may stand still.
    pub body_idle: Duration,
    /// How long a body may take in all.
    pub body: Duration,
    /// How long whoever asked may take no byte of the answer.
    pub write: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> ConnectionLimits {
        ConnectionLimits {
            connections: 16_384,
            client_connections: 4_096,
            first_head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_idle: Duration::from_secs(30),
            body: Duration::from_secs(600),
            write: Duration::from_secs(30),
        }
    }
}

impl ConnectionLimits {
    /// The usual ones for a process that may have so many descriptors open: a quarter of them is left for files and for
    /// providers, and no client gets more than a quarter of the connections.
    pub fn within(descriptors: usize) -> ConnectionLimits {
        let usual = ConnectionLimits::default();
        let connections = usual.connections.min(descriptors / 4 * 3);
        ConnectionLimits { connections, client_connections: usual.client_connections.min(connections / 4), ..usual }
    }
}

/// Serves until `closing`, and then until what was asked is answered. Sockets are not waited for.
///
/// A connection too many is closed at once. If it waited instead for one to end, everybody would wait behind those that
/// are only opened to take up room.
pub async fn serve(listener: TcpListener, app: AppState, limits: ConnectionLimits, closing: CancellationToken) {
    let router = routes::router(app.clone())
        .layer(RequestBodyTimeoutLayer::new(limits.body_idle))
        .layer(RequestBodyDeadlineLayer::new(limits.body));
    let slots = ConnectionSlots::new(limits.connections, limits.client_connections);
    let mut connections = Connections::new(listener);
    let mut logged: Option<Instant> = None;
    let open = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = connections.accept() => accepted,
            () = closing.cancelled() => break,
        };
        let trusted = &app.trusted_proxies;
        let client = (!trusted.contain(peer.ip().to_canonical()))
            .then(|| ClientAddress::of(peer.ip(), &HeaderMap::new(), |proxy| trusted.contain(proxy)).key());
        match slots.take(client) {
            Some(slot) => {
                let accepted = Accepted { stream, peer, slot, limits, closing: closing.clone() };
                open.spawn(accepted.serve(router.clone()));
            }
            None if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) => {
                logged = Some(Instant::now());
                tracing::warn!(%peer, "too many connections: some are refused");
            }
            None => {}
        }
    }
    drop(connections);
    open.close();
    open.wait().await;
}

struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    slot: ConnectionSlot,
    limits: ConnectionLimits,
    closing: CancellationToken,
}

impl Accepted {
    async fn serve(self, router: Router) {
        // A word must not wait for the next one.
        if let Err(error) = self.stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let mut stream = TimeoutStream::new(self.stream);
        stream.set_write_timeout(Some(self.limits.write));
        let has_asked = Arc::new(AtomicBool::new(false));
        let service = service(router, self.peer, self.slot, has_asked.clone());
        let connection = Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle)
            .max_header_size(MAX_HEAD)
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut first_head = pin!(sleep(self.limits.first_head));
        let (mut waits, mut closes) = (true, false);
        loop {
            tokio::select! {
                served = connection.as_mut() => {
                    if let Err(error) = served {
                        tracing::debug!(%error, peer = %self.peer, "a connection broke off");
                    }
                    return;
                }
                () = &mut first_head, if waits => {
                    waits = false;
                    if !has_asked.load(Ordering::Relaxed) {
                        return;
                    }
                }
                () = self.closing.cancelled(), if !closes => {
                    closes = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The router as this connection's requests come to it. Each of them holds the connection's slot, and so does the socket
/// that one may become.
fn service(
    router: Router,
    peer: SocketAddr,
    slot: ConnectionSlot,
    has_asked: Arc<AtomicBool>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(slot.clone());
        router.call(request)
    })
}
