//! `cargo xtask bench`: every figure that the design names, measured in one run and printed as one table.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    browser,
    build::{self, Built, Options, build, executable},
    command::{cannot_start, succeeded},
    output,
    project::Project,
};

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    row: String,
    goal: String,
    measured: f64,
    bare: Option<f64>,
    ratio: Option<f64>,
    met: bool,
}

/// Succeeds if everything could be measured, whether or not it is as it should be.
pub fn bench(json: bool) -> Result<ExitCode> {
    let table = output::to_errors()?;
    let project = Project::load()?;
    let built = build(&project, Options { release: true, ..Options::default() })?;
    let program = build::package(&project, "what measures it", "bench", executable)?;
    output::raise_file_limit()?;
    let mut rows = server_rows(built.name_to(&mut Command::new(program)))?;
    rows.extend(browser_rows(&project, &built)?);
    table.print(&if json { serde_json::to_string_pretty(&rows)? } else { as_table(&rows) })?;
    Ok(ExitCode::SUCCESS)
}

fn server_rows(program: &mut Command) -> Result<Vec<Row>> {
    let child = program.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let output = child.with_context(|| cannot_start(program))?.wait_with_output()?;
    succeeded(program, output.status)?;
    serde_json::from_slice(&output.stdout).context("What was measured cannot be read")
}

fn browser_rows(project: &Project, built: &Built) -> Result<Vec<Row>> {
    let measured = browser::measure(project, built)?;
    measured
        .lines()
        .map(|line| serde_json::from_str(line).context("What the browser measured cannot be read"))
        .collect()
}

fn as_table(rows: &[Row]) -> String {
    let titles = ["row", "goal", "measured", "bare", "ratio", "met"].map(String::from);
    let cells = rows.iter().map(|row| {
        let met = if row.met { "yes" } else { "NO" };
        let numbers = [Some(row.measured), row.bare, row.ratio].map(|number| number.map_or("–".into(), readable));
        let [measured, bare, ratio] = numbers;
        [row.row.clone(), row.goal.clone(), measured, bare, ratio, met.into()]
    });
    let lines: Vec<[String; 6]> = std::iter::once(titles).chain(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let text: Vec<String> = lines
        .iter()
        .map(|line| {
            let padded = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join(" | ").trim_end().to_owned()
        })
        .collect();
    text.join("\n")
}

/// Three digits that mean something, and no fraction past a hundred.
fn readable(number: f64) -> String {
    let digits = match number.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ if number == 0.0 => 0,
        _ => 3,
    };
    format!("{number:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line_with_what_is_missing_named_as_such() -> Result<()> {
        let row = r#"{"row":"Words","goal":"≤ 10","measured":12.34,"bare":null,"ratio":null,"met":false}"#;
        let rows: Vec<Row> = serde_json::from_str(&format!("[{row}]"))?;
        let table = "row   | goal | measured | bare | ratio | met\nWords | ≤ 10 | 12.3     | –    | –     | NO";
        assert_eq!(as_table(&rows), table);
        assert_eq!(serde_json::to_string(&rows)?, format!("[{row}]"));
        Ok(())
    }

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        let numbers = [0.0, 0.1234, 1.234, 12.34, 123.4, 123_456.7].map(readable);
        assert_eq!(numbers, ["0", "0.123", "1.23", "12.3", "123", "123457"]);
    }
}
