//! The real program in a process of its own, which can be looked at and killed.

mod log;

use std::{
    ffi::OsStr,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Folder, soon};
pub use log::Log;

/// It is killed when it is dropped. Its log is printed then, if the test fails.
pub struct Process {
    /// Where it listens, once it does.
    pub address: SocketAddr,
    pub log: Log,
    pub started: Instant,
    child: Child,
}

/// A program in a folder, with nothing of this process' environment, much of which would be settings.
pub fn command(program: impl AsRef<OsStr>, folder: &Folder) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("NO_COLOR", "1").current_dir(folder.path());
    command
}

impl Process {
    /// Starts a server, and waits until it listens. Panics with its log if it ends instead.
    pub async fn start(command: Command) -> Process {
        let mut process = Process::spawn(command);
        let address = |line: &str| line.split_once("listening on http://")?.1.trim().parse().ok();
        let listening = soon("the server listens", process.log.find(0, address)).await;
        process.address = listening.unwrap_or_else(|| panic!("the server did not start: {}", process.log.text()));
        process
    }

    /// The same without waiting.
    pub fn spawn(mut command: Command) -> Process {
        let started = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let log = Log::of(child.stderr.take().expect("its log"));
        Process { address: ([127, 0, 0, 1], 0).into(), log, started, child }
    }

    /// What a program logs that does something and ends.
    pub async fn runs(command: Command) -> String {
        let (status, log) = Process::spawn(command).ends().await;
        assert!(status.success(), "{log}");
        log
    }

    /// What a program logs that cannot start.
    pub async fn fails(command: Command) -> String {
        let (status, log) = Process::spawn(command).ends().await;
        assert!(!status.success(), "it started: {log}");
        log
    }

    /// Waits until it ends by itself. Gives how, and all that it logged.
    pub async fn ends(&mut self) -> (ExitStatus, String) {
        // Its log ends with it, and only then is there no wait.
        soon("the program ends", self.log.find(0, |_| None::<()>)).await;
        (self.child.wait().expect("its status"), self.log.text())
    }

    /// `kill -9`.
    pub fn dies(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("its end");
    }

    /// What a service manager sends.
    pub fn is_asked_to_stop(&self) {
        self.receives(Signal::TERM);
    }

    /// Sends it a signal.
    pub fn receives(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// A file or folder in which the system reports on it.
    pub fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// From now on nobody reads its log, and the pipe is full.
    pub async fn log_is_left(&self) {
        self.log.is_left().await;
        let mut pipe = std::fs::OpenOptions::new().write(true).open(self.proc("fd/2")).expect("its log");
        // Waits once it is full, and ends when the process does.
        std::thread::spawn(move || while std::io::Write::write_all(&mut pipe, &[b'.'; 512]).is_ok() {});
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; a frozen one ends, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("The log of the program:\n{}", self.log.text());
        }
    }
}
