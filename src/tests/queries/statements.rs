//! What sqlx logs of the statements that this process makes.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
    sync::{Mutex, PoisonError},
};

use tokio::sync::MutexGuard;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// How often each was made.
pub type Counts = BTreeMap<String, usize>;

static STATEMENTS: Mutex<Counts> = Mutex::new(Counts::new());
/// All tests that run in this process write into the same notes, so one runs at a time.
static TEST: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The notes, for one test.
pub struct Notes {
    _test: MutexGuard<'static, ()>,
}

impl Notes {
    pub async fn begin() -> Notes {
        let notes = Notes { _test: TEST.lock().await };
        // Only the first test of the process finds nobody who listens.
        let _ = tracing_subscriber::registry().with(Listener).try_init();
        notes.take();
        notes
    }

    /// The statements since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut statement = Statement::default();
            event.record(&mut statement);
            let text = if statement.whole.trim().is_empty() { statement.summary } else { statement.whole };
            let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
            *statements.entry(text.trim().to_owned()).or_default() += 1;
        }
    }
}

/// A short statement is its own summary.
#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "summary" {
            self.summary = fmt::format(format_args!("{value:?}")).trim_matches('"').to_owned();
        }
    }
}
