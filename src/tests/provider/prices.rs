//! What tokens cost, and how much models read.

use std::fs;

use kit::Folder;
use rivulet::{
    message::{Price, Usage},
    provider::{Config, Providers, prices::Prices},
};
use serde_json::json;

use super::catalog::whole_catalog;
use crate::{Answer, ProviderServer, config};

const OPENAI: Option<&str> = Some("api.openai.com");

/// In nano-dollars for a million tokens.
const fn price(input: u64, output: u64, cached: u64) -> Price {
    Price { input, output, cached }
}

/// With a file of one's own.
fn with(file: serde_json::Value) -> anyhow::Result<Prices> {
    let folder = Folder::new();
    let path = folder.path().join("prices.json");
    fs::write(&path, file.to_string()).expect("a file");
    Prices::open(Some(&path))
}

#[test]
fn a_cost_is_rounded_once_and_counts_cached_tokens_at_their_price() {
    let usage = |input_tokens, cached_tokens, output_tokens| Usage {
        input_tokens,
        cached_tokens,
        output_tokens,
        ..Usage::default()
    };
    let price = price(1_250_000_000, 10_000_000_000, 125_000_000);
    for (counted, cost) in [
        (usage(0, 0, 0), 0),
        (usage(1_000_000, 0, 1_000_000), 11_250_000_000),
        (usage(1_000, 800, 100), 200 * 1_250 + 800 * 125 + 100 * 10_000),
        // A provider may count more of them than there are.
        (usage(10, 20, 0), 10 * 125),
        (usage(u64::MAX, 0, u64::MAX), u64::MAX),
    ] {
        assert_eq!(price.cost(&counted), cost, "{counted:?}");
    }
    // Of 37.5 nano-dollars each, three are 112.5.
    assert_eq!(Price { input: 37_500_000, ..price }.cost(&usage(3, 0, 0)), 113);
    assert_eq!(Price { input: 0, output: 0, cached: 0 }.cost(&usage(3, 0, 5)), 0);
}

#[test]
fn the_built_in_prices_have_a_source_and_a_day_and_count_by_host() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../../assets/prices.json")).expect("JSON");
    assert_eq!(file["source"], "https://models.dev/api.json");
    assert_eq!(file["date"].as_str().map(str::len), Some("2026-07-02".len()));
    let prices = Prices::open(None).expect("they can be read");
    let known = prices.facts("anything", OPENAI, "gpt-5");
    assert_eq!(known.context, Some(400_000));
    assert_eq!(known.price, Some(price(1_250_000_000, 10_000_000_000, 125_000_000)));
    for dated in ["gpt-5-2025-08-07", "gpt-5-20250807"] {
        assert_eq!(prices.facts("anything", OPENAI, dated), known);
    }
    // The same name elsewhere costs something else, or nothing.
    for (name, host, model) in [
        ("openai", Some("127.0.0.1"), "gpt-5"),
        ("openai", None, "gpt-5"),
        ("openai", OPENAI, "gpt-5-unheard-of"),
        ("openai", OPENAI, "é-2025-08-07"),
    ] {
        assert_eq!(prices.facts(name, host, model), Default::default(), "{name} {host:?} {model}");
    }
}

#[test]
fn prices_of_ones_own_count_first() {
    let prices = with(json!({ "providers": {
        "home": { "models": { "llama": { "context": 8192, "input": 0.5, "output": 1 } } },
        "corporate": { "host": "api.openai.com", "models": { "gpt-5": { "input": 1, "output": 2, "cached": 0.5 } } },
    } }))
    .expect("they can be read");
    let own = prices.facts("home", None, "llama");
    assert_eq!((own.context, own.price), (Some(8192), Some(price(500_000_000, 1_000_000_000, 500_000_000))));
    let known = prices.facts("anything", OPENAI, "gpt-5");
    assert_eq!((known.context, known.price), (Some(400_000), Some(price(1_000_000_000, 2_000_000_000, 500_000_000))));
    for wrong in [
        json!({ "providers": { "home": { "models": { "llama": { "input": -1, "output": 1 } } } } }),
        json!({ "providers": { "home": { "models": { "llama": { "inptu": 1, "output": 1 } } } } }),
        json!([]),
    ] {
        let error = with(wrong).err().expect("it is refused").to_string();
        assert!(error.contains("RIVULET_PRICES") && error.contains("assets/prices.json"), "{error}");
    }
}

/// Rule: how much a model reads is what its provider lists.
#[tokio::test]
async fn a_list_has_how_much_models_read() {
    let server = ProviderServer::start().await;
    let body = r#"{"data":[{"id":"a","context_length":4096},{"id":"b","max_model_len":8192},{"id":"c","context_window":0},{"id":"d","max_context_length":"x"}]}"#;
    server.models(Answer::full(200, "application/json", body));
    let providers = Providers::new(&[Config { ..config(&server) }]).expect("providers");
    let catalog = whole_catalog(&providers).await;
    let contexts: Vec<_> = catalog.entries.iter().map(|entry| entry.facts.context).collect();
    assert_eq!(contexts, [Some(4096), Some(8192), None, None]);
}
