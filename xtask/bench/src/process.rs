//! A server in a process of its own, so that what it costs can be read off.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

pub struct Process {
    pub address: SocketAddr,
    child: Child,
    /// When it was started.
    pub began: Instant,
    /// The commits that its log calls long, in milliseconds, since it was asked last.
    long_commits: Arc<Mutex<Vec<u64>>>,
}

impl Process {
    /// Starts a server and waits until it says where it listens. What it says besides goes to our standard error.
    pub fn start(command: &mut Command) -> anyhow::Result<Process> {
        let began = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().context("its log")?);
        let (tell, told) = mpsc::channel();
        let long_commits = Arc::<Mutex<Vec<u64>>>::default();
        let commits = long_commits.clone();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let long = long_commit(&line);
                match line.split_once("listening on http://") {
                    Some((_, address)) => drop(tell.send(address.trim().parse())),
                    None if long.is_some() => lock(&commits).extend(long),
                    None if line.contains("INFO") => {}
                    None => eprintln!("{line}"),
                }
            }
        });
        match told.recv_timeout(Duration::from_secs(30)) {
            Ok(address) => Ok(Process { address: address?, child, began, long_commits }),
            Err(_) => {
                let _ = child.kill();
                bail!("{command:?} did not start")
            }
        }
    }

    /// The time that its threads have run, in user space and in the kernel.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name before the last parenthesis may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok());
        let ticks = ticks(11).zip(ticks(12)).map(|(user, system)| user + system).context("utime and stime")?;
        // Linux tells programs of hundredths of a second, whatever it counts in itself.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The same of the thread with this name alone, to the nanosecond.
    pub fn cpu_of_thread(&self, name: &str) -> anyhow::Result<Duration> {
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))?.flatten() {
            let read = |file: &str| fs::read_to_string(thread.path().join(file));
            if read("comm")?.trim() == name {
                let ran = read("schedstat")?;
                return Ok(Duration::from_nanos(ran.split(' ').next().context("how long it ran")?.parse()?));
            }
        }
        bail!("the server has no thread named {name}")
    }

    /// The longest of the commits since this was asked last, in milliseconds; 0 if none took long enough to be logged.
    pub fn longest_commit(&self) -> u64 {
        std::mem::take(&mut *lock(&self.long_commits)).into_iter().max().unwrap_or(0)
    }

    /// The memory that it occupies, in KiB.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many milliseconds a commit took, if this line of the log says so.
fn long_commit(line: &str) -> Option<u64> {
    let (_, fields) = line.split_once("a commit took long")?;
    fields.split_whitespace().find_map(|field| field.strip_prefix("ms="))?.parse().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
