//! Where things stand: the repository, the target folder, and the build settings.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;

pub struct Project {
    /// The repository's folder.
    pub root: PathBuf,
    /// Cargo's target folder, `CARGO_TARGET_DIR` where that is set.
    pub target: PathBuf,
    pub package: String,
    pub settings: Settings,
}

/// `[package.metadata.leptos]`, as far as this build needs it; names and meanings are cargo-leptos'.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    pub output_name: String,
    pub site_root: PathBuf,
    pub site_pkg_dir: String,
    pub site_addr: String,
    pub style_file: PathBuf,
    pub assets_dir: PathBuf,
    pub end2end_dir: PathBuf,
    pub bin_features: Vec<String>,
    pub bin_default_features: bool,
    pub lib_features: Vec<String>,
    pub lib_default_features: bool,
    pub lib_profile_release: String,
}

impl Project {
    /// Asks cargo, without touching the network.
    pub fn load() -> Result<Project> {
        let metadata = MetadataCommand::new().no_deps().exec()?;
        let package = metadata.root_package().context("Cargo.toml has no [package].")?;
        let settings = Settings::deserialize(&package.metadata["leptos"])
            .context("[package.metadata.leptos] in Cargo.toml cannot be used")?;
        settings.check(std::env::var("LEPTOS_OUTPUT_NAME").ok())?;
        Ok(Project {
            root: metadata.workspace_root.clone().into(),
            target: metadata.target_directory.clone().into(),
            package: package.name.to_string(),
            settings,
        })
    }

    /// The folder that the server serves; `target/` in its setting stands for cargo's target folder.
    pub fn site(&self) -> PathBuf {
        let site_root = &self.settings.site_root;
        self.target.join(site_root.strip_prefix("target").unwrap_or(site_root))
    }

    /// Cargo's arguments that choose the server's half.
    pub fn server_half(&self) -> Vec<String> {
        let settings = &self.settings;
        half(&self.package, settings.bin_default_features, &settings.bin_features)
    }

    /// Cargo's arguments that choose the browser's half. `inspect`: for the browser tests, which look into the page.
    pub fn browser_half(&self, inspect: bool) -> Vec<String> {
        let settings = &self.settings;
        let mut features = settings.lib_features.clone();
        features.extend(inspect.then(|| "inspect".to_owned()));
        half(&self.package, settings.lib_default_features, &features)
    }
}

fn half(package: &str, default_features: bool, features: &[String]) -> Vec<String> {
    let mut arguments = vec!["--package".into(), package.into()];
    if !default_features {
        arguments.push("--no-default-features".into());
    }
    arguments.extend(["--features".into(), features.join(",")]);
    arguments
}

impl Settings {
    /// `compiled_in` is the name that leptos takes from its environment while it is compiled.
    fn check(&self, compiled_in: Option<String>) -> Result<()> {
        let (name, site_root) = (&self.output_name, self.site_root.display());
        if let Some(other) = compiled_in.filter(|other| other != name) {
            bail!(
                "LEPTOS_OUTPUT_NAME is `{other}`, but output-name in [package.metadata.leptos] is \
                 `{name}`, so the page would ask for files that are not there. Make them the same: \
                 .cargo/config.toml sets LEPTOS_OUTPUT_NAME."
            );
        }
        if !self.site_root.starts_with("target") {
            bail!(
                "site-root in [package.metadata.leptos] is `{site_root}`. It has to lie in \
                 `target/`, because whatever the build did not put there is deleted."
            );
        }
        Ok(())
    }
}
