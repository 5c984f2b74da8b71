//! So many replies at such a pace: what a provider is to write, when, and what must have arrived in the end.

use std::{
    fmt,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The length of every token, in bytes.
pub const TOKEN: usize = 5;

#[derive(Default)]
pub struct Load {
    pub replies: usize,
    /// Tabs that follow each reply.
    pub tabs: usize,
    /// Tokens a second of each reply.
    pub pace: f64,
    /// Tokens of each reply.
    pub tokens: usize,
    start: OnceLock<Instant>,
}

impl Load {
    pub fn new(replies: usize, tabs: usize, pace: f64, lasting: Duration) -> Load {
        let tokens = (pace * lasting.as_secs_f64()).ceil() as usize;
        Load { replies, tabs, pace, tokens, start: OnceLock::new() }
    }

    /// One reply of so many tokens that has no pace: they are written one by one.
    pub fn by_hand(tokens: usize) -> Load {
        let load = Load { replies: 1, tabs: 1, pace: 1.0, tokens, start: OnceLock::new() };
        load.starts(Instant::now());
        load
    }

    pub fn starts(&self, at: Instant) {
        self.start.get_or_init(|| at);
    }

    /// How many tokens reach tabs.
    pub fn deliveries(&self) -> usize {
        self.replies * self.tokens * self.tabs
    }

    /// The reply that each tab follows.
    pub fn seats(&self) -> impl Iterator<Item = usize> + use<> {
        let tabs = self.tabs;
        (0..self.replies * tabs).map(move |tab| tab / tabs)
    }

    /// How long the provider writes.
    pub fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.tokens as f64 / self.pace)
    }

    /// When token number `token` of a reply is to leave the provider, whether or not it could then: all replies take
    /// turns, evenly, so that there is no burst that nobody asked for.
    pub fn due(&self, reply: usize, token: usize) -> Instant {
        let turns = token as f64 + reply as f64 / self.replies as f64;
        *self.start.get().expect("a load that has begun") + Duration::from_secs_f64(turns / self.pace)
    }

    /// A reply's tokens have their number, and replies differ.
    pub fn token(&self, reply: usize, token: usize) -> String {
        format!(" {:04}", (reply * 37 + token) % 10_000)
    }

    pub fn text(&self, reply: usize) -> String {
        (0..self.tokens).map(|token| self.token(reply, token)).collect()
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let plural = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {many}"),
        };
        write!(f, "{} × {} tokens/s", plural(self.replies, "reply", "replies"), self.pace)?;
        match self.tabs {
            1 => Ok(()),
            tabs => write!(f, " × {tabs} tabs"),
        }
    }
}
