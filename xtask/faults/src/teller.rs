//! A provider's voice that tells a story which is different at every byte, and remembers what it told.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use tokio::time::sleep;

use crate::support::Voice;

const WORDS: [&str; 12] =
    ["river", "Wörter", "слово", "字句", "🙂", "👋🏽", "fließt", "\n\n", "`code`", "- one\n", "e\u{301}", "\u{1}"];

/// All that was told of one reply.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<String>>);

pub struct Teller {
    pub voice: Voice,
    told: Told,
    random: SmallRng,
}

impl Told {
    pub fn text(&self) -> String {
        lock(&self.0).clone()
    }

    /// What went on without being seen is not part of the story: who continues goes on from what was kept.
    pub fn goes_on_from(&self, kept: &str) {
        kept.clone_into(&mut lock(&self.0));
    }
}

impl Teller {
    pub fn new(voice: Voice, told: Told, seed: u64) -> Teller {
        Teller { voice, told, random: SmallRng::seed_from_u64(seed) }
    }

    /// Says the next words: where they stand, so that no two places look the same, and some.
    pub fn says_words(&mut self, words: usize) {
        for _ in 0..words {
            self.says_at_once(1);
        }
    }

    /// Says so many words in one piece.
    fn says_at_once(&mut self, words: usize) {
        let begin = lock(&self.told.0).len();
        let mut piece = String::new();
        for _ in 0..words {
            let word = WORDS.choose(&mut self.random).copied().unwrap_or_default();
            piece += &format!("{word} {} ", begin + piece.len());
        }
        self.says(&piece);
    }

    /// Says exactly this.
    pub fn says(&mut self, piece: &str) {
        self.notes(piece);
        self.voice.says(piece);
    }

    /// Remembers this as told: its bytes are sent otherwise.
    pub fn notes(&self, piece: &str) {
        lock(&self.told.0).push_str(piece);
    }

    /// Says so many words with pauses between, fewer if nobody listens any more.
    pub async fn talks(self, words: usize, pauses: Range<Duration>) -> Teller {
        self.talks_in_pieces(words, 1, pauses).await
    }

    /// The same in pieces of so many words.
    pub async fn talks_in_pieces(mut self, pieces: usize, words: usize, pauses: Range<Duration>) -> Teller {
        for _ in 0..pieces {
            if self.voice.bytes.is_closed() {
                break;
            }
            self.says_at_once(words);
            let pause = self.random.random_range(pauses.clone());
            sleep(pause).await;
        }
        self
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
