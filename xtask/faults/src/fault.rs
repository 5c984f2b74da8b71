//! Running one fault: its rounds, each with a seed of its own, and the line that reports how they went.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use rand::{SeedableRng, rngs::SmallRng};

use crate::tally::{Bytes, Tally};

/// One kind of fault.
pub struct Fault {
    /// For `--only`.
    pub name: &'static str,
    pub title: &'static str,
    pub rounds: Rounds,
    pub round: fn(Round) -> BoxFuture<'static, ()>,
}

/// How often a fault is made.
#[derive(Clone, Copy)]
pub enum Rounds {
    /// Once: it tries all that there is to try, or mostly waits.
    Once,
    /// At random: so often in a short run; in a long one at least so often, and until its share of the time is used.
    Random { short: u64, long: u64, share: u32 },
}

/// What one round is given, and where it reports.
pub struct Round {
    /// The only source of random numbers.
    pub random: SmallRng,
    /// Whether there is time for minutes of waiting.
    pub long: bool,
    pub tally: Tally,
    pub report: Report,
}

/// What the rounds of a fault report.
#[derive(Clone, Default)]
pub struct Report {
    times: Arc<AtomicU64>,
    note: Arc<Mutex<String>>,
    /// How often each outcome happened that a round may have.
    outcomes: Arc<Mutex<BTreeMap<String, u64>>>,
    left_out: Arc<AtomicBool>,
}

impl Report {
    /// The fault was made so many times more.
    pub fn times(&self, more: u64) {
        self.times.fetch_add(more, Relaxed);
    }

    /// What was measured, of the last round.
    pub fn note(&self, note: impl Into<String>) {
        *lock(&self.note) = note.into();
    }

    /// A round may end with any of these outcomes; in a long run each has to happen.
    pub fn may_end(&self, outcomes: &[&str]) {
        for outcome in outcomes {
            lock(&self.outcomes).entry((*outcome).to_owned()).or_default();
        }
    }

    pub fn ended(&self, outcome: &str) {
        *lock(&self.outcomes).entry(outcome.to_owned()).or_default() += 1;
    }

    /// It cannot be made here.
    pub fn left_out(&self, why: &str) {
        self.left_out.store(true, Relaxed);
        self.note(why);
    }

    fn never(&self) -> Option<String> {
        let outcomes = lock(&self.outcomes);
        outcomes.iter().find(|(_, times)| **times == 0).map(|(outcome, _)| format!("it never ended {outcome}"))
    }

    fn notes(&self) -> String {
        let outcomes =
            lock(&self.outcomes).iter().map(|(outcome, times)| format!("; {times} {outcome}")).collect::<String>();
        match &**lock(&self.note) {
            "" => outcomes,
            note => format!("{outcomes}; {note}"),
        }
    }
}

/// How a fault went.
#[derive(Default)]
pub struct Outcome {
    pub bytes: Bytes,
    pub times: u64,
    pub failed: bool,
    pub left_out: bool,
}

impl Fault {
    /// Makes the fault until `share` of the time is used, and prints its line. Round after round has the next seed, so
    /// that each can be repeated by itself.
    pub async fn run(&self, seed: u64, long: bool, share: Duration) -> Outcome {
        let begun = Instant::now();
        let (tally, report) = (Tally::default(), Report::default());
        let least = match self.rounds {
            Rounds::Once => 1,
            Rounds::Random { short, .. } if !long => short,
            Rounds::Random { long, .. } => long,
        };
        let mut failure = None;
        let mut rounds = 0;
        while rounds < least || matches!(self.rounds, Rounds::Random { .. }) && long && begun.elapsed() < share {
            let own = seed + rounds;
            let round =
                Round { random: SmallRng::seed_from_u64(own), long, tally: tally.clone(), report: report.clone() };
            failure = self.attempt(round).await.map(|why| (own, why));
            if failure.is_some() {
                break;
            }
            rounds += 1;
        }
        if long && failure.is_none() {
            failure = report.never().map(|why| (seed, why));
        }
        failure = failure.or(tally.came_only_by_beats().map(|why| (seed, why.into())));
        let left_out = report.left_out.load(Relaxed);
        let outcome =
            Outcome { bytes: tally.bytes(), times: report.times.load(Relaxed), failed: failure.is_some(), left_out };
        self.print(&outcome, begun.elapsed().as_secs_f64(), &format!("{}{}", report.notes(), tally.arrivals()));
        if let Some((seed, why)) = failure {
            let short = if long { "" } else { " --short" };
            println!("    {why}\n    Again: cargo xtask faults --seed {seed} --only {}{short}", self.name);
        }
        outcome
    }

    /// Why a round failed, if it did.
    async fn attempt(&self, round: Round) -> Option<String> {
        let tally = round.tally.clone();
        let ended = AssertUnwindSafe((self.round)(round)).catch_unwind().await;
        let Bytes { lost, doubled, .. } = tally.bytes();
        match ended {
            Err(panic) => Some(words(&*panic)),
            Ok(()) if lost + doubled > 0 => Some(format!("{lost} bytes were lost and {doubled} doubled")),
            Ok(()) => None,
        }
    }

    fn print(&self, outcome: &Outcome, seconds: f64, note: &str) {
        let Outcome { bytes: Bytes { shown, lost, doubled }, times, .. } = outcome;
        let verdict = match outcome {
            Outcome { failed: true, .. } => "FAILED",
            Outcome { left_out: true, .. } => "left out",
            _ => "ok",
        };
        println!(
            "{:<47} {times:>6} times {:>13} bytes shown {lost:>3} lost {doubled:>3} doubled   {verdict} ({seconds:.0} s{note})",
            self.title,
            grouped(*shown)
        );
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message of a failed expectation.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("something panicked");
    format!("{text:.2000}")
}

/// `1234567` is `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        (digits.as_bytes().rchunks(3).rev()).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
