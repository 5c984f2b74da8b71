//! The beginning of a message up to a word, which another one can begin with.

use unicode_segmentation::UnicodeSegmentation;

use super::{Kind, Message, Position, Standing, Status};

impl Message {
    /// This message as it was at `position`, moved back to the start of the word in which that is: an earlier state of it.
    /// `None` if it was never there, if it was not writing text there, or if no words come before. Costs what stands before.
    pub fn prefix(&self, position: Position) -> Option<Message> {
        let is_state = matches!(self.standing(&position), Standing::Earlier | Standing::Resumed { .. });
        let last = position.parts.checked_sub(1).filter(|_| is_state)?;
        let mut parts = self.parts.get(..position.parts)?.to_vec();
        let part = parts.get_mut(last).filter(|part| part.kind == Kind::Text)?;
        part.text.truncate(word_start(&part.text, position.at));
        let prefix = Message {
            model: self.model.clone(),
            epoch: self.epoch,
            resumed_from: self.resumed_from,
            status: Status::growing(&parts),
            parts,
            ..Message::unseen(self.id, self.role)
        };
        (!prefix.text().trim().is_empty()).then_some(prefix)
    }
}

/// Where the word begins in which the byte `at` is: `at` itself between two words, as Unicode has them.
fn word_start(text: &str, at: usize) -> usize {
    // No word reaches over a line break.
    let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |before| before + 1);
    let words = text[line..].split_word_bound_indices().map(|(start, _)| line + start);
    words.chain([text.len()]).take_while(|start| *start <= at).last().unwrap_or(line)
}
