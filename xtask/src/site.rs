//! The site that the server serves: the page's program, its style, and the files of `public/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project::Project;
use crate::{bind, compress, files, style};

/// The site's folder, and all files that belong into it.
pub struct Site {
    pub folder: PathBuf,
    pub files: BTreeSet<PathBuf>,
}

/// Puts the site together and gives its folder. Files whose content stays the same are not touched.
pub fn assemble(project: &Project, wasm: &Path, release: bool) -> Result<PathBuf> {
    let settings = &project.settings;
    let mut site = Site { folder: project.site(), files: BTreeSet::new() };
    let package = site.folder.join(&settings.site_pkg_dir).join(&settings.output_name);
    site.add_folder(&project.root.join(&settings.assets_dir))?;
    let sheet = style::bundle(&project.root.join(&settings.style_file))?;
    site.add(package.with_extension("css"), sheet.as_bytes())?;
    bind::bind(&mut site, wasm, &package, release)?;
    if release {
        compress::compress(&mut site)?;
    }
    site.remove_others()?;
    Ok(site.folder)
}

impl Site {
    fn add_folder(&mut self, from: &Path) -> Result<()> {
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
    fn remove_others(&self) -> Result<()> {
        let mut others = files::below(&self.folder)?;
        others.retain(|file| !self.files.contains(file));
        others.iter().try_for_each(|file| files::remove(file))
    }
}
