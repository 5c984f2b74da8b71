//! Asking over HTTP, and what comes of it when it does not go well.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use tokio::time::timeout;

use super::{OpenAi, failure, failure::Said};
use crate::provider::{ConfigError, ProviderError};

const CONNECT: Duration = Duration::from_secs(10);
/// The most bytes of a list of models, and of a reply that is not streamed.
const LONGEST_BODY: usize = 8 << 20;
/// The most bytes of an error's body that are read, and how long for.
const LONGEST_ERROR: usize = 64 << 10;
const ERROR_PATIENCE: Duration = Duration::from_secs(10);

/// A client for `url` that sends `key` and `more` headers with every request.
///
/// # Errors
/// A key or a header that cannot be sent, or no root certificates on this machine.
pub(super) fn client(url: &Url, key: Option<&str>, more: &BTreeMap<String, String>) -> Result<Client, ConfigError> {
    // A second call changes nothing: one provider of cryptography for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        let value = secret(format!("Bearer {key}"))
            .ok_or_else(|| ConfigError::new("api-key", "…", "copied again: it has characters that no key has"))?;
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in more {
        let pair = HeaderName::try_from(name).ok().zip(secret(value.clone()));
        let right = || ConfigError::new("headers", name, "names of headers with what they are to say, in ASCII");
        let (name, value) = pair.ok_or_else(right)?;
        headers.insert(name, value);
    }
    // No redirects: neither the key nor the conversation goes to an address that nobody set.
    let mut builder = Client::builder()
        .user_agent(concat!("rivulet/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(Policy::none())
        .connect_timeout(CONNECT);
    if url.scheme() == "http" {
        // A local server must also work on a machine without root certificates.
        builder = builder.tls_certs_only([]);
    }
    if matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        // The system's proxy means another machine by that name.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let right = format!(
            "reachable over a secure connection; this machine can make none ({error}), so install ca-certificates"
        );
        ConfigError::new("base-url", url.as_str(), right)
    })
}

fn secret(value: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl OpenAi {
    /// A request under the base address, with that one's query.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        // An http address always has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.client.request(method, url)
    }

    /// The response, if one came in time.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ProviderError> {
        match timeout(self.timeouts.start, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.no_response(error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// The response, if it is a success; else its failure, asked for `model`.
    pub(super) async fn checked(&self, response: Response, model: &str) -> Result<Response, ProviderError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            return Err(ProviderError::Moved { provider: self.label.clone(), to: failure::target(&response) });
        }
        let after = failure::retry_after(response.headers());
        let mut body = Vec::new();
        // Whatever came in time is worth reading.
        let _ = timeout(ERROR_PATIENCE, read(response, LONGEST_ERROR, &mut body)).await;
        Err(self.failure(model, Said { status: status.as_u16(), after, ..Said::read(&body) }))
    }

    /// The failure that `said` is.
    pub(super) fn failure(&self, model: &str, said: Said) -> ProviderError {
        let text = self.secrets.iter().fold(said.text, |text, secret| failure::masked(&text, secret));
        failure::failure(self.label.clone(), self.shown_base(), model, Said { text, ..said })
    }

    /// All of a body that is not streamed.
    pub(super) async fn body(&self, response: Response) -> Result<Vec<u8>, ProviderError> {
        let provider = || self.label.clone();
        let mut body = Vec::new();
        match timeout(self.timeouts.start, read(response, LONGEST_BODY + 1, &mut body)).await {
            Err(_) => Err(self.silent()),
            Ok(Err(_)) => Err(ProviderError::NoAnswer { provider: provider() }),
            Ok(Ok(())) if body.len() > LONGEST_BODY => {
                Err(ProviderError::TooLong { provider: provider(), limit: LONGEST_BODY })
            }
            Ok(Ok(())) => Ok(body),
        }
    }

    fn silent(&self) -> ProviderError {
        ProviderError::Silent { provider: self.label.clone(), after: self.timeouts.start, words: false }
    }

    fn no_response(&self, error: reqwest::Error) -> ProviderError {
        let (provider, url, connects) = (self.label.clone(), self.shown_base(), error.is_connect());
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let cause = cause.to_string();
        // The number behind an operating system's sentence is for programs.
        let cause = cause.split(" (os error").next().unwrap_or_default().to_owned();
        match self.base.scheme() {
            _ if connects => ProviderError::Unreachable { provider, url, cause },
            // How hyper calls the alert of a TLS server that was greeted without TLS.
            "http" if cause.contains("invalid HTTP version") => ProviderError::NeedsTls { provider, url },
            _ => ProviderError::NoAnswer { provider },
        }
    }

    /// The base address as it may be shown: what is behind it may be a secret.
    fn shown_base(&self) -> String {
        let mut url = self.base.clone();
        url.set_query(None);
        url.as_str().trim_end_matches('/').to_owned()
    }
}

/// At most `limit` bytes of a body.
async fn read(mut response: Response, limit: usize, body: &mut Vec<u8>) -> reqwest::Result<()> {
    while body.len() < limit
        && let Some(bytes) = response.chunk().await?
    {
        body.extend_from_slice(&bytes[..bytes.len().min(limit - body.len())]);
    }
    Ok(())
}
