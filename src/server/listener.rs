//! Accepting connections.

use std::{io, net::SocketAddr, time::Duration};

use axum::serve::Listener;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

/// How long to wait after a failure to accept, most likely for a descriptor to be free again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often such failures are logged: they come one after another.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Gives axum its connections, and logs failures without flooding the log.
pub struct Connections {
    listener: TcpListener,
    logged: Option<Instant>,
}

impl Connections {
    pub fn new(listener: TcpListener) -> Connections {
        Connections { listener, logged: None }
    }

    fn log(&mut self, error: &io::Error) {
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            self.logged = Some(Instant::now());
            tracing::error!(%error, "a connection could not be accepted; trying again each second");
        }
    }
}

impl Listener for Connections {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    self.log(&error);
                    sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether it is this one connection that failed, before it was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Lets this process have as many descriptors as the system lets it ask for. The usual 1,024 are used up by as many tabs.
#[cfg(unix)]
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        tracing::warn!(%error, limit = ?limit.current, "the limit of open files could not be raised");
    }
}

#[cfg(not(unix))]
pub fn raise_descriptor_limit() {}
