//! A folder that a build fills: what a page loads, or the whole site that the server serves.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::files;

/// The folder, and all files that belong into it.
pub struct Site {
    pub folder: PathBuf,
    pub files: BTreeSet<PathBuf>,
}

impl Site {
    pub fn new(folder: PathBuf) -> Site {
        Site { folder, files: BTreeSet::new() }
    }

    pub fn add_folder(&mut self, from: &Path) -> Result<()> {
        for file in files::below(from)? {
            let content = files::read(&file)?;
            self.add(self.folder.join(file.strip_prefix(from)?), &content)?;
        }
        Ok(())
    }

    pub fn add(&mut self, file: PathBuf, content: &[u8]) -> Result<()> {
        files::write_if_changed(&file, content)?;
        self.files.insert(file);
        Ok(())
    }

    /// Deletes what an earlier build left behind.
    pub fn remove_others(&self) -> Result<()> {
        let mut others = files::below(&self.folder)?;
        others.retain(|file| !self.files.contains(file));
        for file in others {
            files::remove(&file)?;
            // One that is not empty stays.
            let above = file.ancestors().skip(1).take_while(|folder| *folder != self.folder);
            let _ = above.map(fs::remove_dir).find(Result::is_err);
        }
        Ok(())
    }
}
