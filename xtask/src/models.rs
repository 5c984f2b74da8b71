//! `cargo xtask models`: renews what the server has of models and their prices.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{
    build::{self, executable},
    command::run,
    project::Project,
};

pub fn models(arguments: &[&str]) -> Result<ExitCode> {
    let program = build::package(&Project::load()?, "what renews the prices", "models", executable)?;
    run(Command::new(program).args(arguments))?;
    Ok(ExitCode::SUCCESS)
}
