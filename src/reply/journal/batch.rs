//! What one commit holds of each reply.

use std::{collections::HashMap, mem, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use super::{Item, missing, store::Write};
use crate::{
    ids::MessageId,
    live::hub::Running,
    message::{Change, Epoch, Event, Position},
};

/// What a commit holds of one reply.
pub struct Batch {
    pub running: Arc<Running>,
    pub write: Write,
    /// What of it is new, if that is not what is written: after a repair.
    pub new: Option<Vec<Event>>,
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
        Batch::empty(item.running.clone(), item.event.epoch)
    }

    fn empty(running: Arc<Running>, epoch: Epoch) -> Batch {
        let write = Write { id: running.id, epoch, seq: 0, events: vec![], last: None };
        Batch { running, write, new: None, permits: vec![] }
    }

    /// One with nothing new, for a reply of which something that was shown may have to be written again.
    pub fn quiet(running: Arc<Running>) -> Batch {
        let message = running.message();
        let mut batch = Batch::empty(running, message.epoch);
        batch.write.last = message.status.is_final().then_some(message);
        batch
    }

    /// Has it write what the database lacks, which has what is at `stored`. `number` gives the number of the first of so
    /// many new rows.
    pub fn repair(&mut self, stored: &Position, number: impl FnOnce(usize) -> i64) {
        let new = self.new.as_ref().unwrap_or(&self.write.events);
        let Some(events) = missing(&self.running.message_with(new), stored) else { return };
        // The same is written under the same numbers.
        if events != self.write.events {
            self.write.seq = number(events.len());
            let before = mem::replace(&mut self.write.events, events);
            self.new.get_or_insert(before);
        }
    }

    /// What can be shown once it is written.
    pub fn into_shown(self) -> Vec<Event> {
        self.new.unwrap_or(self.write.events)
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
