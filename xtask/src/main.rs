//! The project's own commands. `cargo xtask` without arguments lists them.

mod bench;
mod bind;
mod browser;
mod build;
mod builds;
mod cargo_build;
mod command;
mod compress;
mod counts;
mod deny;
mod faults;
mod files;
mod install;
mod models;
mod output;
mod paths;
mod progress;
mod project;
mod run;
mod signals;
mod site;
mod style;
mod test;
mod toolchain;

use std::process::ExitCode;

use build::Options;
use project::Project;

const HELP: &str = "\
cargo xtask run [--release]     builds Rivulet and serves it until Ctrl-C
cargo xtask build               builds the server and its site, and no more
                                [--release] [--inspect] (the latter: a page that the browser tests can look into)
cargo xtask bench [--json]      measures every figure that the design names, beside a bare socket
cargo xtask test                checks format and lints, then runs every test, the browser's too
cargo xtask models              renews the models' prices and context windows (assets/prices.json) from models.dev
                                [FILE DATE] (instead of downloading: what was downloaded, and when)
cargo xtask faults              breaks a running server in every way that we know, and counts lost bytes, for 20 minutes
                                [--minutes M] [--seed N] [--only NAME] [--short]

--release is small and fast to run; without it the build is quick.
--install lets any of them install what this machine lacks, on Debian as root; else they ask.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).filter(|one| *one != install::YES).collect();
    let result = match arguments[..] {
        ["run"] => run::run(false),
        ["run", "--release"] => run::run(true),
        ["build", ref arguments @ ..] => build_only(arguments),
        ["bench"] => bench::bench(false),
        ["bench", "--json"] => bench::bench(true),
        ["test"] => test::test(),
        ["models", ref arguments @ ..] => models::models(arguments),
        ["faults", ref arguments @ ..] => faults::faults(arguments),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("`cargo xtask {}` is no command of this project. These are:\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("\n{error:#}");
        ExitCode::FAILURE
    })
}

fn build_only(arguments: &[&str]) -> anyhow::Result<ExitCode> {
    let mut options = Options::default();
    for argument in arguments {
        match *argument {
            "--release" => options.release = true,
            "--inspect" => options.inspect = true,
            other => anyhow::bail!("`cargo xtask build` takes --release and --inspect, and not `{other}`."),
        }
    }
    let built = build::build(&Project::load()?, options)?;
    println!("Server: {}\nSite:   {}", built.server.display(), built.site.display());
    Ok(ExitCode::SUCCESS)
}
