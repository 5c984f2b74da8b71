//! A run so long that the database's log is copied into the database meanwhile.

use std::time::Duration;

use crate::{
    both::Bench,
    load::Load,
    row::{Goal, Row},
};

pub async fn rows(bench: &mut Bench) -> Vec<Row> {
    let load = || Load::new(100, 1, 50.0, Duration::from_secs(40));
    let before = bench.product.log.log();
    let (ours, theirs) = bench.both(1, load).await;
    assert!(bench.product.log.log() != before, "{}: the log did not begin anew, so no checkpoint was seen", load());
    let mut rows = Vec::new();
    for (percentile, goal) in [(50.0, 10.0), (99.0, 25.0)] {
        let row = format!("with a checkpoint: provider → socket, p{percentile}, ms: {}", load());
        rows.push(Row::new(row, Goal::AtMost(goal), ours.delay(percentile), Some(theirs.delay(percentile))));
    }
    let longest = "with a checkpoint: the longest commit, ms (0: none took 50)";
    rows.push(Row::new(longest, Goal::None, ours.longest_commit as f64, None));
    rows
}
