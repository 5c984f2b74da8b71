//! Building both halves.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use cargo_metadata::{Artifact, TargetKind};

use crate::{
    bind, builds,
    cargo_build::{self, CargoBuild},
    command::{cargo, step},
    compress, paths,
    project::Project,
    site::Site,
    style,
    toolchain::{self, Toolchain},
};

pub struct Built {
    /// The server's executable.
    pub server: PathBuf,
    /// The folder that it serves.
    pub site: PathBuf,
}

#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Small and fast to run.
    pub release: bool,
    /// For the browser tests, which look into the page.
    pub inspect: bool,
}

impl Options {
    /// A word for what is built.
    fn kind(self) -> &'static str {
        match (self.release, self.inspect) {
            (true, false) => "release",
            (true, true) => "release-inspect",
            (false, false) => "quick",
            (false, true) => "quick-inspect",
        }
    }
}

impl Built {
    /// Names it to a program that starts the server, as `xtask/kit` has it.
    pub fn name_to<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program.env("RIVULET_BIN", &self.server).env("RIVULET_SITE_ROOT", &self.site)
    }
}

/// Builds the server, the browser's half and the site around it; what did not change is left alone.
pub fn build(project: &Project, options: Options) -> Result<Built> {
    let release = options.release;
    let toolchain = toolchain::find()?;
    let server = server(project, release);
    let browser = browser(project, toolchain, options)?;
    let (server, wasm) = if release {
        cargo_build::run_both(server, browser)?
    } else {
        // Both use one folder, so that what runs in the compiler is built once; at the same time, the second would wait.
        (cargo_build::run(server)?, cargo_build::run(browser)?)
    };
    let site = step("Putting the site together", || assemble(project, &wasm, options))?;
    Ok(Built { server, site })
}

fn server(project: &Project, release: bool) -> CargoBuild {
    let mut cargo = cargo(project, "build");
    cargo.args(project.server_half()).args(["--bin", &project.settings.output_name]);
    if release {
        cargo.arg("--release");
    }
    CargoBuild { what: "the server", cargo, pick: executable }
}

fn browser(project: &Project, toolchain: Toolchain, options: Options) -> Result<CargoBuild> {
    let mut cargo = toolchain.build(project);
    cargo.args(project.browser_half(options.inspect)).args(["--lib", "--crate-type", "cdylib"]);
    if options.release {
        cargo.args(["--profile", &project.settings.lib_profile_release]);
        paths::leave_out(&mut cargo, project)?;
    }
    Ok(CargoBuild { what: "the browser's half", cargo, pick: wasm })
}

/// Builds another package of the workspace for a release.
pub fn package(
    project: &Project,
    what: &'static str,
    package: &str,
    pick: fn(Artifact) -> Option<PathBuf>,
) -> Result<PathBuf> {
    let mut cargo = cargo(project, "build");
    cargo.args(["--release", "--package", package]);
    cargo_build::run(CargoBuild { what, cargo, pick })
}

pub fn executable(artifact: Artifact) -> Option<PathBuf> {
    artifact.executable.map(Into::into)
}

fn wasm(artifact: Artifact) -> Option<PathBuf> {
    let is_library = artifact.target.kind.contains(&TargetKind::CDyLib);
    let file = artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"));
    file.filter(|_| is_library).map(Into::into)
}

/// Puts the site together and gives its folder. Files whose content stays the same are not touched.
fn assemble(project: &Project, wasm: &Path, options: Options) -> Result<PathBuf> {
    let settings = &project.settings;
    let package = package_of(project, wasm, options)?;
    let mut site = Site::new(project.site());
    site.add_folder(&project.root.join(&settings.assets_dir))?;
    if options.release {
        compress::compress(&mut site)?;
    }
    let folder = site.folder.join(&settings.site_pkg_dir);
    builds::add(&mut site, &folder, &package, options.kind())?;
    site.remove_others()?;
    Ok(site.folder)
}

/// What pages load, in a folder of its own: its address in the site depends on all of it.
fn package_of(project: &Project, wasm: &Path, options: Options) -> Result<Site> {
    let settings = &project.settings;
    let mut package = Site::new(project.target.join("package"));
    let output = package.folder.join(&settings.output_name);
    let sheet = style::bundle(&project.root.join(&settings.style_file))?;
    package.add(output.with_extension("css"), sheet.as_bytes())?;
    bind::bind(&mut package, wasm, &output, options.release)?;
    if options.release {
        compress::compress(&mut package)?;
    }
    package.remove_others()?;
    Ok(package)
}
