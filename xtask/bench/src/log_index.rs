//! What SQLite keeps beside a database in WAL mode about its log: how many transactions were committed, and how often
//! the log began anew. Read from the file that all its processes share, whose layout is part of SQLite's file format.

use std::{fs::read, ops::Range, path::PathBuf};

/// Where the count of transactions and the salts stand; each new log has other salts.
const CHANGES: Range<usize> = 8..12;
const SALTS: Range<usize> = 32..40;

pub struct LogIndex(PathBuf);

impl LogIndex {
    /// Of the database in this file.
    pub fn of(database: PathBuf) -> LogIndex {
        LogIndex(database.with_extension("db-shm"))
    }

    /// How many transactions were committed; it begins again where it is full.
    pub fn commits(&self) -> u32 {
        u32::from_ne_bytes(self.bytes(CHANGES).try_into().expect("four bytes"))
    }

    /// What is another number after each time that the log began anew, as it does when all of it is in the database.
    pub fn log(&self) -> Vec<u8> {
        self.bytes(SALTS)
    }

    fn bytes(&self, range: Range<usize>) -> Vec<u8> {
        let all = read(&self.0).expect("the index of the log");
        all[range].to_vec()
    }
}
