//! `cargo xtask faults`: builds the release server and the program that breaks it, and runs that.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Artifact;

use crate::{
    build::{self, Built, Options, build, executable},
    command::{cannot_start, run, step},
    install::{apt_get, is_possible},
    project::Project,
    signals,
};

/// Runs the faults that `arguments` ask for, and ends as they did.
pub fn faults(arguments: &[&str]) -> Result<ExitCode> {
    let project = Project::load()?;
    let built = build(&project, Options { release: true, ..Options::default() })?;
    let mut faults = program(&project, &built)?;
    let mut child = faults.args(arguments).spawn().with_context(|| cannot_start(&faults))?;
    // Ctrl-C is for the program, which ends its servers.
    signals::pass_on(&child)?;
    let code = child.wait()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A short run with a fixed seed, as one of the checks.
pub fn short(project: &Project, built: &Built) -> Result<()> {
    run(program(project, built)?.args(["--short", "--seed", "1"]))
}

/// The program, with the build and the disk in its environment.
fn program(project: &Project, built: &Built) -> Result<Command> {
    if !cfg!(target_os = "linux") {
        bail!("The faults need Linux: /proc, and limits that can be set on a process that runs.");
    }
    let program = build::package(project, "the faults", "faults", executable)?;
    let disk = build::package(project, "the disk that loses its power", "disk", shared_library)?;
    if let Err(error) = clock() {
        eprintln!("{error:#}\nThe fault of the clock is left out.");
    }
    let mut faults = Command::new(program);
    built.name_to(&mut faults).current_dir(&project.root).env("RIVULET_DISK", disk);
    Ok(faults)
}

/// What can be preloaded, among all that was built of a library.
fn shared_library(built: Artifact) -> Option<PathBuf> {
    built.filenames.into_iter().find(|file| file.extension() == Some("so")).map(Into::into)
}

/// The library that shows a program another time, installed where that can be done.
fn clock() -> Result<()> {
    if Path::new("/usr/bin/faketime").exists() || !is_possible("faketime")? {
        return Ok(());
    }
    step("Installing faketime", || apt_get("faketime"))
}
