//! One reply that many look at.

use std::time::Duration;

use crate::{
    both::Bench,
    load::Load,
    row::{Goal, Row},
};

pub async fn rows(bench: &mut Bench) -> Vec<Row> {
    let load = || Load::new(1, 1_000, 50.0, Duration::from_secs(4));
    let (ours, theirs) = bench.both(2, load).await;
    vec![Row::new(
        format!("deliveries a second on a core: {}", load()),
        Goal::PerCentOfBare(60.0),
        1e6 / ours.cpu_for_each(),
        Some(1e6 / theirs.cpu_for_each()),
    )]
}
