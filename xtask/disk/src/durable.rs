//! What a sync made durable of each file, as copies in a folder.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The files of one database, and what was written to each since its last sync.
pub struct Durable {
    database: PathBuf,
    copies: PathBuf,
    unsynced: Mutex<HashMap<PathBuf, Vec<Change>>>,
}

#[derive(Clone)]
enum Change {
    /// Bytes were written there.
    Written(Range<u64>),
    /// The file's length was set.
    Length(u64),
}

impl Durable {
    pub fn new(database: PathBuf, copies: PathBuf) -> Durable {
        Durable { database, copies, unsynced: Mutex::default() }
    }

    /// Whether a file's changes are kept apart: the database and its write-ahead log. The other files that SQLite has
    /// hold nothing that it does not make again.
    pub fn keeps(&self, file: &Path) -> bool {
        let log = || file.as_os_str().as_encoded_bytes().strip_suffix(b"-wal");
        file == self.database || log() == Some(self.database.as_os_str().as_encoded_bytes())
    }

    /// Does a write of this range, with no sync in between.
    pub fn writes<T>(&self, file: &Path, range: Range<u64>, write: impl FnOnce() -> T) -> T {
        self.changes(file, Change::Written(range), write)
    }

    /// Sets a file's length, with no sync in between.
    pub fn sets_length<T>(&self, file: &Path, length: u64, set: impl FnOnce() -> T) -> T {
        self.changes(file, Change::Length(length), set)
    }

    fn changes<T>(&self, file: &Path, change: Change, make: impl FnOnce() -> T) -> T {
        let mut unsynced = lock(&self.unsynced);
        unsynced.entry(file.to_owned()).or_default().push(change);
        make()
    }

    /// Makes durable what was written to a file. Killed in the middle of it, any part of that is: as on a disk.
    pub fn syncs(&self, file: &Path) -> io::Result<()> {
        let mut unsynced = lock(&self.unsynced);
        let written = File::open(file)?;
        let copy = open(&self.copy(file)?)?;
        for change in unsynced.remove(file).unwrap_or_default() {
            match change {
                Change::Written(range) => copies(&written, &copy, range)?,
                Change::Length(length) => copy.set_len(length)?,
            }
        }
        Ok(())
    }

    /// Takes back what was written to a file since its last sync, as a page cache does that could not write its pages.
    pub fn drops(&self, file: &Path) -> io::Result<()> {
        let mut unsynced = lock(&self.unsynced);
        let written = open(file)?;
        let copy = open(&self.copy(file)?)?;
        let durable = copy.metadata()?.len();
        for change in unsynced.remove(file).unwrap_or_default() {
            if let Change::Written(range) = change {
                let mut bytes = vec![0; (range.end - range.start) as usize];
                // Past the end of what is durable there are holes, which read as zeros.
                let covered = durable.clamp(range.start, range.end) - range.start;
                copy.read_exact_at(&mut bytes[..covered as usize], range.start)?;
                // The system's own call: the C library's function is ours, and would wait for us.
                rustix::io::pwrite(&written, &bytes, range.start)?;
            }
        }
        Ok(())
    }

    fn copy(&self, file: &Path) -> io::Result<PathBuf> {
        let name = file.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok(self.copies.join(name))
    }
}

/// Copies a range of bytes, as far as the file has them now: it may have been cut since.
fn copies(from: &File, to: &File, mut range: Range<u64>) -> io::Result<()> {
    let mut bytes = [0; 64 * 1024];
    while range.start < range.end {
        let most = bytes.len().min((range.end - range.start) as usize);
        let length = from.read_at(&mut bytes[..most], range.start)?;
        if length == 0 {
            break;
        }
        to.write_all_at(&bytes[..length], range.start)?;
        range.start += length as u64;
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
