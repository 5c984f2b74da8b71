//! What a tab shows, each change of it checked.

use std::collections::HashMap;

use rivulet::{
    conversation::list::Held,
    ids::MessageId,
    live::{List, client::Page},
    message::{Change, Event, Message, Outcome, Part},
};

#[derive(Default)]
pub struct Shown {
    pub messages: HashMap<MessageId, Message>,
    /// How much it has of each list.
    pub held: HashMap<List, Held>,
}

impl Page for Shown {
    fn read<R>(&self, id: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        self.messages.get(&id).map(read)
    }

    fn apply(&mut self, id: MessageId, event: Event) -> Outcome {
        let message = self.messages.get_mut(&id).expect("a message that the tab follows");
        let before = message.clone();
        let replaced = matches!(event.change, Change::Snapshot { reset: true, .. });
        let outcome = message.apply(event);
        assert!(replaced || is_beginning(&before.parts, &message.parts), "{before:?} is no beginning of {message:?}");
        outcome
    }

    /// What has ended is still shown.
    fn release(&mut self, _: MessageId) {}

    fn held(&self, list: List) -> Option<Held> {
        self.held.get(&list).copied()
    }
}

/// Whether one state of a message's parts is a beginning of another: all but the last are the same, and none goes back.
pub fn is_beginning(parts: &[Part], of: &[Part]) -> bool {
    let complete = parts.len().saturating_sub(1);
    parts.len() <= of.len()
        && parts.iter().zip(of).enumerate().all(|(at, (before, after))| {
            before.kind == after.kind
                && after.text.starts_with(&before.text)
                && (at >= complete || before.text.len() == after.text.len())
        })
}
