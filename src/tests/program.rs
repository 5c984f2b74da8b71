//! The program that these tests start.

use std::process::Command;

use kit::{Folder, Process};

/// The program, in a folder.
pub fn command(folder: &Folder) -> Command {
    kit::command(PROGRAM, folder)
}

/// Starts it in a folder that has its settings, and waits until it listens.
pub async fn start(folder: &Folder) -> Process {
    Process::start(command(folder)).await
}

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rivulet");
