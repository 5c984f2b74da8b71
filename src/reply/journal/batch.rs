//! What one commit holds of each reply.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use super::{Item, store::Write};
use crate::{
    ids::MessageId,
    live::hub::Running,
    message::{Change, Event},
};

/// What a commit holds of one reply.
pub struct Batch {
    pub running: Arc<Running>,
    pub write: Write,
    permits: Vec<OwnedSemaphorePermit>,
}

/// Sorts what has come by reply, and joins texts that follow each other.
pub fn gather(items: impl Iterator<Item = Item>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut index: HashMap<MessageId, usize> = HashMap::new();
    // What comes of a reply after it was ended from outside is for nobody.
    for item in items.filter(|item| !item.running.is_over()) {
        let at = *index.entry(item.running.id).or_insert_with(|| {
            batches.push(Batch::new(&item));
            batches.len() - 1
        });
        let batch = &mut batches[at];
        batch.permits.extend(item.permit);
        join(&mut batch.write.events, item.event);
    }
    for Batch { running, write, .. } in &mut batches {
        if matches!(write.events.last(), Some(Event { change: Change::Ended(_), .. })) {
            write.last = Some(running.message_with(&write.events));
        }
    }
    batches
}

impl Batch {
    fn new(item: &Item) -> Batch {
        let Item { running, event, .. } = item;
        Batch {
            write: Write { id: running.id, epoch: event.epoch, seq: 0, events: vec![], last: None },
            running: running.clone(),
            permits: vec![],
        }
    }
}

fn join(events: &mut Vec<Event>, event: Event) {
    if let (Some(Event { change: Change::Text(before), .. }), Change::Text(text)) = (events.last_mut(), &event.change)
        && before.part == text.part
    {
        before.text.push_str(&text.text);
        return;
    }
    events.push(event);
}
