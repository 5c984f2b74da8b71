//! Accepting connections.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

/// How long to wait after a failure to accept, most likely for a descriptor to be free again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How often such failures are logged: they come one after another.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Accepts connections, and logs failures without flooding the log.
pub struct Connections {
    listener: TcpListener,
    logged: Option<Instant>,
}

impl Connections {
    pub fn new(listener: TcpListener) -> Connections {
        Connections { listener, logged: None }
    }

    /// The next one. Where none can be accepted it waits until one can.
    pub async fn accept(&mut self) -> (TcpStream, SocketAddr) {
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

    fn log(&mut self, error: &io::Error) {
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            self.logged = Some(Instant::now());
            tracing::error!(%error, "a connection could not be accepted; trying again each second");
        }
    }
}

/// Whether it is this one connection that failed, before it was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Lets this process have as many descriptors as the system lets it ask for, and returns how many. The usual 1,024 are used
/// up by as many tabs.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        Ok(()) => limit.current = limit.maximum,
        Err(error) => tracing::warn!(%error, limit = ?limit.current, "the limit of open files could not be raised"),
    }
    limit.current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> usize {
    usize::MAX
}
