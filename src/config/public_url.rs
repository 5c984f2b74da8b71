//! The address that people use.

use std::{fmt, str::FromStr};

use anyhow::bail;
use axum::http::Uri;

/// Scheme, host and port of the server as browsers see it: an origin, as `Origin` writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
}

impl PublicUrl {
    /// As in the header `Origin`: lower case, without a default port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its host alone, in lower case; an IPv6 address with its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = anyhow::Error;

    /// Takes `https://chat.example.org`, with a port where it has one. The error names the setting.
    fn from_str(text: &str) -> anyhow::Result<PublicUrl> {
        let wrong = || {
            bail!(
                "RIVULET_PUBLIC_URL (in Leptos.toml: [server] public-url) is \"{text}\". It should be the scheme and the host \
                 that people use, such as \"https://chat.example.org\"."
            )
        };
        let Ok(uri) = text.trim().to_lowercase().parse::<Uri>() else { return wrong() };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return wrong() };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return wrong(),
        };
        let host = authority.host();
        if uri.path() != "/" || uri.query().is_some() || host.is_empty() || !authority.as_str().starts_with(host) {
            return wrong();
        }
        // A port that is none would have been left out of `port_u16` without a word.
        let origin = match (authority.port_u16(), authority.as_str() == host) {
            (Some(port), _) if port != default_port => format!("{scheme}://{host}:{port}"),
            (Some(_), _) | (None, true) => format!("{scheme}://{host}"),
            (None, false) => return wrong(),
        };
        Ok(PublicUrl { origin, host: host.to_owned() })
    }
}
