//! What a server costs, read off its process.

use std::{fs::read_to_string, time::Duration};

use kit::Process;

/// The time that its threads have run, in user space and in the kernel.
pub fn of(process: &Process) -> Duration {
    let stat = read_to_string(process.proc("stat")).expect("a running process");
    // The name before the last parenthesis may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().expect("a number");
    // Linux reports hundredths of a second, whatever it counts in itself.
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// The same of the thread with this name alone, to the nanosecond.
pub fn of_thread(process: &Process, name: &str) -> Duration {
    let threads = std::fs::read_dir(process.proc("task")).expect("a running process").flatten();
    // One may end meanwhile.
    let read = |thread: &std::fs::DirEntry, file: &str| read_to_string(thread.path().join(file)).unwrap_or_default();
    let thread = threads.into_iter().find(|thread| read(thread, "comm").trim() == name);
    let ran = read(&thread.unwrap_or_else(|| panic!("a thread named {name}")), "schedstat");
    Duration::from_nanos(ran.split(' ').next().and_then(|ran| ran.parse().ok()).expect("how long it ran"))
}
