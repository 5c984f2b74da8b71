//! The copy of a database that is made before its tables are changed.

use std::{
    fs, io,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail};

use crate::database::backup;

/// How many copies are kept.
const MAX_COPIES: usize = 3;

/// How many times its own size a database may need while its tables are changed: the copy, the new pages and the zeros for
/// the old ones in the write-ahead log, and the file that grows by the new pages.
const MAX_GROWTH: u64 = 4;

/// Copies the database at `path`, in the place of an earlier copy from before the same step, if there is room for the copy
/// and for the steps. Gives the copy's path.
pub fn copy_before(path: &Path, step: i64) -> anyhow::Result<PathBuf> {
    let copy = path.with_added_extension(format!("before-{step:04}"));
    let partial = backup::partial(&copy);
    // The caller holds the lock on the database, so nobody is at it: it was left by a process that was killed.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be removed", partial.display()));
        }
        _ => {}
    }
    check_room(path)?;
    tracing::info!(copy = %copy.display(), "copying the database before its tables are changed");
    backup::copy(path, &copy)?;
    Ok(copy)
}

fn check_room(path: &Path) -> anyhow::Result<()> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = fs::metadata(log).map_or(0, |log| log.len());
    let needed = fs::metadata(path)?.len().saturating_add(log).saturating_mul(MAX_GROWTH);
    match free(path)? {
        Some(free) if free < needed => bail!(
            "that can take {}, and only {} are free on its disk. Make room for {} more",
            megabytes(needed),
            megabytes(free),
            megabytes(needed - free)
        ),
        _ => Ok(()),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// How many bytes this user may still write to the disk with this file; none if the disk does not say so.
#[cfg(unix)]
fn free(path: &Path) -> io::Result<Option<u64>> {
    let disk = rustix::fs::statvfs(path)?;
    Ok((disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(not(unix))]
fn free(_: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}

/// Removes the oldest copies. What cannot be removed is logged: it harms nobody but the disk.
pub fn remove_old(path: &Path) {
    let removed = copies(path).and_then(|mut copies| {
        copies.sort();
        let surplus = copies.len().saturating_sub(MAX_COPIES);
        copies.drain(..surplus).try_for_each(|(_, copy)| fs::remove_file(copy))
    });
    if let Err(error) = removed {
        tracing::warn!(%error, "an old copy of the database cannot be removed");
    }
}

/// Each with the time at which it was made.
fn copies(path: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(vec![]) };
    let mut copies = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        let step = rest.and_then(|rest| rest.strip_prefix(b".before-"));
        if step.is_some_and(|step| step.len() >= 4 && step.iter().all(u8::is_ascii_digit)) {
            copies.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    Ok(copies)
}
