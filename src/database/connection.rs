//! How a database is named, and what each connection to it is opened with.

use std::path::{Path, PathBuf};

use anyhow::bail;
use rusqlite::{Connection, OpenFlags};

/// What every connection is opened with.
pub const PRAGMAS: [&str; 7] = [
    "PRAGMA busy_timeout = 2000",
    "PRAGMA journal_mode = WAL",
    // FULL: a commit that was reported is on the disk, which is what "durable before visible" rests on.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    // What a statement may have to undo stays in memory, rather than in a file for every commit.
    "PRAGMA temp_store = MEMORY",
    // What is deleted is written over with zeros, and not only forgotten.
    "PRAGMA secure_delete = ON",
    // In pages of 4 KiB: a checkpoint makes the commits behind it wait, so it comes seldom.
    "PRAGMA wal_autocheckpoint = 4000",
];

/// A connection for one thread, which waits for nobody but SQLite.
pub fn connect(path: &Path) -> rusqlite::Result<Connection> {
    set_up(Connection::open(path)?)
}

/// The same for a file that has to be there: none is made.
pub fn connect_again(path: &Path) -> rusqlite::Result<Connection> {
    set_up(Connection::open_with_flags(path, OpenFlags::default() - OpenFlags::SQLITE_OPEN_CREATE)?)
}

fn set_up(connection: Connection) -> rusqlite::Result<Connection> {
    for pragma in PRAGMAS {
        connection.prepare(pragma)?.query([])?.next()?;
    }
    Ok(connection)
}

/// The path in `sqlite:PATH`.
pub fn path_of(url: &str) -> anyhow::Result<PathBuf> {
    let path = url
        .strip_prefix("sqlite:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest))
        .map(|rest| rest.split('?').next().unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() && !path.contains(":memory:") => Ok(PathBuf::from(path)),
        _ => bail!(
            "RIVULET_DATABASE_URL (in Leptos.toml: [database] url) is \"{url}\". It should be \"sqlite:\" and a file's path, such as \"sqlite:rivulet.db\"."
        ),
    }
}
