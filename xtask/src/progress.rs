//! How far a build is: a bar on a terminal, elsewhere a line every now and then.

use std::{
    io::{self, BufReader, Read},
    time::{Duration, Instant},
};

use console::strip_ansi_codes;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::command::outcome;

/// How often there is a line where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(20);

/// What the bar shows as well, and that two cargos take turns in resolving packages.
const SHOWN_ALREADY: [&str; 3] = ["Compiling ", "Finished ", "Blocking waiting for file lock on package cache"];

pub struct Progress {
    what: &'static str,
    bar: ProgressBar,
    start: Instant,
    last_line: Instant,
}

impl Progress {
    pub fn start(what: &'static str, screen: &MultiProgress) -> Progress {
        let style = ProgressStyle::with_template("{prefix:20} [{bar:25}] {pos} of {len}, {elapsed}  {wide_msg}");
        let bar = ProgressBar::new(0).with_style(style.expect("a template without a mistake"));
        let bar = screen.add(bar.with_prefix(what));
        bar.enable_steady_tick(Duration::from_secs(1));
        bar.suspend(|| println!("Building {what} …"));
        let now = Instant::now();
        Progress { what, bar, start: now, last_line: now }
    }

    /// Reads what cargo writes for people until it ends: shows how far it is, and passes on what is more than that.
    pub fn follow(&mut self, cargo: impl Read) -> io::Result<()> {
        let mut piece = Vec::new();
        for byte in BufReader::new(cargo).bytes() {
            match byte? {
                b'\r' => self.show(&String::from_utf8_lossy(&std::mem::take(&mut piece))),
                b'\n' => self.pass_on(&String::from_utf8_lossy(&std::mem::take(&mut piece))),
                byte => piece.push(byte),
            }
        }
        Ok(())
    }

    fn show(&mut self, text: &str) {
        let Some((done, all, current)) = counts(&strip_ansi_codes(text)) else { return };
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(current);
        if self.bar.is_hidden() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            println!("Building {}: {done} of {all}", self.what);
        }
    }

    fn pass_on(&self, line: &str) {
        let plain = strip_ansi_codes(line);
        if !SHOWN_ALREADY.iter().any(|shown| plain.trim_start().starts_with(shown)) {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }

    pub fn end(self, well: bool) {
        self.bar.finish_and_clear();
        self.bar.suspend(|| println!("{}", outcome(&format!("Building {}", self.what), self.start, well)));
    }
}

/// How much is done, of how much, and what is being done, from cargo's `Building [==>    ] 12/34: syn, serde`.
fn counts(text: &str) -> Option<(u64, u64, String)> {
    let (_, counts) = text.split_once("] ")?;
    let (counts, current) = counts.split_once(": ").unwrap_or((counts, ""));
    let (done, all) = counts.trim().split_once('/')?;
    Some((done.parse().ok()?, all.parse().ok()?, current.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_stand_behind_cargos_bar() {
        let counted = counts("    Building [=======>     ] 12/34: syn, serde(build)...    ");
        assert_eq!(counted, Some((12, 34, "syn, serde(build)...".to_owned())));
        assert_eq!(counts("    Building [=======>     ] 34/34"), Some((34, 34, String::new())));
        assert_eq!(counts("   Compiling syn v2.0.1"), None);
    }
}
