//! A disk that can lose its power, for one program and one SQLite database: loaded with `LD_PRELOAD`, it stands in for
//! the C library's functions that write and sync.
//!
//! Writes reach the files at once, as they reach the page cache. What a sync made durable is kept beside them, in a
//! folder of copies ([`durable`]). Whoever kills the program and puts the copies in the files' place has what a
//! computer has after a power loss. How syncs behave is read from a file before each of them ([`sync::Behaviour`]).
//!
//! Environment: `DISK_DATABASE` (the database's path, links resolved), `DISK_DURABLE` (the folder of the copies), `DISK_SYNC` (the
//! file that has how syncs behave).
#![cfg(target_os = "linux")]

pub mod durable;
pub mod sync;

mod preloaded;
