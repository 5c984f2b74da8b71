//! What belongs on standard output, alone there.

use std::{fs::File, io::Write};

use anyhow::{Context, Result};

/// Standard output as it was.
pub struct Output(File);

impl Output {
    pub fn print(mut self, text: &str) -> Result<()> {
        writeln!(self.0, "{text}").context("Standard output takes nothing")
    }
}

/// From here on all output, also of what is started, goes to standard error, except for what the returned value prints.
#[cfg(unix)]
pub fn to_errors() -> Result<Output> {
    use std::os::fd::AsFd;

    let output = std::io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(Output(output.into()))
}

/// As many open files as the system allows: a socket is one. Programs that are started inherit that.
#[cfg(unix)]
pub fn raise_file_limit() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit })?)
}

#[cfg(not(unix))]
pub fn to_errors() -> Result<Output> {
    anyhow::bail!("Processor time and memory are read from /proc, so this needs Linux.")
}

#[cfg(not(unix))]
pub fn raise_file_limit() -> Result<()> {
    Ok(())
}
