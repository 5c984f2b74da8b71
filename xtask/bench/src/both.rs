//! The server and the bare socket, side by side.

use std::sync::Arc;

use kit::Provider;

use crate::{
    load::Load,
    row::{Goal, Row},
    side::{Bare, Outcome, Product},
};

pub struct Bench {
    pub provider: Provider,
    pub product: Product,
    pub bare: Bare,
    /// How many tabs have compared what they saw with what was written, and how many bytes were not the same.
    pub tabs: usize,
    pub wrong: usize,
}

impl Bench {
    pub async fn start() -> Bench {
        let provider = Provider::start().await;
        let product = Product::start(&provider).await;
        let bare = Bare::start(&provider).await;
        Bench { provider, product, bare, tabs: 0, wrong: 0 }
    }

    /// Both under the same load, in turns, so that what else the machine does hits both: the server's, then the bare one's.
    pub async fn both(&mut self, turns: usize, load: impl Fn() -> Load) -> (Outcome, Outcome) {
        let (mut ours, mut theirs) = (Outcome::default(), Outcome::default());
        for turn in 1..=turns {
            eprintln!("{}, turn {turn} of {turns} …", load());
            theirs.add(self.bare.bears(&Arc::new(load()), &self.provider).await);
            ours.add(self.product.bears(&Arc::new(load()), &self.provider).await);
        }
        self.tabs += ours.tabs;
        self.wrong += ours.seen.wrong;
        (ours, theirs)
    }

    pub fn lost(&self) -> Row {
        let row = format!("seen text lost or doubled, bytes: the {} tabs of all loads of this run", self.tabs);
        Row::new(row, Goal::Exactly(0.0), self.wrong as f64, None)
    }
}
