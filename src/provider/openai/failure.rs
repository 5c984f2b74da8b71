//! From what a server sends of its failure to a sentence for people.

use std::time::{Duration, SystemTime};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::percent_decode_str;
use reqwest::{Response, header, header::HeaderMap};
use serde_json::Value;

use crate::{language::t, provider::ProviderError};

/// The most characters of a server's own words that are shown.
const LONGEST: usize = 300;

/// A server's own words about its failure.
#[derive(Debug, Default)]
pub struct Said {
    /// An HTTP status, or 0 for an error without one.
    pub status: u16,
    pub text: String,
    /// Its code and type, as they are.
    pub kind: String,
    /// When to come again, by the headers.
    pub after: Option<Duration>,
    /// There is text that Continue could continue from.
    pub words: bool,
}

impl Said {
    /// Reads `{"error": {"message", "code", "type"}}` and its many variants; plain text as it is; of a page, nothing.
    pub fn read(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let Ok(value) = serde_json::from_str::<Value>(&body) else {
            let text = if body.trim_start().starts_with(['<', '{', '[']) { "" } else { &body };
            return Self { text: line(text), ..Self::default() };
        };
        let value = value.get(0).unwrap_or(&value);
        let error = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
        let word = |field: &str| match &error[field] {
            Value::String(word) => word.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let (code, kind) = (word("code"), word("type"));
        Self {
            status: code.parse().unwrap_or(0),
            text: line(&words(value)),
            kind: format!("{code} {kind}"),
            ..Self::default()
        }
    }

    /// At most 300 characters of it.
    fn words(&self) -> String {
        match self.text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.clone(),
        }
    }

    fn is(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.kind.contains(word))
    }

    fn speaks_of(&self, words: &[&str]) -> bool {
        let text = self.text.to_lowercase();
        words.iter().any(|word| text.contains(word))
    }

    fn names_no_model(&self) -> bool {
        let unknown = ["not found", "does not exist", "not exist", "unknown", "not a valid"];
        self.is(&["model_not_found", "DeploymentNotFound"])
            || matches!(self.status, 400 | 404) && self.speaks_of(&["model"]) && self.speaks_of(&unknown)
    }

    /// The codes of OpenAI and llama.cpp, and the words of those that have none.
    fn is_about_the_context(&self) -> bool {
        const WORDS: [&str; 9] = [
            "maximum context length",
            "context window",
            "context length of",
            "exceeds the available context",
            "greater than the context length",
            "exceed context limit",
            "prompt is too long",
            "input token count",
            "input is too long",
        ];
        self.is(&["context_length_exceeded", "exceed_context_size", "model_context_window_exceeded"])
            || matches!(self.status, 0 | 400 | 413 | 422 | 500) && self.speaks_of(&WORDS)
    }

    fn is_about_the_key(&self) -> bool {
        self.speaks_of(&["api key", "api_key", "api-key", "apikey", "subscription key", "credentials"])
    }

    fn is_about_the_place(&self) -> bool {
        self.speaks_of(&["region", "country", "location", "territor"]) && self.speaks_of(&["support", "available"])
    }
}

/// The failure that `said` is, asked for `model`.
pub fn failure(provider: String, url: String, model: &str, said: Said) -> ProviderError {
    let (words, after) = (said.words(), said.after.or_else(|| wait_in(&said.text)));
    // Where the sentence alone would not do.
    let cause =
        if words.is_empty() && said.status != 0 { (t().server.providers.status)(said.status) } else { words.clone() };
    match said.status {
        _ if !model.is_empty() && said.names_no_model() => ProviderError::Model { provider, model: model.to_owned() },
        _ if said.is_about_the_context() => ProviderError::Context { provider, said: words },
        401 => ProviderError::Key { provider },
        400 if said.is_about_the_key() => ProviderError::Key { provider },
        402 => ProviderError::Credit { provider },
        _ if said.is(&["insufficient_quota"]) => ProviderError::Credit { provider },
        429 | 529 => ProviderError::Busy { provider, said: words, after },
        0 if said.is(&["rate_limit", "overloaded"]) => ProviderError::Busy { provider, said: words, after },
        404 | 405 => ProviderError::Address { provider, url, said: words },
        408 | 409 | 425 | 500..=599 => ProviderError::Failing { provider, said: cause, after },
        0 if said.is(&["server_error", "internal"]) => ProviderError::Failing { provider, said: cause, after },
        0 => ProviderError::Reported { provider, said: words, words: said.words },
        400 if said.is_about_the_place() => ProviderError::Denied { provider, said: cause },
        // A provider's moderation refuses with the same status.
        403 if !said.speaks_of(&["flagged", "moderation"]) => ProviderError::Denied { provider, said: cause },
        _ => ProviderError::Refused { provider, said: cause },
    }
}

/// When a server wants to be asked again: `retry-after-ms`, or `Retry-After` as seconds or as a date.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number =
        |name, unit| header(name)?.parse::<f64>().ok().and_then(|n| Duration::try_from_secs_f64(n * unit).ok());
    number("retry-after-ms", 0.001).or_else(|| number("retry-after", 1.0)).or_else(|| {
        let date = httpdate::parse_http_date(header("retry-after")?).ok()?;
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    })
}

/// Where a redirect points, without its query.
pub fn target(response: &Response) -> String {
    let location =
        response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another address");
    let to = response.url().join(location).map_or(location.to_owned(), String::from);
    line(to.split(['?', '#']).next().unwrap_or_default())
}

/// `text` without `secret`, wherever that stands by itself. A short one is no secret ("none", "ollama", "x"), but may be
/// part of any word. Where it stands in another spelling, nothing is left of the text: it is no accident.
pub fn masked(text: &str, secret: &str) -> String {
    const SHORTEST: usize = 16;
    if secret.len() < SHORTEST {
        return text.to_owned();
    }
    if is_spelled(text, secret) {
        return "…".into();
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let (mut masked, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices(secret) {
        let after = at + secret.len();
        if !text[..at].ends_with(is_part) && !text[after..].starts_with(is_part) {
            masked += &text[from..at];
            masked.push('…');
            from = after;
        }
    }
    masked + &text[from..]
}

/// Whether `text` has `secret` percent-encoded, as hexadecimal digits or as base64.
fn is_spelled(text: &str, secret: &str) -> bool {
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let lower = text.to_ascii_lowercase();
    (decoded != text && decoded.contains(secret))
        || lower.contains(&hex)
        || [STANDARD_NO_PAD, URL_SAFE_NO_PAD].iter().any(|base64| text.contains(&base64.encode(secret)))
}

/// An error's own words, in whichever field they stand; of a list, all of them.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let each: Vec<String> = list.iter().map(words).filter(|words| !words.is_empty()).collect();
            each.join("; ")
        }
        Value::Object(fields) => {
            let fields =
                ["error", "errors", "message", "detail", "msg", "title"].iter().filter_map(|name| fields.get(*name));
            fields.map(words).find(|words| !words.is_empty()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// How long to wait by the words themselves: "Please try again in 1m2.5s".
fn wait_in(text: &str) -> Option<Duration> {
    let text = text.to_lowercase();
    let mut rest = ["try again in ", "retry in ", "retry after "].iter().find_map(|words| text.split_once(words))?.1;
    let mut seconds = 0.0;
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len()));
        let after = after.trim_start();
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        let scale = match unit {
            "ms" | "milliseconds" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        let Ok(number) = number.parse::<f64>() else { break };
        seconds += number * scale;
        rest = after.trim_start();
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

/// All on one line.
fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
