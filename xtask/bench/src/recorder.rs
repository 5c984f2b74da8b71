//! What a tab saw of a reply, compared with what was written: every byte, and when it came.

use std::{sync::Arc, time::Instant};

use crate::load::{Load, TOKEN};

#[derive(Default)]
pub struct Recorder {
    load: Arc<Load>,
    reply: usize,
    truth: Arc<str>,
    /// How many bytes it has seen.
    at: usize,
    pub seen: Seen,
}

/// What one or more tabs saw.
#[derive(Default)]
pub struct Seen {
    /// From when the provider was to send a token until it was here, in microseconds.
    pub delays: Vec<u32>,
    /// Bytes that were not the ones that were written at that place, or never came.
    pub wrong: usize,
    pub frames: usize,
    /// Bytes of the frames' contents.
    pub bytes: usize,
}

impl Recorder {
    pub fn new(load: Arc<Load>, reply: usize, truth: Arc<str>) -> Recorder {
        Recorder { load, reply, truth, at: 0, seen: Seen::default() }
    }

    /// A frame came, of whatever kind.
    pub fn frame(&mut self, bytes: usize) {
        self.seen.frames += 1;
        self.seen.bytes += bytes;
    }

    /// This is shown after all that was shown before.
    pub fn sees(&mut self, text: &str) {
        let now = Instant::now();
        let right = self.truth.as_bytes().get(self.at..).unwrap_or_default();
        let same = right.iter().zip(text.as_bytes()).filter(|(right, seen)| right == seen).count();
        self.seen.wrong += text.len() - same;
        let before = self.at / TOKEN;
        self.at += text.len();
        for token in before..self.at / TOKEN {
            let delay = now.saturating_duration_since(self.load.due(self.reply, token));
            self.seen.delays.push(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
        }
    }

    pub fn has_all(&self) -> bool {
        self.at >= self.truth.len()
    }

    /// No more comes: what is missing now is lost.
    pub fn closes(mut self) -> Seen {
        self.seen.wrong += self.truth.len().saturating_sub(self.at);
        self.seen
    }
}

impl Seen {
    pub fn add(&mut self, other: Seen) {
        self.delays.extend(other.delays);
        self.wrong += other.wrong;
        self.frames += other.frames;
        self.bytes += other.bytes;
    }
}
