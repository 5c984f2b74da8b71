//! The release server that `cargo xtask` has built.

use std::path::PathBuf;

pub struct Built {
    pub server: PathBuf,
    /// The folder that it serves.
    pub site: PathBuf,
}

impl Built {
    /// As `cargo xtask` names them to the programs that it starts.
    pub fn from_environment() -> Built {
        let path = |name: &str| {
            std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; `cargo xtask` sets it")).into()
        };
        Built { server: path("RIVULET_BIN"), site: path("RIVULET_SITE_ROOT") }
    }
}
