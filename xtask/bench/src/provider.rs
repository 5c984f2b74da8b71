//! What the provider is asked under a load, and what it writes: each token when the load has it, whoever is slow.

use std::{
    collections::HashMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use kit::{Provider, Writer};

use crate::load::Load;

/// What a person sends to have reply number `reply` of a load written.
pub fn question(reply: usize) -> String {
    format!("Reply {reply}, please.")
}

/// Waits until every reply of a load is asked for.
pub async fn is_asked(provider: &Provider, load: &Load) -> Vec<Writer> {
    let mut writers = HashMap::new();
    for _ in 0..load.replies {
        let writer = provider.is_asked().await;
        writers.insert(writer.last_turn(), writer);
    }
    (0..load.replies).map(|reply| writers.remove(&question(reply)).expect("a writer of each reply")).collect()
}

/// Writes a load from a thread of its own, which does nothing else.
pub fn writes(load: Arc<Load>, writers: Vec<Writer>) {
    load.starts(Instant::now() + Duration::from_millis(100));
    thread::spawn(move || {
        for token in 0..load.tokens {
            for (reply, writer) in writers.iter().enumerate() {
                thread::sleep(load.due(reply, token).saturating_duration_since(Instant::now()));
                writer.writes(&load.token(reply, token));
            }
        }
        writers.into_iter().for_each(Writer::ends);
    });
}
