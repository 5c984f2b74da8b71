//! A folder with all that a server stands on: settings, site, database.

use std::path::PathBuf;

use temp_dir::TempDir;

/// The name of the build in [`Folder::site`].
pub const BUILD: &str = "0123456789abcdef";

/// What browsers load, as far as these tests need it.
const FILES: [(&str, &str); 3] = [("rivulet.wasm", "wasm"), ("rivulet.js", "js"), ("rivulet.css", "css")];

/// The limits in [`Folder::settings`].
pub const LIMITS: &str = "[limits]\ntabs-per-person = 1000000\nreplies-per-person = 1000000\nreplies = 1000000\n";

pub struct Folder(TempDir);

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

impl Folder {
    pub fn new() -> Folder {
        let folder = Folder(TempDir::new().expect("a temporary folder"));
        folder.has_build(BUILD);
        folder
    }

    /// A build is added to the site, and is the newest.
    pub fn has_build(&self, build: &str) {
        let pkg = self.site().join("pkg");
        std::fs::create_dir_all(pkg.join(build)).expect("a folder for the site");
        for (name, text) in FILES {
            std::fs::write(pkg.join(build).join(name), format!("{text} {build}")).expect("a file of the site");
        }
        let before = std::fs::read_to_string(pkg.join("builds.txt")).unwrap_or_default();
        std::fs::write(pkg.join("builds.txt"), format!("{build} test\n{before}")).expect("a file of the site");
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub fn site(&self) -> PathBuf {
        self.0.path().join("site")
    }

    pub fn database(&self) -> PathBuf {
        self.0.path().join("rivulet.db")
    }

    /// Settings as people have them, in `Leptos.toml`.
    pub fn has_settings(&self, settings: &str) {
        std::fs::write(self.path().join("Leptos.toml"), settings).expect("settings can be written");
    }

    /// The settings of a server in this folder whose only provider is at `provider`. One person may have as much as
    /// comes, as in these tests there is but one.
    pub fn settings(&self, provider: &str, grace_seconds: u64) -> String {
        format!(
            "[leptos]\nsite-addr = \"127.0.0.1:0\"\nsite-root = \"{}\"\n\n[database]\nurl = \"sqlite:{}\"\n\n\
             [server]\ngrace-seconds = {grace_seconds}\n\n{LIMITS}\n\
             [[provider]]\nkind = \"openai\"\nname = \"test\"\nbase-url = \"{provider}\"\nmodels = [\"model\"]\n",
            self.site().display(),
            self.database().display(),
        )
    }
}
