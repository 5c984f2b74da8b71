//! Installing packages for the whole machine: only if somebody allows it.

use std::{
    io::{self, IsTerminal, Write},
    process::Command,
};

use anyhow::{Result, bail};

use crate::command::run;

/// On the command line, anywhere: yes to all.
pub const YES: &str = "--install";

/// Installs packages, given with a space between, if that [`is_possible`]; else fails with `by_hand`.
pub fn apt_install(packages: &str, by_hand: &str) -> Result<()> {
    if !is_possible(packages)? {
        bail!("{by_hand} On Debian as root, {YES} does it for you.");
    }
    apt_get(packages)
}

/// Installs packages, without asking.
pub fn apt_get(packages: &str) -> Result<()> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages.split(' ')))
}

/// Whether this is a Debian where we are root, and may: `--install` was given, this is a machine for tests (`CI=true`), or
/// whoever sits at the terminal agrees.
pub fn is_possible(packages: &str) -> Result<bool> {
    Ok(is_debian() && is_root() && is_allowed(packages)?)
}

fn is_allowed(packages: &str) -> Result<bool> {
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    if is_ci || std::env::args().any(|argument| argument == YES) {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("This needs Debian's packages {packages}. Install them for the whole machine? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn is_debian() -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| matches!(line, "ID=debian" | "ID=\"debian\""))
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
