//! The release server as a process of its own, which can be killed, stopped, and given a full disk.

mod log;

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tokio::time::sleep;

use crate::support::{Folder, soon};
use log::Log;

pub struct Server {
    pub address: SocketAddr,
    child: Child,
    log: Log,
}

impl Server {
    /// Lets the program copy the database while it is served.
    pub async fn copies_database(&self, folder: &Folder, to: &Path) -> Output {
        let mut command = tokio::process::Command::new(program("RIVULET_BIN"));
        command.arg("backup").arg(to).current_dir(folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command.output().await.expect("the program can be started")
    }

    /// Starts the program in a folder that has its `Leptos.toml`, and waits until it listens.
    pub async fn start(folder: &Folder, environment: &[(String, String)]) -> Server {
        let mut server = Server::spawn(folder, environment);
        let address = |line: &str| line.split_once("listening on http://")?.1.trim().parse().ok();
        let listening = soon("the server listens", server.log.find(0, address)).await;
        server.address = listening.unwrap_or_else(|| panic!("the server did not start: {}", server.log()));
        server
    }

    /// The same without waiting.
    pub fn spawn(folder: &Folder, environment: &[(String, String)]) -> Server {
        // What a file's size limit sends would end a program; ignored, the write fails as on a full disk.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(program("RIVULET_BIN"));
        for setting in [
            "LEPTOS_SITE_ADDR",
            "RIVULET_SETTINGS",
            "RIVULET_DATABASE_URL",
            "RIVULET_GRACE_SECONDS",
            "RIVULET_PUBLIC_URL",
            "RIVULET_SETUP_CODE",
            "RIVULET_TRUSTED_PROXIES",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "RUST_LOG",
        ] {
            command.env_remove(setting);
        }
        // Its one person has more replies running than people may.
        command.env("LEPTOS_SITE_ROOT", program("RIVULET_SITE_ROOT")).env("NO_COLOR", "1");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server's program can be started");
        let log = Log::of(child.stderr.take().expect("its log"));
        Server { address: ([127, 0, 0, 1], 0).into(), child, log }
    }

    /// `kill -9`.
    pub fn dies(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("its end");
    }

    /// What a service manager sends.
    pub fn is_asked_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// What a laptop that is closed does to it, as far as a process can tell.
    pub fn freezes(&self) {
        self.signal(Signal::STOP);
    }

    pub fn thaws(&self) {
        self.signal(Signal::CONT);
    }

    /// From now on no file of it grows past so many bytes; without limit if none. Whether it runs, to be told so.
    pub fn has_room_for(&self, bytes: Option<u64>) -> bool {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(self.pid()), Resource::Fsize, limit).is_ok()
    }

    /// Waits for its own end.
    pub async fn ends(&mut self) -> ExitStatus {
        // Its log ends with it, and only then is there no wait.
        soon("the server ends", self.log.find(0, |_| None::<()>)).await;
        self.child.wait().expect("its end")
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("the server's memory");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// How many files and sockets it has open.
    pub fn descriptors(&self) -> usize {
        self.open_files().count()
    }

    /// How many sockets it has open.
    pub fn sockets(&self) -> usize {
        self.open_files().filter(|name| name.to_string_lossy().starts_with("socket:")).count()
    }

    fn open_files(&self) -> impl Iterator<Item = PathBuf> {
        let files = std::fs::read_dir(self.proc("fd")).expect("the server's open files");
        files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok())
    }

    /// The same once those of requests that were just answered are closed: when it stays the same for a while.
    pub async fn idle_sockets(&self) -> usize {
        let (mut count, mut same) = (self.sockets(), 0);
        while same < 5 {
            sleep(Duration::from_millis(40)).await;
            let now = self.sockets();
            same = if now == count { same + 1 } else { 0 };
            count = now;
        }
        count
    }

    /// How many lines it has said.
    pub fn said(&self) -> usize {
        self.log.said()
    }

    /// Waits until it says this, from line `after` on.
    pub async fn says(&self, after: usize, words: &str) {
        let said = self.log.find(after, |line| line.contains(words).then_some(()));
        assert!(soon("the server says so", said).await.is_some(), "it ended without saying {words:?}");
    }

    /// All that it has said.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// How many of its lines have these words.
    pub fn lines_with(&self, words: &str) -> usize {
        self.log.lines_with(words)
    }

    /// Closes the other end of its log.
    pub async fn log_is_closed(&self) {
        self.log.is_closed().await;
    }

    /// Leaves its log unread, and full.
    pub async fn log_is_left(&self) {
        self.log.is_left().await;
        let mut pipe = OpenOptions::new().write(true).open(self.proc("fd/2")).expect("the server's log");
        // Waits once it is full, and ends when the server does.
        std::thread::spawn(move || while pipe.write_all(&[b'.'; 512]).is_ok() {});
    }

    /// From now on it has no more than so many files and connections open.
    pub fn has_descriptors(&self, count: u64) {
        let limit = Rlimit { current: Some(count), maximum: Some(count) };
        prlimit(Some(self.pid()), Resource::Nofile, limit).expect("it runs");
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it can be told");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32).expect("a process")
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; a frozen one ends, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A path that xtask gives by the environment.
fn program(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; `cargo xtask faults` sets it"))
}
