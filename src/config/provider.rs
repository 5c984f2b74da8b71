//! The `[[provider]]` tables of `Leptos.toml`.

use std::{collections::BTreeMap, fmt};

use reqwest::Url;
use serde::Deserialize;

/// The longest of the times that can be set: a year.
const MAX_SECONDS: u64 = 365 * 24 * 60 * 60;

/// One `[[provider]]` table.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    pub kind: ProviderKind,
    /// What people see, and the first half of a model's key; the kind if absent. Without a slash.
    pub name: Option<String>,
    /// `openai`: where `/chat/completions` and `/models` are, with the query that every request is to have; OpenAI's own
    /// if absent.
    #[serde(alias = "base_url")]
    pub base_url: Option<String>,
    /// `openai`: sent as a bearer token; local servers need none.
    #[serde(alias = "api_key")]
    pub api_key: Option<String>,
    /// `openai`: more headers for every request, by their names.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// `openai`: the models to offer; the server is asked if empty.
    #[serde(default)]
    pub models: Vec<String>,
    /// `openai`: how long the beginning of a reply may take, in seconds; 600 if absent.
    pub start_timeout_seconds: Option<u64>,
    /// `openai`: how long a reply that has begun may stand still, in seconds; 120 if absent.
    pub idle_timeout_seconds: Option<u64>,
    /// `openai`: how long a reply may take in all, in seconds; 7,200 if absent.
    pub reply_timeout_seconds: Option<u64>,
    /// `demo`: pieces a second, from 0.1 to 1,000,000; 40 if absent.
    pub pace: Option<f64>,
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Built in; needs nothing.
    Demo,
    /// OpenAI's chat completions, which most servers speak.
    Openai,
}

/// A setting with which the server cannot start: its name, its value, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[[provider]] {setting} is \"{value}\". It should be {right}.")]
pub struct ConfigError {
    pub setting: &'static str,
    pub value: String,
    pub right: String,
}

impl Config {
    /// The built-in provider at its own pace: what there is without settings.
    pub fn demo() -> Self {
        Self {
            kind: ProviderKind::Demo,
            name: None,
            base_url: None,
            api_key: None,
            headers: BTreeMap::new(),
            models: Vec::new(),
            start_timeout_seconds: None,
            idle_timeout_seconds: None,
            reply_timeout_seconds: None,
            pace: None,
        }
    }

    /// OpenAI itself, without a key.
    pub fn openai() -> Self {
        Self { kind: ProviderKind::Openai, pace: None, ..Self::demo() }
    }

    /// The name that was set, or the kind's own.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(match self.kind {
            ProviderKind::Demo => "demo",
            ProviderKind::Openai => "openai",
        })
    }

    /// What people call it: the name that was set, else the server's address.
    pub fn label(&self) -> String {
        match (&self.name, &self.base_url) {
            (None, None) if self.kind == ProviderKind::Openai => "OpenAI".into(),
            (None, Some(address)) => host(address).unwrap_or_else(|| self.name().to_owned()),
            _ => self.name().to_owned(),
        }
    }

    /// Refuses settings that the kind would silently ignore, and names that could not be part of a key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let name = self.name();
        if name.is_empty() || name.contains('/') || name.contains(char::is_control) {
            let right = "a short name without a slash";
            return Err(ConfigError::new("name", name, right));
        }
        let times = [
            ("start-timeout-seconds", self.start_timeout_seconds),
            ("idle-timeout-seconds", self.idle_timeout_seconds),
            ("reply-timeout-seconds", self.reply_timeout_seconds),
        ];
        if let Some((setting, _)) = times.iter().find(|(_, seconds)| *seconds == Some(0)) {
            return Err(ConfigError::new(setting, "0", "a number of seconds, such as 600"));
        }
        if let Some((setting, Some(seconds))) =
            times.iter().find(|(_, seconds)| seconds.is_some_and(|s| s > MAX_SECONDS))
        {
            return Err(ConfigError::new(setting, seconds.to_string(), "a number of seconds, a year at the most"));
        }
        let idle = match self.kind {
            ProviderKind::Demo => vec![
                ("base-url", self.base_url.as_deref().map(shown)),
                ("api-key", self.api_key.as_ref().map(|_| "…".into())),
                ("headers", self.headers.keys().next().cloned()),
                ("models", self.models.first().cloned()),
            ]
            .into_iter()
            .chain(times.map(|(setting, seconds)| (setting, seconds.map(|seconds| seconds.to_string()))))
            .collect(),
            ProviderKind::Openai => vec![("pace", self.pace.map(|pace| pace.to_string()))],
        };
        match idle.into_iter().find_map(|(setting, value)| Some((setting, value?))) {
            None => Ok(()),
            Some((setting, value)) => {
                let right = format!("left out, as it means nothing for {name}");
                Err(ConfigError::new(setting, value, right))
            }
        }
    }
}

/// An address as it may be shown: without a query, and not at all if it holds a password.
pub fn shown(url: &str) -> String {
    if url.contains('@') { "…".into() } else { url.split('?').next().unwrap_or_default().into() }
}

/// The host in an address, with its port if there is one.
fn host(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
}

impl ConfigError {
    /// `setting` is `value`, but should be as `right` describes.
    pub fn new(setting: &'static str, value: impl Into<String>, right: impl Into<String>) -> Self {
        Self { setting, value: value.into(), right: right.into() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("base_url", &self.base_url.as_deref().map(shown))
            .field("api_key", &self.api_key.as_ref().map(|_| "…"))
            .field("headers", &self.headers.keys())
            .field("models", &self.models)
            .field("start_timeout_seconds", &self.start_timeout_seconds)
            .field("idle_timeout_seconds", &self.idle_timeout_seconds)
            .field("reply_timeout_seconds", &self.reply_timeout_seconds)
            .field("pace", &self.pace)
            .finish()
    }
}
