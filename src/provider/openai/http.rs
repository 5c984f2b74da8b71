//! Asking over HTTP, and what comes of it when it does not go well.

use super::{OpenAi, failure, failure::Said};
use crate::provider::{ConfigError, ProviderError};
use reqwest::{
    Client, Method, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect::Policy,
};
use std::time::Duration;
use tokio::time::timeout;

const CONNECT: Duration = Duration::from_secs(10);
/// The most bytes of a list of models, and of a reply that is not streamed.
const LONGEST_BODY: usize = 8 << 20;
/// The most bytes of an error's body that are read, and how long for.
const LONGEST_ERROR: usize = 64 << 10;
const ERROR_PATIENCE: Duration = Duration::from_secs(10);

/// A client for `url` that sends `key` with every request.
///
/// # Errors
/// A key that no header can hold, or no root certificates on this machine.
pub(super) fn client(url: &Url, key: Option<&str>) -> Result<Client, ConfigError> {
    // A second call changes nothing: one provider of cryptography for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        let mut value = HeaderValue::try_from(format!("Bearer {key}"))
            .map_err(|_| ConfigError::new("api-key", "…", "copied again: it has characters that no key has"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    // No redirects: neither the key nor the conversation goes to an address that nobody set.
    let mut builder = Client::builder().default_headers(headers).redirect(Policy::none()).connect_timeout(CONNECT);
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

impl OpenAi {
    /// A request under the base address.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.base))
    }

    /// The response, if one came in time.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ProviderError> {
        match timeout(self.idle, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(self.unreachable(error)),
            Ok(Err(_)) => Err(ProviderError::NoAnswer { provider: self.name.clone() }),
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
            return Err(ProviderError::Moved { provider: self.name.clone(), to: failure::target(&response) });
        }
        let after = failure::retry_after(&response);
        let mut body = Vec::new();
        // Whatever came in time is worth reading.
        let _ = timeout(ERROR_PATIENCE, read(response, LONGEST_ERROR, &mut body)).await;
        Err(self.failure(model, Said { status: status.as_u16(), ..Said::read(&body) }, after))
    }

    /// The failure that `said` is.
    pub(super) fn failure(&self, model: &str, mut said: Said, after: Option<Duration>) -> ProviderError {
        if let Some(key) = &self.key {
            said.text = said.text.replace(key, "…");
        }
        failure::failure(&self.name, &self.base, model, said, after)
    }

    /// All of a body that is not streamed.
    pub(super) async fn body(&self, response: Response) -> Result<Vec<u8>, ProviderError> {
        let provider = || self.name.clone();
        let mut body = Vec::new();
        match timeout(self.idle, read(response, LONGEST_BODY + 1, &mut body)).await {
            Err(_) => Err(self.silent()),
            Ok(Err(_)) => Err(ProviderError::NoAnswer { provider: provider() }),
            Ok(Ok(())) if body.len() > LONGEST_BODY => {
                Err(ProviderError::TooLong { provider: provider(), limit: LONGEST_BODY })
            }
            Ok(Ok(())) => Ok(body),
        }
    }

    fn silent(&self) -> ProviderError {
        ProviderError::Silent { provider: self.name.clone(), after: self.idle }
    }

    fn unreachable(&self, error: reqwest::Error) -> ProviderError {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        ProviderError::Unreachable { provider: self.name.clone(), url: self.base.clone(), cause: cause.to_string() }
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
