//! Renews `assets/prices.json` with what <https://models.dev> has of the models of well-known providers: without arguments
//! over the network, with `FILE DATE` from what was downloaded on that day.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

const SOURCE: &str = "https://models.dev/api.json";
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/prices.json");
/// The providers that are kept, as models.dev calls them, and where they answer.
const PROVIDERS: [(&str, &str); 16] = [
    ("alibaba", "dashscope-intl.aliyuncs.com"),
    ("anthropic", "api.anthropic.com"),
    ("cerebras", "api.cerebras.ai"),
    ("cohere", "api.cohere.ai"),
    ("deepinfra", "api.deepinfra.com"),
    ("deepseek", "api.deepseek.com"),
    ("fireworks-ai", "api.fireworks.ai"),
    ("google", "generativelanguage.googleapis.com"),
    ("groq", "api.groq.com"),
    ("mistral", "api.mistral.ai"),
    ("moonshotai", "api.moonshot.ai"),
    ("openai", "api.openai.com"),
    ("openrouter", "openrouter.ai"),
    ("togetherai", "api.together.xyz"),
    ("xai", "api.x.ai"),
    ("zai", "api.z.ai"),
];

#[derive(Deserialize)]
struct Provider {
    models: BTreeMap<String, Model>,
}

/// As models.dev has it; prices are dollars for a million tokens.
#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    cost: Option<Cost>,
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    modalities: Modalities,
}

#[derive(Clone, Copy, Deserialize)]
struct Cost {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Limit {
    #[serde(default)]
    context: u64,
}

#[derive(Default, Deserialize)]
struct Modalities {
    #[serde(default)]
    output: Vec<String>,
}

/// As the server reads it.
#[derive(Serialize)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<f64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (text, date) = match &arguments[..] {
        [] => (download().await.with_context(|| format!("{SOURCE} cannot be had"))?, today()?),
        [file, date] => (fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?, date.clone()),
        _ => bail!("`cargo xtask models` takes a file that was downloaded from {SOURCE} and the day, or nothing."),
    };
    let kept = kept(&text, &date)?;
    fs::write(TARGET, &kept).with_context(|| format!("{TARGET} cannot be written"))?;
    println!("{} models are in assets/prices.json, as of {date}.", kept.matches("\"context\"").count());
    Ok(())
}

async fn download() -> Result<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().user_agent("rivulet").build()?;
    Ok(client.get(SOURCE).send().await?.error_for_status()?.text().await?)
}

/// A line a model, in the order of their names, so that a change is a short difference.
fn kept(text: &str, date: &str) -> Result<String> {
    let all: BTreeMap<String, Provider> = serde_json::from_str(text).context("this is not what models.dev gives")?;
    let mut file = format!("{{\n  \"source\": \"{SOURCE}\",\n  \"date\": \"{date}\",\n  \"providers\": {{");
    for (at, (name, host)) in PROVIDERS.into_iter().enumerate() {
        let provider = all.get(name).with_context(|| format!("models.dev has no {name} any more"))?;
        let models: Vec<String> =
            provider.models.iter().filter_map(|(id, model)| line(id, model).transpose()).collect::<Result<_>>()?;
        ensure!(!models.is_empty(), "models.dev has nothing of {name}");
        let comma = if at == 0 { "" } else { "," };
        let models = models.join(",\n        ");
        write!(
            file,
            "{comma}\n    \"{name}\": {{\n      \"host\": \"{host}\",\n      \"models\": {{\n        {models}\n      }}\n    }}"
        )?;
    }
    file.push_str("\n  }\n}\n");
    Ok(file)
}

/// `None` of a model that writes no text, or of which nothing is known.
fn line(id: &str, model: &Model) -> Result<Option<String>> {
    let writes = |kind: &String| kind == "text";
    let context = Some(model.limit.context).filter(|context| *context > 0);
    if !model.modalities.output.iter().any(writes) || context.is_none() && model.cost.is_none() {
        return Ok(None);
    }
    let Some(Cost { input, output, cache_read }) = model.cost else {
        let kept = Kept { context, input: None, output: None, cached: None };
        return Ok(Some(format!("{}: {}", serde_json::to_string(id)?, serde_json::to_string(&kept)?)));
    };
    let kept = Kept { context, input: Some(input), output: Some(output), cached: cache_read };
    Ok(Some(format!("{}: {}", serde_json::to_string(id)?, serde_json::to_string(&kept)?)))
}

/// The day, in UTC.
fn today() -> Result<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    // https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::{PROVIDERS, kept};

    /// What models.dev has of one model of each provider.
    fn all(model: &str) -> String {
        let providers =
            PROVIDERS.map(|(name, _)| format!("\"{name}\": {{\"models\": {{\"one\": {model}, \"speech\": {{}}}}}}"));
        format!("{{{}}}", providers.join(","))
    }

    #[test]
    fn a_model_is_kept_with_what_is_known_of_it() {
        let model = r#"{"cost": {"input": 1.25, "output": 10, "cache_read": 0.125, "tiers": []}, "limit": {"context": 400000},
            "modalities": {"output": ["text"]}, "more": 1}"#;
        let kept = kept(&all(model), "2026-07-02").expect("it is kept");
        let file: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
        assert_eq!(file["date"], "2026-07-02");
        let models =
            serde_json::json!({ "one": { "context": 400_000, "input": 1.25, "output": 10.0, "cached": 0.125 } });
        assert_eq!(file["providers"]["openai"]["models"], models, "and nothing of what writes no text");
    }

    #[test]
    fn what_has_nothing_of_a_provider_is_refused() {
        assert!(kept("{}", "2026-07-02").is_err());
        assert!(kept(&all("{}"), "2026-07-02").is_err());
    }
}
