//! `cargo xtask faults`: breaks the release server in every way that we know, and counts the bytes that were lost or
//! doubled.
//!
//! Real tabs ([`kit::Tab`]) read replies over lines that can be made bad ([`line`]) from a server that can be killed
//! ([`server`]). Every state that any of them ever showed is compared with the end ([`tally`]).

mod author;
mod backup;
mod clock;
mod continuations;
mod converge;
mod deletions;
mod descriptors;
mod disk;
mod fault;
mod itself;
mod journal;
mod kill;
mod line;
mod list;
mod logs;
mod memory;
mod menu;
mod network;
mod person;
mod power;
mod providers;
mod reader;
mod rows;
mod server;
mod tally;
mod world;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

use fault::{Outcome, Rounds, grouped};

const USAGE: &str = "\
cargo xtask faults [--seed N] [--minutes M] [--only NAME] [--short]

--seed N      the seed of all random numbers (1)
--minutes M   how long all of it takes, about (20); those that are made once take six, however few are asked for
--short       fewer and shorter, as `cargo xtask test` runs them
--only NAME   one fault:
";

/// What a person asks for.
struct Asked {
    seed: u64,
    minutes: u64,
    only: Option<String>,
    short: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(asked) = asked(std::env::args().skip(1)) else {
        eprint!("{USAGE}");
        for fault in list::FAULTS {
            eprintln!("                {:<12} {}", fault.name, fault.title);
        }
        return ExitCode::from(2);
    };
    tokio::select! {
        code = run(&asked) => code,
        // The servers end when their worlds are dropped.
        () = asked_to_stop() => ExitCode::from(130),
    }
}

async fn asked_to_stop() {
    let mut terminated = signal(SignalKind::terminate()).expect("SIGTERM can be received");
    tokio::select! {
        _ = ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Option<Asked> {
    let mut asked = Asked { seed: 1, minutes: 20, only: None, short: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => asked.seed = arguments.next()?.parse().ok()?,
            "--minutes" => asked.minutes = arguments.next()?.parse().ok()?,
            "--only" => asked.only = Some(arguments.next()?),
            "--short" => asked.short = true,
            _ => return None,
        }
    }
    let exists = |name: &String| list::FAULTS.iter().any(|fault| fault.name == name);
    asked.only.as_ref().is_none_or(exists).then_some(asked)
}

/// First the faults that are made once, two at a time as they mostly wait; then those that are made at random.
async fn run(asked: &Asked) -> ExitCode {
    let begun = Instant::now();
    let chosen = |fault: &&fault::Fault| asked.only.as_deref().is_none_or(|only| only == fault.name);
    let (random, once): (Vec<_>, Vec<_>) =
        list::FAULTS.iter().filter(chosen).partition(|fault| matches!(fault.rounds, Rounds::Random { .. }));
    let shares: u32 = random.iter().map(|fault| share(fault)).sum();
    let mut outcomes: Vec<Outcome> = stream::iter(&once)
        .map(|fault| fault.run(asked.seed, !asked.short, Duration::ZERO))
        .buffer_unordered(2)
        .collect()
        .await;
    let rest = Duration::from_secs(asked.minutes * 60).saturating_sub(begun.elapsed());
    for fault in random {
        outcomes.push(fault.run(asked.seed, !asked.short, rest * share(fault) / shares).await);
    }
    close(&outcomes, begun)
}

fn share(fault: &fault::Fault) -> u32 {
    match fault.rounds {
        Rounds::Once => 0,
        Rounds::Random { share, .. } => share,
    }
}

fn close(outcomes: &[Outcome], begun: Instant) -> ExitCode {
    let sum = |what: fn(&Outcome) -> u64| outcomes.iter().map(what).sum::<u64>();
    let failed = outcomes.iter().filter(|outcome| outcome.failed).count();
    let (left_out, made): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.left_out);
    let left_out = if left_out.is_empty() { String::new() } else { format!(" ({} left out)", left_out.len()) };
    println!(
        "\n{} faults{left_out}, {} times: {} bytes shown, {} lost, {} doubled; {failed} failed ({:.0} s)",
        made.len(),
        grouped(sum(|outcome| outcome.times)),
        grouped(sum(|outcome| outcome.bytes.shown)),
        sum(|outcome| outcome.bytes.lost),
        sum(|outcome| outcome.bytes.doubled),
        begun.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
