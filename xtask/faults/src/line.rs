//! A network that can be made bad: a proxy between a tab and the server, which survives the server's restarts.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use kit::soon;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

/// The conditions of the network, the same in both directions except for what is cut.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// So many bytes come from the server on each connection, and then it breaks.
    pub cut_after: Option<usize>,
    pub delay: Duration,
    /// At most so much more delay for each piece, but none overtakes another.
    pub jitter: Duration,
    /// Pieces are passed on all at once, so often.
    pub period: Option<Duration>,
    /// Bytes a second.
    pub rate: Option<usize>,
    /// Nothing gets through, which nobody can notice; later it all comes.
    pub stalls: bool,
    /// Everything is swallowed, which nobody can notice: half-open.
    pub swallows: bool,
}

/// The proxy. It ends, with all its connections, when it is dropped.
pub struct Line {
    pub address: SocketAddr,
    conditions: watch::Sender<Conditions>,
    /// What came from the server on the newest connection.
    passed: Passed,
    /// How many connections were cut.
    cuts: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

type Passed = Arc<Mutex<Vec<u8>>>;
/// What is recorded of the server's half of a connection: what passed, and how many were cut.
type Record = (Passed, Arc<AtomicUsize>);

impl Line {
    /// A line to wherever the server is at the time of a connection.
    pub async fn to(server: watch::Receiver<SocketAddr>, seed: u64) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the line");
        let address = listener.local_addr().expect("the line's address");
        let (conditions, passed, cuts) = (watch::Sender::default(), Passed::default(), Arc::<AtomicUsize>::default());
        let task = tokio::spawn(accept(listener, server, conditions.clone(), (passed.clone(), cuts.clone()), seed));
        Line { address, conditions, passed, cuts, task }
    }

    /// From now on, for every connection that there is or will be.
    pub fn sets(&self, conditions: Conditions) {
        self.conditions.send_replace(conditions);
    }

    /// Breaks it now and for all who come, until one connection was cut.
    pub async fn breaks(&self) {
        let before = self.cuts.load(Relaxed);
        self.sets(Conditions { cut_after: Some(0), ..Conditions::default() });
        soon("something comes that can be cut off", async {
            while self.cuts.load(Relaxed) == before {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    pub fn passed(&self) -> Vec<u8> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    server: watch::Receiver<SocketAddr>,
    conditions: watch::Sender<Conditions>,
    (passed, cuts): Record,
    seed: u64,
) {
    let mut connections = JoinSet::new();
    let mut seeds = SmallRng::seed_from_u64(seed);
    while let Ok((client, _)) = listener.accept().await {
        passed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (server, conditions, record) = (*server.borrow(), conditions.subscribe(), (passed.clone(), cuts.clone()));
        connections.spawn(connection(client, server, conditions, record, SmallRng::seed_from_u64(seeds.random())));
    }
}

/// Ends when either direction does; then both sides are hung up on.
async fn connection(
    mut client: TcpStream,
    server: SocketAddr,
    mut conditions: watch::Receiver<Conditions>,
    record: Record,
    mut random: SmallRng,
) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    let other = SmallRng::seed_from_u64(random.random());
    let half_open = tokio::select! {
        () = direction(from_client, to_server, conditions.clone(), None, other) => false,
        () = direction(from_server, to_client, conditions.clone(), Some(record), random) => false,
        swallows = conditions.wait_for(|conditions| conditions.swallows) => swallows.is_ok(),
    };
    if half_open {
        // Neither side notices anything any more, whatever the other does.
        pending::<()>().await;
    }
}

async fn direction(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    conditions: watch::Receiver<Conditions>,
    record: Option<Record>,
    random: SmallRng,
) {
    // So many pieces can be in transit, however long that takes.
    let (queue, in_transit) = mpsc::channel(64);
    tokio::select! {
        () = arrive(in_transit, to, conditions.clone(), record) => {}
        // What is in transit when nothing more departs still arrives.
        () = async { depart(from, queue, conditions, random).await; pending().await } => {}
    }
}

/// Reads, and decides when each piece is to arrive.
async fn depart(
    mut from: ReadHalf<'_>,
    queue: mpsc::Sender<(Instant, Vec<u8>)>,
    mut conditions: watch::Receiver<Conditions>,
    mut random: SmallRng,
) {
    let mut piece = vec![0; 16 * 1024];
    let begun = Instant::now();
    let mut latest = begun;
    loop {
        // The sender lives as long as the line.
        let _ = conditions.wait_for(|conditions| !conditions.stalls).await;
        let length = match from.read(&mut piece).await {
            Ok(length @ 1..) => length,
            _ => return,
        };
        let Conditions { delay, jitter, period, .. } = *conditions.borrow();
        latest = latest.max(Instant::now() + delay + jitter.mul_f64(random.random()));
        if let Some(period) = period {
            let periods = latest.duration_since(begun).div_duration_f64(period).ceil();
            latest = begun + period.mul_f64(periods);
        }
        if queue.send((latest, piece[..length].to_vec())).await.is_err() {
            return;
        }
    }
}

async fn arrive(
    mut queue: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut to: WriteHalf<'_>,
    mut conditions: watch::Receiver<Conditions>,
    record: Option<Record>,
) {
    let mut total = 0;
    while let Some((at, bytes)) = queue.recv().await {
        sleep_until(at).await;
        let _ = conditions.wait_for(|conditions| !conditions.stalls).await;
        let Conditions { cut_after, rate, .. } = *conditions.borrow();
        let room = cut_after.filter(|_| record.is_some()).map_or(usize::MAX, |limit| limit - total.min(limit));
        let bytes = &bytes[..bytes.len().min(room)];
        // Before they are sent: who has them finds them here.
        if let Some((passed, _)) = &record {
            passed.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        for slice in bytes.chunks(rate.map_or(usize::MAX, |rate| rate.div_ceil(20))) {
            if to.write_all(slice).await.is_err() {
                return;
            }
            if let Some(rate) = rate {
                sleep(Duration::from_secs_f64(slice.len() as f64 / rate as f64)).await;
            }
        }
        total += bytes.len();
        if bytes.len() == room {
            if let Some((_, cuts)) = &record {
                cuts.fetch_add(1, Relaxed);
            }
            return;
        }
    }
}
