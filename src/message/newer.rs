//! A newer epoch that comes little at a time, while what is shown of the one before stays.

use super::{Change, Event, Message, Outcome, Position};

/// What has come of a newer epoch of a message, as long as that is less than what a reader shows, and the same words:
/// nobody sees words go and come again because a reply is continued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NewerEpoch(Option<Box<Message>>);

impl NewerEpoch {
    /// How much the reader of `shown` has: what it asks with.
    pub fn position(&self, shown: &Message) -> Position {
        self.0.as_deref().unwrap_or(shown).position()
    }

    /// Takes an event of a message of which this is `shown`. Gives the one to apply to that, or else what became of it
    /// here. Costs the event's own size.
    pub fn take(&mut self, shown: &Message, event: Event) -> Result<Event, Outcome> {
        let is_reset = matches!(event.change, Change::Snapshot { reset: true, .. });
        match self.0.take().filter(|newer| !is_reset && newer.epoch.counter > shown.epoch.counter) {
            Some(newer) => self.grow(newer, shown, event),
            None => self.begin(shown, event),
        }
    }

    fn begin(&mut self, shown: &Message, Event { epoch, change }: Event) -> Result<Event, Outcome> {
        match change {
            Change::Snapshot { message, reset: false }
                if message.epoch.counter > shown.epoch.counter
                    && is_less(&message, shown)
                    && begins(&message, shown) =>
            {
                self.0 = Some(message);
                Err(Outcome::Applied)
            }
            change => Ok(Event { epoch, change }),
        }
    }

    fn grow(&mut self, mut newer: Box<Message>, shown: &Message, event: Event) -> Result<Event, Outcome> {
        let stays = is_shown(&event.change, shown);
        let outcome = newer.apply(event);
        if outcome == Outcome::Applied && !(stays && is_less(&newer, shown)) {
            return Ok(Event { epoch: newer.epoch, change: Change::Snapshot { message: newer, reset: false } });
        }
        self.0 = Some(newer);
        Err(outcome)
    }
}

/// Whether there is less of one than of the other, if they are the same.
fn is_less(message: &Message, shown: &Message) -> bool {
    let [here, there] = [message, shown].map(|message| (message.position().parts, message.position().at));
    here < there && !message.status.is_final()
}

/// Whether a message's words are the first that are shown.
fn begins(message: &Message, shown: &Message) -> bool {
    let last = message.parts.len().saturating_sub(1);
    message.parts.iter().zip(&shown.parts).enumerate().all(|(at, (part, shown))| {
        let length = if at == last { part.text.len() } else { shown.text.len() };
        part.kind == shown.kind && shown.text.get(..length) == Some(part.text.as_str())
    })
}

/// Whether what an event brings is shown already, in its place.
fn is_shown(change: &Change, shown: &Message) -> bool {
    match change {
        Change::Snapshot { message, .. } => begins(message, shown),
        // It brings no words.
        Change::Opened { .. } => true,
        Change::Part(birth) => {
            let before = birth.part.checked_sub(1).map(|before| shown.parts.get(before));
            before.is_none_or(|before| before.is_some_and(|part| part.text.len() == birth.at))
                && shown.parts.get(birth.part).is_some_and(|part| part.kind == birth.kind)
        }
        Change::Text(text) => (shown.parts.get(text.part))
            .and_then(|part| part.text.get(text.at..))
            .is_some_and(|rest| rest.starts_with(&text.text)),
        Change::Ended(_) => false,
    }
}
