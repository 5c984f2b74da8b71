//! What a word costs must not grow with how many others there are.

use std::time::Duration;

use crate::{
    both::Bench,
    load::Load,
    row::{Goal, Row},
    side::Outcome,
};

/// How many times as much as at the bare socket a token may cost: what a measurement of some seconds is uncertain by.
const MORE: f64 = 1.25;

pub async fn rows(bench: &mut Bench) -> Vec<Row> {
    let seconds = Duration::from_secs(4);
    let mut rows = Vec::new();
    for (replies, pace) in [(1, 50.0), (10, 50.0), (100, 50.0), (1_000, 5.0)] {
        let load = || Load::new(replies, 1, pace, seconds);
        let (ours, theirs) = bench.both(1, load).await;
        rows.extend(late(&load(), Goal::AtMost(25.0), &ours, &theirs));
        rows.push(commit(&load(), &ours));
        rows.push(cost(&load(), &ours, &theirs));
    }
    for (tabs, pace) in [(100, 50.0), (2_000, 10.0)] {
        let load = || Load::new(1, tabs, pace, seconds);
        let (ours, theirs) = bench.both(1, load).await;
        // A token goes to all of them at once, so the last one waits for the others at either.
        rows.extend(late(&load(), Goal::TimesBare(1.5), &ours, &theirs));
        rows.push(cost(&load(), &ours, &theirs));
    }
    rows
}

fn late(load: &Load, goal: Goal, ours: &Outcome, theirs: &Outcome) -> [Row; 2] {
    let row = format!("growth: provider → socket, p99, ms: {load}");
    let longest = format!("growth: the longest commit meanwhile, ms (0: none took 50): {load}");
    [
        Row::new(row, goal, ours.delay(99.0), Some(theirs.delay(99.0))),
        Row::new(longest, Goal::None, ours.longest_commit as f64, None),
    ]
}

fn commit(load: &Load, ours: &Outcome) -> Row {
    Row::new(format!("growth: CPU of a commit, ms: {load}"), Goal::AtMost(0.4), ours.cpu_of_a_commit(), None)
}

/// Commits are left out: with more replies more tokens share one, and whatever grew beside them would not be seen. A
/// token alone costs much where there are few, at either, so each is compared with the bare socket under the same load.
fn cost(load: &Load, ours: &Outcome, theirs: &Outcome) -> Row {
    let row = format!("growth: server CPU for a delivered token beside commits, µs: {load}");
    Row::new(row, Goal::TimesBare(MORE), ours.cpu_beside_commits(), Some(theirs.cpu_for_each()))
}
