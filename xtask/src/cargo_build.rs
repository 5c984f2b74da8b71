//! Cargo's builds: how far they are, and what they made.

use std::{
    io::{self, BufReader, IsTerminal},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result};
use cargo_metadata::{Artifact, Message};
use indicatif::MultiProgress;
use jobserver::Client;

use crate::{
    command::{cannot_start, succeeded},
    progress::Progress,
};

pub struct CargoBuild {
    /// What is built, as in "Building the server".
    pub what: &'static str,
    pub cargo: Command,
    /// Finds the file that is wanted among all that cargo reports.
    pub pick: fn(Artifact) -> Option<PathBuf>,
}

/// Runs a build and gives the file that it made.
pub fn run(build: CargoBuild) -> Result<PathBuf> {
    build.run(&MultiProgress::new())
}

/// Runs two builds at the same time and gives the files that they made. They need profiles of their own: one that finds
/// its folder in use waits.
pub fn run_both(first: CargoBuild, second: CargoBuild) -> Result<(PathBuf, PathBuf)> {
    // Each runs one compiler at any time. Further cores are for whichever asks, and in the end for the one that still runs.
    let cores = thread::available_parallelism()?.get();
    let shared = Client::new(cores.saturating_sub(2))?;
    let screen = MultiProgress::new();
    let run = |mut build: CargoBuild| {
        shared.configure(&mut build.cargo);
        let built = build.run(&screen);
        shared.release_raw()?;
        built
    };
    let (first, second) = thread::scope(|scope| {
        let second = scope.spawn(|| run(second));
        (run(first), second.join())
    });
    let second = second.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok((first?, second?))
}

impl CargoBuild {
    fn run(mut self, screen: &MultiProgress) -> Result<PathBuf> {
        let cargo = &mut self.cargo;
        cargo.arg("--message-format=json-render-diagnostics");
        if io::stderr().is_terminal() {
            cargo.env("CARGO_TERM_COLOR", "always");
        }
        // Into a pipe, cargo writes its progress only if asked to, and needs the width of a line.
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
        let mut child =
            cargo.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(|| cannot_start(cargo))?;
        let mut progress = Progress::start(self.what, screen);
        let followed =
            child.stderr.take().map(|output| thread::spawn(move || progress.follow(output).map(|()| progress)));
        let mut found = None;
        if let Some(output) = child.stdout.take() {
            for message in Message::parse_stream(BufReader::new(output)) {
                if let Message::CompilerArtifact(artifact) = message? {
                    found = (self.pick)(artifact).or(found);
                }
            }
        }
        let status = child.wait()?;
        let progress =
            followed.map(|followed| followed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        if let Some(progress) = progress.transpose()? {
            progress.end(status.success());
        }
        succeeded(cargo, status)?;
        found.context("Cargo built nothing that can be used here. Look at the library and [[bin]] in Cargo.toml.")
    }
}
