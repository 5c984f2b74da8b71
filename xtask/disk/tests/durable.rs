//! What is kept apart is what was not synced, no more and no less.
#![cfg(target_os = "linux")]

use std::{fs, io::Result, os::unix::fs::FileExt, path::PathBuf, time::Duration};

use disk::{
    durable::Durable,
    sync::{Behaviour, Sync, Syncs},
};
use tempfile::TempDir;

struct Setup {
    durable: Durable,
    file: PathBuf,
    copy: PathBuf,
    folder: TempDir,
}

impl Setup {
    fn new() -> Result<Setup> {
        let folder = tempfile::tempdir()?;
        let (file, copies) = (folder.path().join("a.db"), folder.path().join("copies"));
        fs::create_dir(&copies)?;
        fs::write(&file, "")?;
        let copy = copies.join("a.db");
        Ok(Setup { durable: Durable::new(file.clone(), copies), file, copy, folder })
    }

    fn writes(&self, bytes: &str, at: u64) -> Result<()> {
        let file = fs::OpenOptions::new().write(true).open(&self.file)?;
        self.durable.writes(&self.file, at..at + bytes.len() as u64, || file.write_all_at(bytes.as_bytes(), at))
    }

    fn cuts(&self, length: u64) -> Result<()> {
        let file = fs::OpenOptions::new().write(true).open(&self.file)?;
        self.durable.sets_length(&self.file, length, || file.set_len(length))
    }
}

#[test]
fn only_what_was_synced_is_durable() -> Result<()> {
    let setup = Setup::new()?;
    setup.writes("one two", 0)?;
    assert!(!setup.copy.exists());
    setup.durable.syncs(&setup.file)?;
    setup.writes("ONE", 0)?;
    setup.writes(" three", 7)?;
    assert_eq!(fs::read_to_string(&setup.file)?, "ONE two three");
    assert_eq!(fs::read_to_string(&setup.copy)?, "one two");
    setup.durable.syncs(&setup.file)?;
    assert_eq!(fs::read_to_string(&setup.copy)?, "ONE two three");
    Ok(())
}

#[test]
fn a_cut_is_durable_once_it_is_synced_and_a_write_after_it_too() -> Result<()> {
    let setup = Setup::new()?;
    setup.writes("one two", 0)?;
    setup.durable.syncs(&setup.file)?;
    setup.cuts(3)?;
    assert_eq!(fs::read_to_string(&setup.copy)?, "one two");
    setup.writes("s", 3)?;
    setup.durable.syncs(&setup.file)?;
    assert_eq!(fs::read_to_string(&setup.copy)?, "ones");
    Ok(())
}

#[test]
fn a_sync_that_fails_drops_what_it_should_have_kept() -> Result<()> {
    let setup = Setup::new()?;
    setup.writes("one two", 0)?;
    setup.durable.syncs(&setup.file)?;
    setup.writes("ONE", 0)?;
    setup.writes("TWO three", 4)?;
    setup.durable.drops(&setup.file)?;
    assert_eq!(fs::read_to_string(&setup.file)?, "one two\0\0\0\0\0\0");
    setup.durable.syncs(&setup.file)?;
    assert_eq!(fs::read_to_string(&setup.copy)?, "one two", "there was nothing left to sync");
    Ok(())
}

#[test]
fn the_database_and_its_log_are_kept_apart_and_nothing_else() -> Result<()> {
    let setup = Setup::new()?;
    let beside = |name: &str| setup.durable.keeps(&setup.folder.path().join(name));
    assert!(beside("a.db") && beside("a.db-wal"));
    assert!(!beside("a.db-shm") && !beside("b.db") && !beside("copies/a.db"));
    Ok(())
}

#[test]
fn syncs_behave_as_the_file_has_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("sync");
    let syncs = Syncs::new(file.clone());
    assert_eq!(syncs.next(), Sync::Done, "without a file all is well");
    fs::write(&file, "every 3 fail\n250000 late\n")?;
    let begun = std::time::Instant::now();
    assert_eq!(syncs.next(), Sync::Done);
    assert!(begun.elapsed() >= Duration::from_millis(250));
    assert_eq!(syncs.next(), Sync::Failed, "the third of all");
    fs::write(&file, "ignored")?;
    assert_eq!([syncs.next(), syncs.next(), syncs.next()], [Sync::Ignored; 3]);
    Ok(())
}

#[test]
fn what_is_unknown_changes_nothing() {
    assert_eq!(Behaviour::read("whatever\nevery x fail\n"), Behaviour::default());
}
