//! The builds in a site, each in a folder that is named by the hash of its files: what a page has once found at an address
//! stays what it was, and stays there for a while.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{files, site::Site};

/// How many builds a site has, for pages that are older than the newest.
const KEPT: usize = 3;
/// Names them, the newest first: a line has the hash and the kind of a build.
const LIST: &str = "builds.txt";

/// Makes a build the newest of the site, and keeps those before it that are of the same kind: of a release nothing else is
/// to be served. `folder`: where builds are. `build`: its files, to be copied.
pub fn add(site: &mut Site, folder: &Path, build: &Site, kind: &str) -> Result<()> {
    let hash = hash(build)?;
    let list = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    let before = list.lines().filter_map(|line| line.split_once(' '));
    let of_this_kind = before.filter(|(other, of)| *of == kind && *other != hash).map(|(other, _)| other.to_owned());
    let earlier: Vec<String> = of_this_kind.filter(|other| folder.join(other).is_dir()).take(KEPT - 1).collect();
    for file in &build.files {
        site.add(folder.join(&hash).join(file.strip_prefix(&build.folder)?), &files::read(file)?)?;
    }
    for other in &earlier {
        site.files.extend(files::below(&folder.join(other))?);
    }
    let lines: String = [hash].iter().chain(&earlier).map(|hash| format!("{hash} {kind}\n")).collect();
    // Last, so that whoever reads it finds the files that it leads to.
    site.add(folder.join(LIST), lines.as_bytes())
}

/// The folder of the newest build.
pub fn newest(folder: &Path) -> Result<PathBuf> {
    let list = files::read(&folder.join(LIST))?;
    let list = String::from_utf8_lossy(&list);
    let hash = list.split_whitespace().next().with_context(|| format!("{} has no builds", folder.display()))?;
    Ok(folder.join(hash))
}

/// The same for the same files, wherever they are built.
fn hash(build: &Site) -> Result<String> {
    let mut hash = Sha256::new();
    for file in &build.files {
        let (name, content) = (file.strip_prefix(&build.folder)?.to_string_lossy(), files::read(file)?);
        hash.update(format!("{} {name} {}\n", name.len(), content.len()));
        hash.update(content);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A site in `folder` once this has been built, and the folder of that build.
    fn builds(folder: &Path, script: &str, kind: &str) -> Result<PathBuf> {
        let mut build = Site::new(folder.join("package"));
        build.add(build.folder.join("rivulet.js"), script.as_bytes())?;
        build.add(build.folder.join("snippets/one/inline0.js"), b"same")?;
        let mut site = Site::new(folder.join("site"));
        site.add(site.folder.join("robots.txt"), b"")?;
        let pkg = site.folder.join("pkg");
        add(&mut site, &pkg, &build, kind)?;
        site.remove_others()?;
        newest(&pkg)
    }

    fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
        let mut folders: Vec<_> =
            fs::read_dir(folder.join("site/pkg"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        Ok(folders)
    }

    fn sorted<const N: usize>(mut folders: [&PathBuf; N]) -> Vec<PathBuf> {
        folders.sort();
        folders.map(PathBuf::clone).into()
    }

    /// Rule: the last three builds are there, whole, and no other; one that is made again is the newest again.
    #[test]
    fn the_last_three_builds_are_kept() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let folder = folder.path();
        let [one, two, three, four] = ["1", "2", "3", "4"].map(|script| builds(folder, script, "release"));
        let (one, two, three, four) = (one?, two?, three?, four?);
        assert_eq!(folders(folder)?, sorted([&two, &three, &four]));
        assert!(!one.exists());
        assert_eq!(files::below(&two)?.len(), 2);
        assert_eq!(fs::read(two.join("rivulet.js"))?, b"2");
        assert_eq!(builds(folder, "2", "release")?, two);
        assert_eq!(builds(folder, "5", "release")?, newest(&folder.join("site/pkg"))?);
        assert_eq!(folders(folder)?, sorted([&two, &four, &newest(&folder.join("site/pkg"))?]));
        assert_eq!(builds(folder, "1", "release")?, one, "the same files have the same address");
        Ok(())
    }

    /// Rule: what is built for tests or in haste is not kept beside a release.
    #[test]
    fn builds_of_another_kind_are_not_kept() -> Result<()> {
        let folder = tempfile::tempdir()?;
        builds(folder.path(), "1", "quick")?;
        let release = builds(folder.path(), "2", "release")?;
        assert_eq!(folders(folder.path())?, [release]);
        Ok(())
    }

    /// Rule: files of before there were such folders go, and what is not there is not listed.
    #[test]
    fn only_builds_that_are_there_are_listed() -> Result<()> {
        let folder = tempfile::tempdir()?;
        files::write(&folder.path().join("site/pkg/rivulet.js"), b"old")?;
        let first = builds(folder.path(), "1", "release")?;
        assert!(!folder.path().join("site/pkg/rivulet.js").exists());
        fs::remove_dir_all(first)?;
        builds(folder.path(), "2", "release")?;
        assert_eq!(fs::read_to_string(folder.path().join("site/pkg/builds.txt"))?.lines().count(), 1);
        Ok(())
    }
}
