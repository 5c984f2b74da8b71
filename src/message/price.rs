//! What a model's tokens cost.

use serde::{Deserialize, Serialize};

use super::Usage;

/// In nano-dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub input: u64,
    pub output: u64,
    /// Of input that the provider had kept from before.
    pub cached: u64,
}

impl Price {
    /// What so many tokens cost, in nano-dollars, rounded.
    pub fn cost(&self, usage: &Usage) -> u64 {
        const MILLION: u128 = 1_000_000;
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let counted =
            [(usage.input_tokens - cached, self.input), (cached, self.cached), (usage.output_tokens, self.output)];
        let sum: u128 = counted.map(|(tokens, price)| u128::from(tokens) * u128::from(price)).iter().sum();
        u64::try_from((sum + MILLION / 2) / MILLION).unwrap_or(u64::MAX)
    }
}
