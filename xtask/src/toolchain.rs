//! A compiler that can make WASM: rustup's, or Debian's where rustup's server cannot be reached.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    command::{cargo, in_repository, run, step},
    install::apt_install,
    project::Project,
};

pub const WASM: &str = "wasm32-unknown-unknown";

/// Debian's compiler, the source of its standard library, what links WASM, and clippy.
const DEBIAN: &str = "rustc-web rust-web-src rust-web-llvm lld-22 rust-web-clippy";

#[derive(Clone, Copy, PartialEq)]
pub enum Toolchain {
    /// The compiler in use has the WASM target.
    Own,
    /// Debian's compiler, which builds the standard library for WASM along with the program.
    Debian,
}

/// Finds a toolchain for the browser's half, and installs what is missing.
pub fn find() -> Result<Toolchain> {
    if has_target()? {
        return Ok(Toolchain::Own);
    }
    if debian_is_ready() {
        return Ok(Toolchain::Debian);
    }
    let added = step("Adding the WASM target", || run(Command::new("rustup").args(["target", "add", WASM])));
    let Err(error) = added else {
        return Ok(Toolchain::Own);
    };
    eprintln!("{error:#}");
    step("Installing Debian's compiler for WASM instead", install_debian)?;
    Ok(Toolchain::Debian)
}

fn has_target() -> Result<bool> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc
        .args(["--print", "target-libdir", "--target", WASM])
        .output()
        .context("`rustc` cannot be started. Install Rust with rustup")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).is_dir())
}

fn debian_is_ready() -> bool {
    let parts = ["bin/rustc", "bin/rust-lld", "bin/cargo-clippy", "lib/rustlib/src/rust/library/std"];
    parts.iter().all(|part| Path::new("/usr").join(part).exists())
}

fn install_debian() -> Result<()> {
    let by_hand = format!(
        "The browser's half needs the WASM target. Either make `rustup target add {WASM}` work, \
         or, on Debian, run `sudo apt-get install -y {DEBIAN}`. Then start again."
    );
    apt_install(DEBIAN, &by_hand)
}

impl Toolchain {
    /// `cargo rustc` for WASM: `cargo build` takes no kind of library, and for the server's half a linked one is a waste.
    pub fn build(self, project: &Project) -> Command {
        self.for_wasm(cargo(project, "rustc"), project)
    }

    /// `cargo clippy` for WASM.
    pub fn clippy(self, project: &Project) -> Command {
        let mut clippy = cargo(project, "clippy");
        if self == Toolchain::Debian {
            // It has to be the clippy of the same compiler, which takes our cargo from the environment.
            clippy = in_repository(Command::new("/usr/bin/cargo-clippy"), project);
            clippy.arg("clippy");
        }
        self.for_wasm(clippy, project)
    }

    fn for_wasm(self, mut cargo: Command, project: &Project) -> Command {
        cargo.args(["--target", WASM]);
        if self == Toolchain::Debian {
            // Its own folder: this compiler and these flags would make the rest compile again.
            cargo
                .args(["-Zbuild-std=std,panic_abort", "--target-dir"])
                .arg(project.target.join("front"))
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTC_BOOTSTRAP", "1")
                .env_remove("LD_LIBRARY_PATH");
        }
        cargo
    }
}
