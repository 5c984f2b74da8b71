//! `cargo xtask test`: every check that there is, and one line at the end that counts them.

use std::{
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Result;

use crate::{
    browser,
    build::{Options, build},
    command::{cargo, run, run_and_read},
    counts::Counts,
    deny, faults, paths,
    project::Project,
    toolchain,
};

/// Continues after a failure, so that a missing comma hides no broken test.
pub fn test() -> Result<ExitCode> {
    let project = Project::load()?;
    let mut report = Report::default();
    report.check("Format", || run(cargo(&project, "fmt").args(["--all", "--check"])));
    report.check("Clippy for the server", || {
        let mut clippy = cargo(&project, "clippy");
        run(clippy.args(project.server_half()).arg("--all-targets").args(DENY_WARNINGS))
    });
    for (name, inspect) in [("Clippy for the browser's half", false), ("The same for the browser tests", true)] {
        report.check(name, || {
            let mut clippy = toolchain::find()?.clippy(&project);
            run(clippy.args(project.browser_half(inspect)).arg("--lib").args(DENY_WARNINGS))
        });
    }
    report.check("Clippy for xtask and the disk", || {
        let mut clippy = cargo(&project, "clippy");
        run(clippy.args(["--package", "xtask", "--package", "disk", "--all-targets"]).args(DENY_WARNINGS))
    });
    report.check("Clippy for the faults, the bench and their kit", || {
        let mut clippy = cargo(&project, "clippy");
        let packages = ["--package", "faults", "--package", "bench", "--package", "kit"];
        run(clippy.args(packages).arg("--all-targets").args(DENY_WARNINGS))
    });
    report.check("Packages", || deny::check(&project));
    report.tests("Tests", || cargo_tests(&project, &project.server_half()));
    report.tests("Examples in the documentation", || {
        let mut examples = cargo(&project, "test");
        let examples = examples.args(project.server_half()).args(["--doc", "--no-fail-fast"]);
        counted(examples, Counts::from_libtest)
    });
    report.tests("Tests of xtask and the disk", || {
        cargo_tests(&project, &["--package", "xtask", "--package", "disk"].map(String::from))
    });
    report.check("Documentation", || {
        let mut doc = cargo(&project, "doc");
        run(doc.args(project.server_half()).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
    });
    let mut built = None;
    report.check("Release build", || {
        built = Some(build(&project, Options { release: true, inspect: true })?);
        Ok(())
    });
    if let Some(built) = &built {
        report.check("No folders of this machine in what browsers load", || paths::check(&project, &built.site));
    }
    if let Some(built) = built.as_ref().filter(|_| cfg!(target_os = "linux")) {
        report.check("Faults", || faults::short(&project, built));
    }
    match built {
        Some(built) if browser::has_tests(&project) => {
            report.tests("Browser tests", || browser::test(&project, &built));
        }
        Some(_) => println!("There are no browser tests yet."),
        None => println!("Browser tests: left out, as there is nothing that they could start."),
    }
    Ok(report.close())
}

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Unit and integration tests, with nextest where it is installed.
fn cargo_tests(project: &Project, which: &[String]) -> Result<Counts> {
    let nextest = cargo(project, "nextest").arg("--version").output();
    if !nextest.is_ok_and(|version| version.status.success()) {
        let mut tests = cargo(project, "test");
        let tests = tests.args(["--all-targets", "--no-fail-fast"]).args(which);
        return counted(tests, Counts::from_libtest);
    }
    let mut tests = cargo(project, "nextest");
    counted(tests.args(["run", "--no-fail-fast"]).args(which), Counts::from_nextest)
}

fn counted(tests: &mut Command, counts: impl Fn(&str) -> Counts) -> Result<Counts> {
    let (status, output) = run_and_read(tests)?;
    Ok(counts(&output).of_a_run(status.success()))
}

#[derive(Default)]
struct Report {
    counts: Counts,
    failed: Vec<&'static str>,
}

impl Report {
    /// A step that counts as one.
    fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        self.tests(name, || work().map(|()| Counts::ONE_PASSED));
    }

    /// A step that counts its tests; one more failure if it cannot do that.
    fn tests(&mut self, name: &'static str, work: impl FnOnce() -> Result<Counts>) {
        println!("\n── {name}");
        let start = Instant::now();
        let counts = work().unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Counts::ONE_FAILED
        });
        let Counts { passed, failed } = counts;
        println!("── {name}: {passed} passed, {failed} failed in {:.1} s", start.elapsed().as_secs_f32());
        if failed > 0 {
            self.failed.push(name);
        }
        self.counts = self.counts + counts;
    }

    /// Prints what failed, and last the line that counts.
    fn close(self) -> ExitCode {
        let Counts { passed, failed } = self.counts;
        println!();
        if !self.failed.is_empty() {
            println!("Failed: {}.", self.failed.join(", "));
        }
        println!("{passed} passed, {failed} failed");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
