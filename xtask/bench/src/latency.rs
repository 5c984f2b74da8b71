//! A word from the provider to the socket under load: how long it takes, what it costs, how many bytes it is.

use std::time::Duration;

use crate::{
    both::Bench,
    load::Load,
    row::{Goal, Row},
};

pub async fn rows(bench: &mut Bench) -> Vec<Row> {
    let load = || Load::new(100, 1, 50.0, Duration::from_secs(6));
    let (ours, theirs) = bench.both(2, load).await;
    let mut rows = Vec::new();
    for (percentile, goal) in [(50.0, 10.0), (99.0, 25.0)] {
        rows.push(Row::new(
            format!("provider → socket, p{percentile}, ms: {}, durable", load()),
            Goal::AtMost(goal),
            ours.delay(percentile),
            Some(theirs.delay(percentile)),
        ));
    }
    rows.push(Row::new(
        format!("server CPU for a delivered token, µs: {}", load()),
        Goal::AtMost(20.0),
        ours.cpu_for_each(),
        Some(theirs.cpu_for_each()),
    ));
    // One reply alone: nothing is merged that other replies made wait.
    let load = || Load::new(1, 1, 50.0, Duration::from_secs(6));
    let (ours, theirs) = bench.both(1, load).await;
    rows.push(Row::new(
        format!("bytes of frames for a token of 5 bytes: {}", load()),
        Goal::AtMost(60.0),
        ours.bytes_for_each(),
        Some(theirs.bytes_for_each()),
    ));
    rows
}
