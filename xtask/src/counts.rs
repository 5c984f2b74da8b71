//! How many tests passed and failed, read from what the test programs print.

use std::{iter::Sum, ops::Add};

use anyhow::{Context, Result};
use console::strip_ansi_codes;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

impl Counts {
    pub const ONE_PASSED: Counts = Counts { passed: 1, failed: 0 };
    pub const ONE_FAILED: Counts = Counts { passed: 0, failed: 1 };

    /// The last line of `cargo nextest run`:
    /// `Summary [ 0.2s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
    pub fn from_nextest(output: &str) -> Counts {
        let summary = |line: &str| {
            let line = strip_ansi_codes(line);
            let (_, counts) = line.trim().strip_prefix("Summary [")?.split_once("run:")?;
            Some(Counts::in_words(counts))
        };
        output.lines().rev().find_map(summary).unwrap_or_default()
    }

    /// What `cargo test` prints at the end of every program, never indented:
    /// `test result: FAILED. 3 passed; 2 failed; 0 ignored; …`.
    pub fn from_libtest(output: &str) -> Counts {
        let result = |line: &str| {
            let line = strip_ansi_codes(line);
            let (_, counts) = line.strip_prefix("test result:")?.split_once(". ")?;
            Some(Counts::in_words(counts))
        };
        output.lines().filter_map(result).sum()
    }

    /// What Playwright's JSON reporter wrote. A test that passed only when repeated has failed.
    pub fn from_playwright(report: &str) -> Result<Counts> {
        #[derive(Deserialize)]
        struct Report {
            stats: Stats,
        }
        #[derive(Deserialize)]
        struct Stats {
            expected: u64,
            unexpected: u64,
            flaky: u64,
        }
        let report: Report = serde_json::from_str(report).context("Playwright's report cannot be understood")?;
        let Stats { expected, unexpected, flaky } = report.stats;
        Ok(Counts { passed: expected, failed: unexpected + flaky })
    }

    /// A run that failed without a failed test, as when nothing compiled, counts as one failure.
    pub fn of_a_run(self, succeeded: bool) -> Counts {
        if succeeded || self.failed > 0 { self } else { self + Counts::ONE_FAILED }
    }

    fn in_words(text: &str) -> Counts {
        let outcome = |part: &str| {
            let (number, what) = part.trim().split_once(' ')?;
            let number = number.parse().ok()?;
            let starts = |beginnings: &[&str]| beginnings.iter().any(|start| what.starts_with(start));
            if starts(&["passed"]) {
                Some(Counts { passed: number, failed: 0 })
            } else if starts(&["failed", "timed out", "exec failed"]) {
                Some(Counts { passed: 0, failed: number })
            } else {
                None
            }
        };
        text.split([',', ';']).filter_map(outcome).sum()
    }
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(all: I) -> Counts {
        all.fold(Counts::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn nextest() {
        let passed = "     Summary [   0.206s] 7 tests run: 7 passed (1 slow, 2 leaky), 3 skipped";
        assert_eq!(Counts::from_nextest(passed), counts(7, 0));
        let mixed = "     Summary [   1.2s] 9/12 tests run: 4 passed, 2 failed, 1 exec failed, \
                     2 timed out, 3 skipped";
        assert_eq!(Counts::from_nextest(mixed), counts(4, 5));
        let coloured = "\x1b[31;1m     Summary\x1b[0m [   0.0s] \x1b[1m1\x1b[0m test run: \
                        \x1b[1m0\x1b[0m \x1b[32;1mpassed\x1b[0m, \x1b[1m1\x1b[0m \
                        \x1b[31;1mfailed\x1b[0m";
        assert_eq!(Counts::from_nextest(coloured), counts(0, 1));
    }

    #[test]
    fn nextest_shows_what_a_failed_test_printed() {
        let output = "        FAIL [   0.129s] rivulet tests::fails\n  stdout ───\n\
            \x20   test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured\n\
            \x20   Summary [ 0.1s] 5 tests run: 5 passed\n\
            \x20    Summary [   0.130s] 2 tests run: 1 passed, 1 failed, 0 skipped\n\
            error: test run failed\n";
        assert_eq!(Counts::from_nextest(output), counts(1, 1));
    }

    #[test]
    fn libtest_in_several_programs() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: FAILED. 1 passed; 1 failed; 4 ignored; 0 measured; finished in 0.00s\n\
            \ntest result: \x1b[32mok\x1b[m. 12 passed; 0 failed; 0 ignored; 0 measured\n";
        assert_eq!(Counts::from_libtest(output), counts(13, 1));
    }

    #[test]
    fn no_summary_counts_nothing() {
        let output = "3 passed, 1 failed\nerror: could not compile";
        assert_eq!(Counts::from_nextest(output) + Counts::from_libtest(output), counts(0, 0));
    }

    #[test]
    fn a_failed_run_is_never_counted_as_passed() {
        assert_eq!(counts(3, 0).of_a_run(true), counts(3, 0));
        assert_eq!(counts(3, 0).of_a_run(false), counts(3, 1));
        assert_eq!(counts(3, 2).of_a_run(false), counts(3, 2));
    }

    #[test]
    fn playwright() -> Result<()> {
        let report =
            r#"{"suites": [], "stats": {"duration": 1.5, "expected": 8, "skipped": 1, "unexpected": 2, "flaky": 1}}"#;
        assert_eq!(Counts::from_playwright(report)?, counts(8, 3));
        assert!(Counts::from_playwright("{}").is_err());
        Ok(())
    }
}
