//! The commits that the server's log calls long.

use kit::Process;

/// The longest of those that it has logged from line `after` on, in milliseconds; 0 if none took long enough for that.
pub fn longest(process: &Process, after: usize) -> u64 {
    process.log.lines(after).iter().filter_map(|line| long(line)).max().unwrap_or(0)
}

/// How many milliseconds a commit took, if this line reports one.
fn long(line: &str) -> Option<u64> {
    let (_, fields) = line.split_once("a commit took long")?;
    fields.split_whitespace().find_map(|field| field.strip_prefix("ms="))?.parse().ok()
}
