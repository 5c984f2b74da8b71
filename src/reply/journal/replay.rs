//! After an error that leaves the outcome of a commit unknown: how far the database is, and what it lacks. Pure.
//!
//! A connection that was lost may have been replaced by one to a copy that lacks the last commits. So what is stored is
//! asked, and what is written next of each reply leads from there to all that memory has, whatever of it was shown.

use crate::message::{Birth, Change, Event, Message, Outcome, Position, Text};

/// Applies a journal's rows (part, at, body), in order, to the message as its row has it. False if one of them cannot be
/// read: then it and what follows it is not in the message.
pub fn replay(message: &mut Message, rows: impl IntoIterator<Item = (i64, i64, String)>) -> bool {
    for (part, at, body) in rows {
        let change = match at {
            -1 => match serde_json::from_str::<Birth>(&body) {
                Ok(birth) => Change::Part(birth),
                Err(error) => {
                    tracing::error!(message = %message.id, part, %error, "a row of the journal cannot be read");
                    return false;
                }
            },
            _ => Change::Text(Text { part: part as usize, at: at as usize, text: body }),
        };
        let outcome = message.apply(Event { epoch: message.epoch, change });
        if outcome == Outcome::Gap {
            tracing::error!(message = %message.id, part, at, "the journal has a gap");
            return false;
        }
    }
    true
}

/// What is to be written for the database to have the whole message, if it has what is at `stored`: nothing if it has
/// all, as after a commit that succeeded unnoticed. `None` if that is no earlier state: then the row is another's.
pub fn missing(whole: &Message, stored: &Position) -> Option<Vec<Event>> {
    let events = whole.since(stored);
    let is_earlier =
        !events.iter().any(|event| matches!(event.change, Change::Snapshot { .. } | Change::Opened { .. }));
    is_earlier.then_some(events)
}
