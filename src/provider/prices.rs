//! What is known of models beside what their providers list: how much they read, and what their tokens cost.
//!
//! It stands in `assets/prices.json`, which `cargo xtask models` renews from <https://models.dev>; and in a file of the same
//! form that the settings may name, which counts before it. Prices in them are dollars for a million tokens.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use serde::Deserialize;

use crate::message::Price;

const SHIPPED: &str = include_str!("../../assets/prices.json");
/// The highest price that is one, in dollars for a million tokens.
const MAX_DOLLARS: f64 = 1_000_000.0;

/// What is known of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    /// How many tokens it reads and writes together.
    pub context: Option<u64>,
    pub price: Option<Price>,
}

/// All that is known.
#[derive(Default)]
pub struct Prices {
    shipped: PriceFile,
    own: PriceFile,
}

#[derive(Default, Deserialize)]
struct PriceFile {
    providers: BTreeMap<String, PricedProvider>,
}

#[derive(Deserialize)]
struct PricedProvider {
    /// Where it answers; in a file of one's own a provider can be named as the settings name it instead.
    #[serde(default)]
    host: Option<String>,
    models: BTreeMap<String, PricedModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PricedModel {
    context: Option<u64>,
    input: Option<f64>,
    output: Option<f64>,
    /// As `input`, if absent.
    cached: Option<f64>,
}

impl Prices {
    /// What is shipped, and the file at `own` before it, if there is one.
    ///
    /// # Errors
    /// A sentence for the person who starts the server: a file that cannot be read.
    pub fn open(own: Option<&Path>) -> anyhow::Result<Prices> {
        let own = own.map(|path| {
            let right = || format!("RIVULET_PRICES (in Leptos.toml: [server] prices) is \"{}\". It should be the path of a file like assets/prices.json.", path.display());
            let text = fs::read_to_string(path).with_context(right)?;
            PriceFile::read(&text).with_context(right)
        });
        let shipped = PriceFile::read(SHIPPED).context("The prices that are built in cannot be read.")?;
        Ok(Prices { shipped, own: own.transpose()?.unwrap_or_default() })
    }

    /// What is known of a model of the provider with this name in the settings, which answers at this host.
    pub fn facts(&self, name: &str, host: Option<&str>, model: &str) -> ModelFacts {
        let is_there = |one: &PricedProvider| host.is_some() && one.host.as_deref() == host;
        let own = self.own.find(model, |key, one| key == name || is_there(one));
        let shipped = self.shipped.find(model, |_, one| is_there(one));
        let known = [own, shipped].into_iter().flatten();
        ModelFacts {
            context: known.clone().find_map(|model| model.context),
            price: known.clone().find_map(PricedModel::price),
        }
    }
}

impl PriceFile {
    fn read(text: &str) -> anyhow::Result<PriceFile> {
        let file: PriceFile = serde_json::from_str(text)?;
        let mut prices = file.providers.values().flat_map(|provider| provider.models.values());
        anyhow::ensure!(prices.all(PricedModel::is_fine), "A price is no amount of dollars for a million tokens.");
        Ok(file)
    }

    fn find(&self, model: &str, is_it: impl Fn(&str, &PricedProvider) -> bool) -> Option<&PricedModel> {
        let (_, provider) = self.providers.iter().find(|(key, provider)| is_it(key, provider))?;
        provider.models.get(model).or_else(|| provider.models.get(undated(model)))
    }
}

impl PricedModel {
    fn is_fine(&self) -> bool {
        [self.input, self.output, self.cached].into_iter().flatten().all(|price| (0.0..=MAX_DOLLARS).contains(&price))
    }

    fn price(&self) -> Option<Price> {
        let nano = |dollars: f64| (dollars * 1e9).round() as u64;
        let (input, output) = self.input.zip(self.output)?;
        Some(Price { input: nano(input), output: nano(output), cached: nano(self.cached.unwrap_or(input)) })
    }
}

/// A model's id without the day at its end (`-2025-08-07`, `-20250929`), which providers list beside the plain one.
fn undated(id: &str) -> &str {
    let without = |length: usize| {
        let (plain, day) = id.split_at_checked(id.len().checked_sub(length)?)?;
        let digits = day.bytes().filter(u8::is_ascii_digit).count();
        (day.starts_with('-') && digits == 8 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
            .then_some(plain)
    };
    ["-0000-00-00", "-00000000"].into_iter().find_map(|day| without(day.len())).unwrap_or(id)
}
