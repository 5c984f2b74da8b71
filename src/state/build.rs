//! What browsers load.

use std::{fs, path::Path};

/// The addresses of its files. They have the hash of the build: what is there never changes, and that of the builds before
/// is there, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    pub script: String,
    pub wasm: String,
    pub style: String,
}

impl Build {
    /// The newest in a site that `cargo xtask build` has written. Errors are for the person who starts the server.
    pub fn newest(site_root: &Path) -> anyhow::Result<Build> {
        let missing = |file: &str| {
            anyhow::anyhow!(
                "LEPTOS_SITE_ROOT (in Leptos.toml: [leptos] site-root) is \"{}\", where there is no {file}. It should be the folder that `cargo xtask build` writes.",
                site_root.display()
            )
        };
        let list = "pkg/builds.txt";
        let builds = fs::read_to_string(site_root.join(list)).map_err(|_| missing(list))?;
        let hash = builds.split_whitespace().next().unwrap_or_default();
        let file = |ending| {
            let file = format!("pkg/{hash}/rivulet.{ending}");
            if site_root.join(&file).is_file() { Ok(format!("/{file}")) } else { Err(missing(&file)) }
        };
        Ok(Build { script: file("js")?, wasm: file("wasm")?, style: file("css")? })
    }
}
