//! The release server as a process of its own: how it is started, what it has open, and what can be done to it.

use std::{path::PathBuf, process::Command, time::Duration};

use kit::{Built, Folder, Process};
use rustix::process::{Resource, Rlimit, Signal, prlimit};
use tokio::time::sleep;

/// The server in a folder that has its settings.
pub fn command(folder: &Folder, environment: &[(String, String)]) -> Command {
    let Built { server, site } = Built::from_environment();
    // What a file's size limit sends would end a program; ignored, the write fails as on a full disk.
    let mut command = kit::command("/bin/sh", folder);
    command.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(server).env("LEPTOS_SITE_ROOT", site);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// What a laptop that is closed does to it, as far as a process can notice.
pub fn freeze(process: &Process) {
    process.receives(Signal::STOP);
}

pub fn thaw(process: &Process) {
    process.receives(Signal::CONT);
}

/// From now on no file of it grows past so many bytes; without limit if none. Whether the process is there.
pub fn limit_files(process: &Process, bytes: Option<u64>) -> bool {
    prlimit(Some(process.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).is_ok()
}

/// From now on it has no more than so many files and connections open.
pub fn limit_descriptors(process: &Process, count: usize) {
    let count = Some(count as u64);
    prlimit(Some(process.pid()), Resource::Nofile, Rlimit { current: count, maximum: count }).expect("it runs");
}

/// How many files and sockets it has open.
pub fn descriptors(process: &Process) -> usize {
    open_files(process).count()
}

/// How many sockets it has open.
pub fn sockets(process: &Process) -> usize {
    open_files(process).filter(|name| name.to_string_lossy().starts_with("socket:")).count()
}

fn open_files(process: &Process) -> impl Iterator<Item = PathBuf> {
    let files = std::fs::read_dir(process.proc("fd")).expect("the server's open files");
    files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok())
}

/// How many sockets it has open once those of requests that were just answered are closed: when it stays the same for a
/// while.
pub async fn idle_sockets(process: &Process) -> usize {
    let (mut count, mut same) = (sockets(process), 0);
    while same < 5 {
        sleep(Duration::from_millis(40)).await;
        let now = sockets(process);
        same = if now == count { same + 1 } else { 0 };
        count = now;
    }
    count
}
