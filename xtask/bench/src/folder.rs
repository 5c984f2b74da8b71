//! A folder with all that the server stands on.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The release server and its site, as `cargo xtask bench` named them.
pub struct Built {
    pub server: PathBuf,
    pub site: PathBuf,
}

pub static BUILT: OnceLock<Built> = OnceLock::new();

/// Deleted when dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// With settings for a server whose only provider is at `provider`.
    pub fn new(provider: &str) -> anyhow::Result<Folder> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rivulet-bench-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir(&folder.0)?;
        let settings = format!(
            "[leptos]\nsite-addr = \"127.0.0.1:0\"\nsite-root = {:?}\n\n[database]\nurl = \"sqlite:rivulet.db\"\n\n\
             [server]
grace-seconds = 0

\
             [limits]
tabs-per-person = 1000000
replies-per-person = 1000000
replies = 1000000

\
             [[provider]]\nkind = \"openai\"\nname = \"test\"\nbase-url = \"{provider}\"\nmodels = [\"model\"]\n",
            built().site,
        );
        fs::write(folder.0.join("Leptos.toml"), settings)?;
        Ok(folder)
    }

    /// The server, with nothing of this environment that is a setting.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&built().server);
        command.env_clear().env("NO_COLOR", "1").current_dir(&self.0);
        // The server's own default, and each commit that took long.
        command.env("RUST_LOG", "info,tower_http=warn,sqlx=warn,hyper=warn,rivulet::reply::journal=debug");
        command
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("rivulet.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn built() -> &'static Built {
    BUILT.get().expect("main sets it first")
}
