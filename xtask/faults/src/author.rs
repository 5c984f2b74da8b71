//! Writes a reply that is different at every byte, and keeps what it wrote.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kit::Writer;
use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use tokio::time::sleep;

const WORDS: [&str; 12] =
    ["river", "Wörter", "слово", "字句", "🙂", "👋🏽", "fließt", "\n\n", "`code`", "- one\n", "e\u{301}", "\u{1}"];

/// All that was written of one reply.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<String>>);

pub struct Author {
    pub writer: Writer,
    written: Written,
    random: SmallRng,
}

impl Written {
    pub fn text(&self) -> String {
        lock(&self.0).clone()
    }

    /// A reply that is continued begins with what was kept of it: what was written and never kept is no part of it.
    pub fn continues_from(&self, kept: &str) {
        kept.clone_into(&mut lock(&self.0));
    }
}

impl Author {
    pub fn new(writer: Writer, written: Written, seed: u64) -> Author {
        Author { writer, written, random: SmallRng::seed_from_u64(seed) }
    }

    /// Writes the next words, each followed by where it stands, so that no two places look the same.
    pub fn writes_words(&mut self, words: usize) {
        for _ in 0..words {
            self.writes_at_once(1);
        }
    }

    /// Writes so many words in one piece.
    fn writes_at_once(&mut self, words: usize) {
        let begin = lock(&self.written.0).len();
        let mut piece = String::new();
        for _ in 0..words {
            let word = WORDS.choose(&mut self.random).copied().unwrap_or_default();
            piece += &format!("{word} {} ", begin + piece.len());
        }
        self.writes(&piece);
    }

    /// Writes exactly this.
    pub fn writes(&mut self, piece: &str) {
        self.records(piece);
        self.writer.writes(piece);
    }

    /// Counts this as written: its bytes are sent otherwise.
    pub fn records(&self, piece: &str) {
        lock(&self.written.0).push_str(piece);
    }

    /// Writes so many words with pauses between, fewer if the server hangs up.
    pub async fn streams(self, words: usize, pauses: Range<Duration>) -> Author {
        self.streams_in_pieces(words, 1, pauses).await
    }

    /// The same in pieces of so many words.
    pub async fn streams_in_pieces(mut self, pieces: usize, words: usize, pauses: Range<Duration>) -> Author {
        for _ in 0..pieces {
            if self.writer.bytes.is_closed() {
                break;
            }
            self.writes_at_once(words);
            let pause = self.random.random_range(pauses.clone());
            sleep(pause).await;
        }
        self
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
