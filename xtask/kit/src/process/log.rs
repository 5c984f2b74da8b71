//! What a program writes on its standard error, for as long as anybody reads that.

use std::{
    process::ChildStderr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe::Receiver,
    sync::watch,
};

use crate::soon;

pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    /// How many lines; its sender goes with the process, or with whoever reads.
    count: watch::Receiver<usize>,
    reader: watch::Sender<Reader>,
}

/// Who is at the other end of the pipe.
#[derive(Clone, Copy)]
enum Reader {
    Reads,
    /// It is there, and reads no more.
    Idle,
    /// It is gone.
    Gone,
}

impl Log {
    pub fn of(pipe: ChildStderr) -> Log {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (counter, count) = watch::channel(0);
        let (reader, mut changes) = watch::channel(Reader::Reads);
        let log = Log { lines: lines.clone(), count, reader };
        let pipe = Receiver::from_owned_fd(pipe.into()).expect("a pipe");
        tokio::spawn(async move {
            let mut from = BufReader::new(pipe).lines();
            loop {
                tokio::select! {
                    line = from.next_line() => match line {
                        Ok(Some(line)) => lock(&lines).push(line),
                        _ => return,
                    },
                    // An error means that the log was dropped.
                    changed = changes.changed() => match (changed, *changes.borrow()) {
                        (Ok(()), Reader::Idle) => break,
                        (Ok(()), Reader::Reads) => {}
                        (Err(_), _) | (_, Reader::Gone) => return,
                    },
                }
                counter.send_modify(|count| *count += 1);
            }
            drop(counter);
            // The pipe is kept open until the log is dropped.
            while changes.changed().await.is_ok() {}
        });
        log
    }

    /// From now on nobody reads it, and what does not fit into the pipe has nowhere to go.
    pub async fn is_left(&self) {
        self.ends_with(Reader::Idle).await;
    }

    /// From now on nobody is there, as when a terminal is closed.
    pub async fn is_closed(&self) {
        self.ends_with(Reader::Gone).await;
    }

    async fn ends_with(&self, reader: Reader) {
        self.reader.send_replace(reader);
        let mut count = self.count.clone();
        while count.changed().await.is_ok() {}
    }

    /// How many lines there are.
    pub fn length(&self) -> usize {
        *self.count.borrow()
    }

    /// The lines from `after` on.
    pub fn lines(&self, after: usize) -> Vec<String> {
        lock(&self.lines).get(after..).unwrap_or_default().to_vec()
    }

    pub fn text(&self) -> String {
        lock(&self.lines).join("\n")
    }

    /// Waits for a line with these words, from line `after` on.
    pub async fn has(&self, after: usize, words: &str) {
        let found = self.find(after, |line| line.contains(words).then_some(()));
        assert!(soon(&format!("{words:?} in the log"), found).await.is_some(), "it ended without {words:?}");
    }

    /// How many lines have these words.
    pub fn lines_with(&self, words: &str) -> usize {
        lock(&self.lines).iter().filter(|line| line.contains(words)).count()
    }

    /// What is found in the first line, from `after` on, in which it is; nothing if the process ends before.
    pub async fn find<T>(&self, mut after: usize, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut count = self.count.clone();
        loop {
            let ended = count.has_changed().is_err();
            count.mark_unchanged();
            let fresh = self.lines(after);
            if let Some(found) = fresh.iter().find_map(|line| find(line)) {
                return Some(found);
            }
            if ended {
                return None;
            }
            after += fresh.len();
            // An error means that the process has ended, which the next round sees.
            let _ = count.changed().await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
