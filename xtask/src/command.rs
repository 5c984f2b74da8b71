//! Steps and the programs that they run.

use std::{
    io::{self, IsTerminal, Read, Write},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// Prints what is being done, does it, and prints how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{what} …");
    let start = Instant::now();
    let result = work();
    println!("{}", outcome(what, start, result.is_ok()));
    result
}

/// How something ended that began at `start`, and how long it took.
pub fn outcome(what: &str, start: Instant, well: bool) -> String {
    let outcome = if well { "done" } else { "failed" };
    format!("{what}: {outcome} in {:.1} s", start.elapsed().as_secs_f32())
}

/// Cargo, as a person would start it in the repository's folder.
pub fn cargo(project: &Project, subcommand: &str) -> Command {
    let cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let mut cargo = in_repository(cargo, project);
    cargo.arg(subcommand);
    cargo
}

/// Lets a program run as if a person had started it in the repository's folder.
pub fn in_repository(mut program: Command, project: &Project) -> Command {
    program.current_dir(&project.root).env("LEPTOS_OUTPUT_NAME", &project.settings.output_name);
    // What the outer cargo has set for xtask would look like a changed environment to build scripts.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|own| name.starts_with(own)) {
            program.env_remove(&*name);
        }
    }
    program
}

/// Runs a program with its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    succeeded(command, status)
}

/// Runs a program with its output on the terminal, and gives that output too, errors after the rest.
pub fn run_and_read(command: &mut Command) -> Result<(ExitStatus, String)> {
    if io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let output = child.stdout.take().map(|from| thread::spawn(|| copy(from, io::stdout())));
    let errors = child.stderr.take().map(|from| thread::spawn(|| copy(from, io::stderr())));
    let status = child.wait()?;
    let mut read = Vec::new();
    for copied in [output, errors].into_iter().flatten().flat_map(|thread| thread.join()) {
        read.extend(copied?);
    }
    Ok((status, String::from_utf8_lossy(&read).into_owned()))
}

/// Passes on what comes, as it comes, and gives all of it at the end.
fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut piece = [0; 8192];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(all),
            length => {
                to.write_all(&piece[..length])?;
                to.flush()?;
                all.extend_from_slice(&piece[..length]);
            }
        }
    }
}

/// An error that names the command, unless it went well.
pub fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status}). Its output is above.", line(command));
    }
    Ok(())
}

pub fn cannot_start(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let install = match &*program {
        "node" | "npm" | "npx" => {
            "Install Node.js: `apt-get install -y nodejs npm` on Debian, `brew install node` on macOS"
        }
        "rustup" => "Install rustup, then start again",
        _ => "See whether it is installed and on the PATH",
    };
    format!("`{program}` cannot be started. {install}")
}

fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit(['/', '\\']).next().unwrap_or(&program);
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name.to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}
