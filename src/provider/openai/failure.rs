//! From what a server says of its failure to a sentence for people.

use crate::provider::ProviderError;
use reqwest::{Response, header};
use serde_json::Value;
use std::time::{Duration, SystemTime};

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
}

impl Said {
    /// Reads `{"error": {"message", "code", "type"}}` and its many variants; plain text as it is; of a page, nothing.
    pub fn read(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let Ok(value) = serde_json::from_str::<Value>(&body) else {
            let text = if body.trim_start().starts_with(['<', '{']) { "" } else { &body };
            return Self { text: line(text), ..Self::default() };
        };
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(&value);
        let text = [error, &error["message"], &error["detail"]].into_iter().find_map(Value::as_str);
        let word = |field: &str| match &error[field] {
            Value::String(word) => word.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let (code, kind) = (word("code"), word("type"));
        Self { status: code.parse().unwrap_or(0), text: line(text.unwrap_or_default()), kind: format!("{code} {kind}") }
    }

    /// At most 300 characters of it; the status if nothing was said.
    fn words(mut self) -> String {
        if self.text.is_empty() && self.status != 0 {
            return format!("status {}", self.status);
        }
        if let Some((end, _)) = self.text.char_indices().nth(LONGEST) {
            self.text.truncate(end);
            self.text.push('…');
        }
        self.text
    }

    fn is(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.kind.contains(word))
    }

    fn names_no_model(&self) -> bool {
        let text = self.text.to_lowercase();
        let unknown = ["not found", "does not exist", "not exist", "unknown", "not a valid"];
        self.is(&["model_not_found"])
            || matches!(self.status, 400 | 404)
                && text.contains("model")
                && unknown.iter().any(|way| text.contains(way))
    }
}

/// The failure that `said` is, asked for `model`.
pub fn failure(name: &str, base: &str, model: &str, said: Said, after: Option<Duration>) -> ProviderError {
    let provider = name.to_owned();
    match said.status {
        _ if !model.is_empty() && said.names_no_model() => ProviderError::Model { provider, model: model.to_owned() },
        401 => ProviderError::Key { provider },
        402 => ProviderError::Credit { provider },
        _ if said.is(&["insufficient_quota"]) => ProviderError::Credit { provider },
        429 | 529 => ProviderError::Busy { provider, after },
        0 if said.is(&["rate_limit", "overloaded"]) => ProviderError::Busy { provider, after },
        404 | 405 => ProviderError::Address { provider, url: base.to_owned() },
        408 | 409 | 425 | 500..=599 => ProviderError::Failing { provider, said: said.words(), after },
        0 if said.is(&["server_error", "internal"]) => ProviderError::Failing { provider, said: said.words(), after },
        0 => ProviderError::Reported { provider, said: said.words() },
        _ => ProviderError::Refused { provider, said: said.words() },
    }
}

/// The header `Retry-After`, as seconds or as a date. <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// Where a redirect points, without its query.
pub fn target(response: &Response) -> String {
    let location =
        response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another address");
    let to = response.url().join(location).map_or(location.to_owned(), String::from);
    line(to.split(['?', '#']).next().unwrap_or_default())
}

/// All on one line.
fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
