//! A line of the table.

use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Row {
    /// What is measured, in which unit, under which load.
    pub row: String,
    pub goal: String,
    pub measured: f64,
    /// The same of the bare socket, where it has such a thing.
    pub bare: Option<f64>,
    /// `measured / bare`.
    pub ratio: Option<f64>,
    pub met: bool,
}

/// A goal, and whether it is met.
pub enum Goal {
    AtMost(f64),
    /// So many per cent of the bare socket.
    PerCentOfBare(f64),
    /// At most so many times the bare socket.
    TimesBare(f64),
    Exactly(f64),
    /// At most so many times what another row measured, which is named.
    Times(f64, f64, String),
    /// None: it explains why another row is as it is.
    None,
}

impl Row {
    pub fn new(row: impl Into<String>, goal: Goal, measured: f64, bare: Option<f64>) -> Row {
        let ratio = bare.filter(|bare| *bare > 0.0).map(|bare| measured / bare);
        let (goal, met) = match goal {
            Goal::AtMost(most) => (format!("≤ {most}"), measured <= most),
            Goal::Exactly(right) => (format!("= {right}"), measured == right),
            Goal::PerCentOfBare(least) => {
                (format!("≥ {least} % of bare"), ratio.is_some_and(|ratio| ratio * 100.0 >= least))
            }
            Goal::TimesBare(times) => (format!("≤ {times} × bare"), ratio.is_some_and(|ratio| ratio <= times)),
            Goal::None => ("–".into(), true),
            Goal::Times(times, other, name) => (format!("≤ {times} × {name} ({other:.1})"), measured <= times * other),
        };
        Row { row: row.into(), goal, measured, bare, ratio, met }
    }
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
