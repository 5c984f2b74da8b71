//! The site that the server serves: the page's program, its style, and the files of `public/`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::files;

/// The site's folder, and all files that belong into it.
pub struct Site {
    pub folder: PathBuf,
    pub files: BTreeSet<PathBuf>,
}

impl Site {
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
        others.iter().try_for_each(|file| files::remove(file))
    }
}
