//! Files, read and written with errors that name them.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use walkdir::WalkDir;

/// All files in a folder and the folders in it; none where there is no such folder.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot_be_read = || format!("{} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => files.push(entry.into_path()),
            Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => {}
            Err(error) => return Err(error).with_context(cannot_be_read),
        }
    }
    Ok(files)
}

pub fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Leaves a file that has this content already as old as it is.
pub fn write_if_changed(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(());
    }
    write(file, content)
}

/// Writes a file at one stroke, so that nobody ever reads half of it.
pub fn write(file: &Path, content: &[u8]) -> Result<()> {
    let unfinished = with_ending(file, "new");
    fs::create_dir_all(file.parent().unwrap_or(file))
        .and_then(|()| fs::write(&unfinished, content))
        .and_then(|()| fs::rename(&unfinished, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}

/// Deletes a file that may be gone already.
pub fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result.with_context(|| format!("{} cannot be deleted", file.display())),
    }
}

/// `rivulet.js` with the ending `br` is `rivulet.js.br`.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Whether the first file was written after the second; not, where there is no first.
pub fn is_newer(file: &Path, than: &Path) -> bool {
    let written = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    matches!((written(file), written(than)), (Some(first), Some(second)) if first >= second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_leaves_the_file_alone() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("pkg/page.js");
        write_if_changed(&file, b"one")?;
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(&file)?.set_modified(long_ago)?;
        write_if_changed(&file, b"one")?;
        assert_eq!(fs::metadata(&file)?.modified()?, long_ago);
        write_if_changed(&file, b"two")?;
        assert_eq!((read(&file)?, below(folder.path())?), (b"two".to_vec(), vec![file]));
        Ok(())
    }
}
