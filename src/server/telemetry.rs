//! Logs: one line an event, to standard error. `RUST_LOG` sets which.
//!
//! No log line may stop or delay a task: a thread of its own writes, and what it cannot write in time is dropped and
//! counted. Standard error may be closed (the terminal is gone) or a pipe that nobody reads.
//!
//! What people and providers say ends up in fields, and none of it may look like a line of its own or reach a terminal as
//! a command: [`escaped`].

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt,
    io::IsTerminal,
    panic::PanicHookInfo,
    time::Duration,
};

use tracing::field::Field;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::format::{Writer, debug_fn},
};

use crate::text::is_bidi_control;

/// How many lines wait for a writer that is stuck: a few MiB at the most.
const MAX_WAITING_LINES: usize = 10_000;
/// How often dropped lines are reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Starts logging, of panics too. What waits is written when the guard is dropped, for a second at the longest.
pub fn start() -> (WorkerGuard, ErrorCounter) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,tower_http=warn,sqlx=warn,hyper=warn"));
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(MAX_WAITING_LINES)
        .thread_name("log")
        .finish(std::io::stderr());
    let dropped = writer.error_counter();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .with_writer(writer)
        .log_internal_errors(false)
        .init();
    // The standard hook writes to standard error by itself, and so would block where nobody reads it.
    std::panic::set_hook(Box::new(log_panic));
    (guard, dropped)
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    writer.write_str(&escaped(&format!("{value:?}")))
}

/// A text on one line that does nothing to a terminal: control characters, and those that turn the direction of writing,
/// as Rust would write them.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi_control(c) { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    escaped
}

fn log_panic(panic: &PanicHookInfo) {
    let message = panic.payload_as_str().unwrap_or("something that is no text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => {
            tracing::error!(place, "panic: {message}");
            // A line each: a line break within one would be escaped.
            for line in backtrace.to_string().lines() {
                tracing::error!("{line}");
            }
        }
        _ => tracing::error!(place, "panic: {message}"),
    }
}

/// Logs how many lines were dropped, once somebody reads again.
pub async fn report_dropped(dropped: ErrorCounter) {
    let mut reported = 0;
    loop {
        tokio::time::sleep(REPORT_INTERVAL).await;
        let lines = dropped.dropped_lines();
        if lines > reported {
            tracing::warn!(lines = lines - reported, "log lines were dropped, as nobody read them");
            reported = lines;
        }
    }
}
