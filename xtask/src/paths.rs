//! What browsers load names no folder of the machine that built it: panics carry the paths of the sources.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{builds, project::Project};

/// Has cargo write sources as if they stood nowhere.
pub fn leave_out(cargo: &mut Command, project: &Project) -> Result<()> {
    // Added to what .cargo/config.toml has.
    let flags: Vec<String> =
        folders(project)?.iter().map(|folder| format!("--remap-path-prefix={}=.", folder.display())).collect();
    cargo.arg("--config").arg(format!("build.rustflags={flags:?}"));
    Ok(())
}

/// Fails if the WASM of a release names one of these folders.
pub fn check(project: &Project, site: &Path) -> Result<()> {
    let build = builds::newest(&site.join(&project.settings.site_pkg_dir))?;
    let wasm = build.join(format!("{}.wasm", project.settings.output_name));
    let bytes = fs::read(&wasm).with_context(|| format!("{} cannot be read", wasm.display()))?;
    let names = |folder: &PathBuf| {
        let folder = folder.as_os_str().as_encoded_bytes();
        bytes.windows(folder.len()).any(|window| window == folder)
    };
    match folders(project)?.into_iter().find(names) {
        Some(folder) => bail!("{} names {}. Is RUSTFLAGS set?", wasm.display(), folder.display()),
        None => Ok(()),
    }
}

/// Where sources stand: the repository, and what cargo has fetched.
fn folders(project: &Project) -> Result<Vec<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("There is no home folder.")?;
    let fetched = fs::read_dir(home.join("registry").join("src")).into_iter().flatten();
    let mut folders: Vec<PathBuf> = fetched.filter_map(|folder| Some(folder.ok()?.path())).collect();
    folders.sort();
    folders.push(project.root.clone());
    Ok(folders)
}
