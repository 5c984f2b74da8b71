//! Counts failed commits, which only the log reports.

use tokio::sync::watch;
use tracing::{Event, Level, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

struct Failures(watch::Sender<u64>);

/// Counts failed commits of this thread's runtime, for as long as the guard lives.
pub fn listen() -> (watch::Receiver<u64>, DefaultGuard) {
    let (count, failures) = watch::channel(0);
    let listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(Failures(count)));
    (failures, listening)
}

impl<S: Subscriber> Layer<S> for Failures {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let of = event.metadata();
        if of.target() == "rivulet::reply::journal" && *of.level() == Level::ERROR {
            self.0.send_modify(|count| *count += 1);
        }
    }
}
