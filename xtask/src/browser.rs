//! The Playwright tests: node's packages, a browser, and the run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    build::Built,
    command::{cannot_start, run, step},
    counts::Counts,
    files,
    install::apt_install,
    project::Project,
};

pub fn has_tests(project: &Project) -> bool {
    folder(project).join("package.json").exists()
}

fn folder(project: &Project) -> PathBuf {
    project.root.join(&project.settings.end2end_dir)
}

/// Runs the browser tests against what was built.
///
/// Its environment names that, and the browser in `CHROMIUM` unless Playwright has its own.
pub fn test(project: &Project, built: &Built) -> Result<Counts> {
    let report = project.target.join("playwright.json");
    files::remove(&report)?;
    let mut playwright = playwright(project, built)?;
    playwright.arg("--reporter=list,json").env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
    let status = playwright.status().with_context(|| cannot_start(&playwright))?;
    let report = fs::read_to_string(report).context("Playwright wrote no report")?;
    Ok(Counts::from_playwright(&report)?.of_a_run(status.success()))
}

/// Measures in the browser, and gives what was measured: a row a line, as JSON.
pub fn measure(project: &Project, built: &Built) -> Result<String> {
    let rows = project.target.join("measured-in-browser.jsonl");
    files::remove(&rows)?;
    let mut playwright = playwright(project, built)?;
    run(playwright.args(["--config", "measure.config.ts"]).env("RIVULET_ROWS", &rows))?;
    fs::read_to_string(rows).context("The browser measured nothing")
}

/// `npx playwright test`, with all that it needs.
fn playwright(project: &Project, built: &Built) -> Result<Command> {
    let folder = folder(project);
    install_packages(&folder)?;
    let mut playwright = Command::new("npx");
    built.name_to(playwright.args(["playwright", "test"]).current_dir(&folder));
    match browser(&folder)? {
        Some(chromium) => playwright.env("CHROMIUM", chromium),
        None => playwright.env_remove("CHROMIUM"),
    };
    Ok(playwright)
}

/// `npm ci`, unless the lock file is the one that was installed last.
fn install_packages(folder: &Path) -> Result<()> {
    let lock = files::read(&folder.join("package-lock.json"))
        .context("Run `npm install` in that folder and keep the file that it writes")?;
    let installed = folder.join("node_modules").join(".installed-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    step("Installing node's packages", || {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
    })?;
    files::write(&installed, &lock)
}

/// A Chromium, installed if there is none; nothing where it is Playwright's own.
fn browser(folder: &Path) -> Result<Option<PathBuf>> {
    if let Some(chosen) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        if !chosen.is_file() {
            let chosen = chosen.display();
            bail!("CHROMIUM is `{chosen}`, but there is no such file. Name a browser, or unset it.");
        }
        return Ok(Some(chosen));
    }
    if let Some(chromium) = installed_browser() {
        return Ok(Some(chromium));
    }
    let installed = step("Installing Playwright's Chromium", || {
        run(Command::new("npx").args(["playwright", "install", "chromium"]).current_dir(folder))
    });
    let Err(error) = installed else {
        return Ok(None);
    };
    eprintln!("{error:#}");
    let by_hand = "Install Chromium (`sudo apt-get install -y chromium` on Debian, `brew install --cask chromium` on macOS), \
                   or name a browser in CHROMIUM.";
    step("Installing Debian's Chromium instead", || apt_install("chromium", by_hand))?;
    installed_browser().map(Some).context("Debian's Chromium is installed, but not on the PATH.")
}

fn installed_browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let on_path = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let on_macos = ["Google Chrome", "Chromium"]
        .map(|name| PathBuf::from(format!("/Applications/{name}.app/Contents/MacOS/{name}")));
    on_path.chain(on_macos).find(|browser| browser.is_file())
}
