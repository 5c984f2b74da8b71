//! `cargo deny`: known vulnerabilities, licences and sources of the packages that the project is built from.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Result;

use crate::{
    command::{cargo, in_repository, run, step},
    project::Project,
};

const VERSION: &str = "0.20.2";

/// Fails if `deny.toml` forbids something. Known vulnerabilities are left out, and a line is printed about that, where
/// their list cannot be had.
pub fn check(project: &Project) -> Result<()> {
    let program = find(project)?;
    let deny = || in_repository(Command::new(&program), project);
    run(deny().args(["check", "licenses", "sources", "bans"]))?;
    let fetched = deny().arg("fetch").arg("db").stderr(Stdio::null()).status();
    if !fetched.is_ok_and(|status| status.success()) {
        println!("Known vulnerabilities are left out: their database cannot be reached.");
        return Ok(());
    }
    run(deny().args(["check", "--disable-fetch", "advisories"]))
}

/// The program, which is built into the target folder if it is not installed.
fn find(project: &Project) -> Result<PathBuf> {
    let installed = PathBuf::from("cargo-deny");
    let version = Command::new(&installed).arg("--version").output();
    if version.is_ok_and(|version| version.status.success()) {
        return Ok(installed);
    }
    let tools = project.target.join("tools");
    let built = tools.join("bin").join("cargo-deny");
    if !built.exists() {
        step("Building cargo-deny", || {
            let mut install = cargo(project, "install");
            // Unoptimised: it is built for longer than it runs.
            run(install.args(["cargo-deny", "--locked", "--debug", "--version", VERSION, "--root"]).arg(&tools))
        })?;
    }
    Ok(built)
}
