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

use crate::support::soon;

/// How the network is. The same in both directions, but for what is cut.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    /// So many bytes come from the server on each connection, and then it breaks.
    pub cut_after: Option<usize>,
    pub delay: Duration,
    /// At most so much more delay for each piece, but none overtakes another.
    pub jitter: Duration,
    /// Pieces are passed on all at once, so often.
    pub period: Option<Duration>,
    /// Bytes a second.
    pub rate: Option<usize>,
    /// Nothing gets through, and nobody is told; later it all comes.
    pub stalls: bool,
    /// Everything is swallowed, and nobody is told: half-open.
    pub swallows: bool,
}

/// The proxy. It ends, with all its connections, when it is dropped.
pub struct Line {
    pub address: SocketAddr,
    weather: watch::Sender<Weather>,
    /// What came from the server on the newest connection.
    passed: Passed,
    /// How many connections were cut.
    cuts: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

type Passed = Arc<Mutex<Vec<u8>>>;
/// What is told of the server's half of a connection: what passed, and that it was cut.
type Heard = (Passed, Arc<AtomicUsize>);

impl Line {
    /// A line to wherever the server is at the time of a connection.
    pub async fn to(server: watch::Receiver<SocketAddr>, seed: u64) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the line");
        let address = listener.local_addr().expect("the line's address");
        let (weather, passed, cuts) = (watch::Sender::default(), Passed::default(), Arc::<AtomicUsize>::default());
        let task = tokio::spawn(accept(listener, server, weather.clone(), (passed.clone(), cuts.clone()), seed));
        Line { address, weather, passed, cuts, task }
    }

    /// From now on, for every connection that there is or will be.
    pub fn turns(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Breaks it now and for all who come, until one connection was cut.
    pub async fn breaks(&self) {
        let before = self.cuts.load(Relaxed);
        self.turns(Weather { cut_after: Some(0), ..Weather::default() });
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
    weather: watch::Sender<Weather>,
    (passed, cuts): Heard,
    seed: u64,
) {
    let mut connections = JoinSet::new();
    let mut seeds = SmallRng::seed_from_u64(seed);
    while let Ok((client, _)) = listener.accept().await {
        passed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (server, weather, heard) = (*server.borrow(), weather.subscribe(), (passed.clone(), cuts.clone()));
        connections.spawn(connection(client, server, weather, heard, SmallRng::seed_from_u64(seeds.random())));
    }
}

/// Ends when either direction does; then both sides are hung up on.
async fn connection(
    mut client: TcpStream,
    server: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    heard: Heard,
    mut random: SmallRng,
) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    let other = SmallRng::seed_from_u64(random.random());
    let half_open = tokio::select! {
        () = direction(from_client, to_server, weather.clone(), None, other) => false,
        () = direction(from_server, to_client, weather.clone(), Some(heard), random) => false,
        swallows = weather.wait_for(|weather| weather.swallows) => swallows.is_ok(),
    };
    if half_open {
        // Neither side is told anything any more, whatever the other does.
        pending::<()>().await;
    }
}

async fn direction(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    weather: watch::Receiver<Weather>,
    heard: Option<Heard>,
    random: SmallRng,
) {
    // So much can be on the way, however long that is.
    let (queue, on_the_way) = mpsc::channel(64);
    tokio::select! {
        () = arrive(on_the_way, to, weather.clone(), heard) => {}
        // What is on the way when nothing more departs still arrives.
        () = async { depart(from, queue, weather, random).await; pending().await } => {}
    }
}

/// Reads, and says when each piece is to arrive.
async fn depart(
    mut from: ReadHalf<'_>,
    queue: mpsc::Sender<(Instant, Vec<u8>)>,
    mut weather: watch::Receiver<Weather>,
    mut random: SmallRng,
) {
    let mut piece = vec![0; 16 * 1024];
    let begun = Instant::now();
    let mut latest = begun;
    loop {
        // The sender lives as long as the line.
        let _ = weather.wait_for(|weather| !weather.stalls).await;
        let length = match from.read(&mut piece).await {
            Ok(length @ 1..) => length,
            _ => return,
        };
        let Weather { delay, jitter, period, .. } = *weather.borrow();
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
    mut weather: watch::Receiver<Weather>,
    heard: Option<Heard>,
) {
    let mut total = 0;
    while let Some((at, bytes)) = queue.recv().await {
        sleep_until(at).await;
        let _ = weather.wait_for(|weather| !weather.stalls).await;
        let Weather { cut_after, rate, .. } = *weather.borrow();
        let room = cut_after.filter(|_| heard.is_some()).map_or(usize::MAX, |limit| limit - total.min(limit));
        let bytes = &bytes[..bytes.len().min(room)];
        // Before they are sent: who has them finds them here.
        if let Some((passed, _)) = &heard {
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
            if let Some((_, cuts)) = &heard {
                cuts.fetch_add(1, Relaxed);
            }
            return;
        }
    }
}
