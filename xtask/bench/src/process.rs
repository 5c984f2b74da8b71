//! A server in a process of its own, so that what it costs can be read off.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

pub struct Process {
    pub address: SocketAddr,
    child: Child,
    /// When it was started.
    pub began: Instant,
}

impl Process {
    /// Starts a server and waits until it says where it listens. What it says besides goes to our standard error.
    pub fn start(command: &mut Command) -> anyhow::Result<Process> {
        let began = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().context("its log")?);
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                match line.split_once("listening on http://") {
                    Some((_, address)) => drop(tell.send(address.trim().parse())),
                    None if line.contains("INFO") => {}
                    None => eprintln!("{line}"),
                }
            }
        });
        match told.recv_timeout(Duration::from_secs(30)) {
            Ok(address) => Ok(Process { address: address?, child, began }),
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
