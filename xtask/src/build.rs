//! Building both halves.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use cargo_metadata::{Artifact, Message, TargetKind};

use crate::command::{cannot_start, cargo, step, succeeded};
use crate::project::Project;
use crate::site::Site;
use crate::{bind, compress, paths, style, toolchain};

pub struct Built {
    /// The server's executable.
    pub server: PathBuf,
    /// The folder that it serves.
    pub site: PathBuf,
}

/// Builds the server, the browser's half and the site around it; what did not change is left alone.
pub fn build(project: &Project, release: bool) -> Result<Built> {
    let toolchain = toolchain::find()?;
    let server = step("Building the server", || {
        let mut cargo = cargo(project, "build");
        cargo.args(project.server_half()).args(["--bin", &project.settings.output_name]);
        if release {
            cargo.arg("--release");
        }
        artifact(&mut cargo, |artifact| artifact.executable.map(Into::into))
    })?;
    let wasm = step("Building the browser's half", || {
        let mut cargo = toolchain.build(project);
        cargo.args(project.browser_half()).args(["--lib", "--crate-type", "cdylib"]);
        if release {
            cargo.args(["--profile", &project.settings.lib_profile_release]);
            paths::leave_out(&mut cargo, project)?;
        }
        artifact(&mut cargo, wasm)
    })?;
    let site = step("Putting the site together", || assemble(project, &wasm, release))?;
    Ok(Built { server, site })
}

/// Builds the program that measures the server.
pub fn measuring(project: &Project) -> Result<PathBuf> {
    step("Building what measures it", || {
        let mut cargo = cargo(project, "build");
        cargo.args(["--package", "bench", "--release"]);
        artifact(&mut cargo, |artifact| artifact.executable.map(Into::into))
    })
}

/// Runs a cargo build and finds what it made among all that it reports.
pub fn artifact(cargo: &mut Command, pick: impl Fn(Artifact) -> Option<PathBuf>) -> Result<PathBuf> {
    let mut child = cargo
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(cargo))?;
    let mut found = None;
    if let Some(output) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(output)) {
            if let Message::CompilerArtifact(artifact) = message? {
                found = pick(artifact).or(found);
            }
        }
    }
    succeeded(cargo, child.wait()?)?;
    found.context("Cargo built nothing that can be used here. Look at the library and [[bin]] in Cargo.toml.")
}

fn wasm(artifact: Artifact) -> Option<PathBuf> {
    let is_library = artifact.target.kind.contains(&TargetKind::CDyLib);
    let file = artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"));
    file.filter(|_| is_library).map(Into::into)
}

/// Puts the site together and gives its folder. Files whose content stays the same are not touched.
fn assemble(project: &Project, wasm: &Path, release: bool) -> Result<PathBuf> {
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
